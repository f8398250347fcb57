#include "net/send_window.h"

enum {
	JUDGE_MS = 200,     /* how often it may shrink */
	JUDGED_LEAST = 100, /* queries that make a share worth looking at */
};

#define GROWTH    0.02 /* per answer */
#define SHRINK    0.7
#define LOSS_MOST 0.01 /* share of lost queries that is borne */

void send_window_init(struct send_window *w)
{
	*w = (struct send_window){ .size = SEND_WINDOW_FIRST };
}

bool send_window_has_room(const struct send_window *w, unsigned fresh)
{
	return fresh < (unsigned)w->size;
}

void send_window_answered(struct send_window *w, unsigned fresh)
{
	w->answered++;
	if (fresh + 1 >= (unsigned)w->size && w->size < SEND_WINDOW_MOST)
		w->size += GROWTH;
}

void send_window_lost(struct send_window *w)
{
	w->lost++;
}

void send_window_judge(struct send_window *w, int64_t now_ms)
{
	unsigned all = w->answered + w->lost;

	if (now_ms - w->judged_ms < JUDGE_MS || all < JUDGED_LEAST)
		return;
	if (w->lost > LOSS_MOST * all)
		w->size = w->size * SHRINK > SEND_WINDOW_LEAST ? w->size * SHRINK : SEND_WINDOW_LEAST;
	w->answered = w->lost = 0;
	w->judged_ms = now_ms;
}
