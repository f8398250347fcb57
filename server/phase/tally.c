#include "phase/tally.h"

void tally_init(struct tally *tally)
{
	pthread_mutex_init(&tally->lock, NULL);
	pthread_cond_init(&tally->all_back, NULL);
	tally->out = 0;
}

void tally_add(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->out++;
	pthread_mutex_unlock(&tally->lock);
}

void tally_back(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	if (--tally->out == 0)
		pthread_cond_signal(&tally->all_back);
	pthread_mutex_unlock(&tally->lock);
}

void tally_wait(struct tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	while (tally->out > 0)
		pthread_cond_wait(&tally->all_back, &tally->lock);
	pthread_mutex_unlock(&tally->lock);
}

void tally_done(struct tally *tally)
{
	pthread_cond_destroy(&tally->all_back);
	pthread_mutex_destroy(&tally->lock);
}
