/* net/send_window.h: how many queries one resolver may have fresh on its way at once. Pure: time is passed in.
 *
 * It grows with answers while it is full, and shrinks when too large a share of the queries got lost. A share, because
 * a query that timed out and was answered on a retry may also have been slow to resolve, which says nothing about how
 * many were on their way; and a name that is never answered is no loss at all. One thread at a time. */
#ifndef NET_SEND_WINDOW_H
#define NET_SEND_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define SEND_WINDOW_FIRST 64
#define SEND_WINDOW_LEAST 16
#define SEND_WINDOW_MOST  1000

struct send_window {
	double size;
	unsigned answered, lost; /* since it was judged */
	int64_t judged_ms;
};

void send_window_init(struct send_window *w);
bool send_window_has_room(const struct send_window *w, unsigned fresh);
/* A query was answered; `fresh` were on their way, it included. */
void send_window_answered(struct send_window *w, unsigned fresh);
/* A query had timed out, and was answered on a retry. */
void send_window_lost(struct send_window *w);
/* Call every now and then. */
void send_window_judge(struct send_window *w, int64_t now_ms);

#endif
