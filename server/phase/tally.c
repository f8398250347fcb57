#include "phase/tally.h"

#include <stddef.h>

void tally_init(struct tally *tally)
{
	pthread_mutex_init(&tally->lock, NULL);
	pthread_cond_init(&tally->news, NULL);
	tally->out = 0;
	tally->waits_for_all = false;
	tally->first = tally->last = NULL;
}

void tally_add(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->out++;
	pthread_mutex_unlock(&tally->lock);
}

void tally_back(struct tally *tally, struct tally_item *item)
{
	item->next = NULL;
	pthread_mutex_lock(&tally->lock);
	tally->out--;
	if (tally->last)
		tally->last->next = item;
	else
		tally->first = item;
	tally->last = item;
	if (!tally->waits_for_all || tally->out == 0)
		pthread_cond_signal(&tally->news);
	pthread_mutex_unlock(&tally->lock);
}

static struct tally_item *take(struct tally *tally, bool waits)
{
	struct tally_item *item;

	pthread_mutex_lock(&tally->lock);
	while (waits && !tally->first && tally->out > 0)
		pthread_cond_wait(&tally->news, &tally->lock);
	item = tally->first;
	if (item) {
		tally->first = item->next;
		if (!tally->first)
			tally->last = NULL;
	}
	pthread_mutex_unlock(&tally->lock);
	return item;
}

struct tally_item *tally_next(struct tally *tally)
{
	return take(tally, true);
}

void tally_wait_all(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->waits_for_all = true;
	while (tally->out > 0)
		pthread_cond_wait(&tally->news, &tally->lock);
	tally->waits_for_all = false;
	pthread_mutex_unlock(&tally->lock);
}

struct tally_item *tally_poll(struct tally *tally)
{
	return take(tally, false);
}

void tally_done(struct tally *tally)
{
	pthread_cond_destroy(&tally->news);
	pthread_mutex_destroy(&tally->lock);
}
