#include "net/http_mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct http_mailbox {
	pthread_mutex_t lock;
	void (*wake)(void *ctx);
	void *ctx;
	bool is_closed;
	unsigned holders; /* the engine and every letter */
	struct http_letter *inbox;
};

struct http_mailbox *http_mailbox_create(void (*wake)(void *ctx), void *ctx)
{
	struct http_mailbox *box = calloc(1, sizeof *box);

	if (!box)
		return NULL;
	pthread_mutex_init(&box->lock, NULL);
	box->wake = wake;
	box->ctx = ctx;
	box->holders = 1;
	return box;
}

static void let_go(struct http_mailbox *box)
{
	unsigned left;

	pthread_mutex_lock(&box->lock);
	left = --box->holders;
	pthread_mutex_unlock(&box->lock);
	if (left > 0)
		return;
	pthread_mutex_destroy(&box->lock);
	free(box);
}

void http_mailbox_close(struct http_mailbox *box)
{
	struct http_letter *letter;

	if (!box)
		return;
	pthread_mutex_lock(&box->lock);
	box->is_closed = true;
	letter = box->inbox;
	box->inbox = NULL;
	pthread_mutex_unlock(&box->lock);
	while (letter) {
		struct http_letter *next = letter->next;

		http_letter_free(letter);
		letter = next;
	}
	let_go(box);
}

struct http_letter *http_letter_make(struct http_mailbox *box, struct http_job *job)
{
	struct http_letter *letter = calloc(1, sizeof *letter);

	if (!letter)
		return NULL;
	letter->box = box;
	letter->job = job;
	pthread_mutex_lock(&box->lock);
	box->holders++;
	pthread_mutex_unlock(&box->lock);
	return letter;
}

void http_letter_free(struct http_letter *letter)
{
	struct http_mailbox *box = letter->box;

	free(letter);
	let_go(box);
}

void http_letter_answer(void *token, const struct net_address *addresses, unsigned count, bool timed_out)
{
	struct http_letter *letter = token;
	struct http_mailbox *box = letter->box;
	bool is_closed;

	letter->timed_out = timed_out;
	letter->count = count < DNS_ADDRESSES_MAX ? count : DNS_ADDRESSES_MAX;
	if (letter->count > 0)
		memcpy(letter->addresses, addresses, letter->count * sizeof letter->addresses[0]);
	pthread_mutex_lock(&box->lock);
	is_closed = box->is_closed;
	if (!is_closed) {
		letter->next = box->inbox;
		box->inbox = letter;
		box->wake(box->ctx);
	}
	pthread_mutex_unlock(&box->lock);
	if (is_closed)
		http_letter_free(letter);
}

struct http_letter *http_mailbox_take(struct http_mailbox *box)
{
	struct http_letter *letters;

	pthread_mutex_lock(&box->lock);
	letters = box->inbox;
	box->inbox = NULL;
	pthread_mutex_unlock(&box->lock);
	return letters;
}
