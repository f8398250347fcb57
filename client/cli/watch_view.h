/* cli/watch_view.h: a watched campaign as text. Pure. */
#ifndef CLI_WATCH_VIEW_H
#define CLI_WATCH_VIEW_H

#include "watch_state.h"

struct buffer;

struct watch_style {
	unsigned columns; /* of the terminal */
	bool is_utf8, has_color;
	int64_t now_ms;     /* monotonic, for rates */
	const char *notice; /* what to know besides, behind the campaign's line; NULL: nothing */
};

/* The picture: a line for the campaign, one per phase; no line is wider than style->columns. Every line ends with a
 * newline. Returns the number of lines. */
unsigned watch_picture(struct watch *w, const struct watch_style *style, struct buffer *out);

/* One line for one event: time, the campaign if it is wanted, event, phase, status, percent and counts; newline
 * included. */
void watch_line(const PbEvent *event, bool with_campaign, struct buffer *out);

/* "8s", "3m05s", "2h07m". */
void duration_text(int64_t seconds, char out[16]);

#endif
