/* events/sample_pace.h: how often samples of a campaign are said (docs/spec/07-events.md §3 and §5): at the instance
 * that makes them, so that it costs little, and again where they are read, because several instances may work on a
 * campaign. Pure; one thread at a time. */
#ifndef EVENTS_SAMPLE_PACE_H
#define EVENTS_SAMPLE_PACE_H

#include "events/sample.h"

#define SAMPLE_CAMPAIGNS_MAX      128 /* remembered; the one that was silent longest makes room */
#define SAMPLE_CAMPAIGN_PER_S     20  /* BUCKET types; bursts of twice as many */
#define SAMPLE_INSTALLATION_PER_S 100

struct sample_pace;

enum sample_verdict {
	SAMPLE_NOW,     /* say it; it is still the caller's                            */
	SAMPLE_LATER,   /* taken: comes out of sample_pace_due when it may be said      */
	SAMPLE_MERGED,  /* taken: part of one that waits, or in the place of that one   */
	SAMPLE_DROPPED, /* taken and forgotten                                          */
};

/* NULL when memory is short. */
struct sample_pace *sample_pace_create(void);
void sample_pace_destroy(struct sample_pace *pace); /* accepts NULL */

enum sample_verdict sample_pace_take(struct sample_pace *pace, struct sample *sample, int64_t now_ms);
/* One that waited long enough; the caller's. False when there is none. */
bool sample_pace_due(struct sample_pace *pace, int64_t now_ms, struct sample *out);
/* When the next of those that wait is due; INT64_MAX: none waits. */
int64_t sample_pace_next_ms(const struct sample_pace *pace);

#endif
