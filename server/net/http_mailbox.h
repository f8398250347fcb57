/* net/http_mailbox.h: answers of resolvers on their way back to the HTTP engine; private to it.
 *
 * A letter is made for every question. Its answer may come from any thread, after the fetch was cancelled, even after
 * the client was destroyed: the mailbox lives until the last letter is in. */
#ifndef NET_HTTP_MAILBOX_H
#define NET_HTTP_MAILBOX_H

#include "base/compiler.h"
#include "net/dns_answer.h"

#include <stdbool.h>

struct http_job;
struct http_mailbox;

struct http_letter {
	struct http_mailbox *box;
	struct http_job *job; /* NULL when nobody waits any more; engine thread only */
	struct http_letter *next;
	bool timed_out;
	unsigned count;
	struct net_address addresses[DNS_ADDRESSES_MAX];
};

/* wake is called, from the answering thread, while the mailbox is open. NULL: out of memory. */
struct http_mailbox *http_mailbox_create(void (*wake)(void *ctx), void *ctx) MUST_CHECK;
/* Later answers are thrown away. Accepts NULL. */
void http_mailbox_close(struct http_mailbox *box);

struct http_letter *http_letter_make(struct http_mailbox *box, struct http_job *job) MUST_CHECK;
/* For a question that was not asked after all, and for letters from http_mailbox_take. */
void http_letter_free(struct http_letter *letter);
/* An http_resolved_fn; token is the letter. */
void http_letter_answer(void *token, const struct net_address *addresses, unsigned count, bool timed_out);
/* Everything that came in, as a list; the engine frees each. */
struct http_letter *http_mailbox_take(struct http_mailbox *box);

#endif
