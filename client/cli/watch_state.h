/* cli/watch_state.h: what a watcher knows of a campaign, kept up to date by the events of its stream.
 *
 * Pure: times are passed in. One thread. */
#ifndef CLI_WATCH_STATE_H
#define CLI_WATCH_STATE_H

#include "pb.h"

#include <stdbool.h>
#include <stdint.h>

#define WATCH_PHASES    5
#define WATCH_SAMPLES   16
#define WATCH_TEXT_SIZE 256
#define WATCH_WINDOW_MS 10000 /* the rate is measured over this long */

struct watch_phase {
	Domainflow__V2__PhaseStatus status;
	int32_t run; /* the counts are of this run alone */
	int32_t total, done, ok, failed;
	double percent;
	int64_t started_ms, ended_ms; /* wall clock; 0: unknown */
	struct {
		int64_t at_ms; /* monotonic */
		int32_t done;
	} samples[WATCH_SAMPLES]; /* a ring, newest at sample_at - 1 */
	unsigned sample_at, sample_count;
};

enum watch_outcome {
	WATCH_GOES_ON,
	WATCH_REACHED,      /* the goal */
	WATCH_PHASE_FAILED, /* see failure */
	WATCH_CANCELLED,
	WATCH_OVER, /* the campaign completed, and the goal was another */
};

struct watch {
	char name[WATCH_TEXT_SIZE];
	Domainflow__V2__Phase until; /* whose status is waited for; unspecified: the campaign's */
	int until_status;            /* a PhaseStatus or CampaignStatus; 0: completed */
	Domainflow__V2__CampaignStatus status;
	Domainflow__V2__CampaignMode mode;
	double percent;
	struct watch_phase phases[WATCH_PHASES]; /* by phase number - 1 */
	int32_t last_event;                      /* where to resume */
	bool has_position;                       /* last_event counts */
	int32_t settled; /* events up to this number are history: they are shown and decide nothing */
	char failure[WATCH_TEXT_SIZE];
};

/* The goal in "status=STATUS", "phase/PHASE=STATUS", "phase/PHASE", a phase or a status of the campaign alone.
 * INVALID_ARGUMENT / USAGE. */
struct status watch_goal_read(const char *text, struct watch *out) MUST_CHECK;
/* NULL for a number that is no phase. */
struct watch_phase *watch_phase_of(struct watch *w, Domainflow__V2__Phase phase) NOT_NULL;
/* Takes over where everything stands; what follows from it. */
enum watch_outcome watch_snapshot(struct watch *w, const PbSnapshot *snapshot, int64_t now_ms);
/* Takes one message of the stream; what follows from it. */
enum watch_outcome watch_apply(struct watch *w, const PbEvent *event, int64_t now_ms);
/* Domains a second over the last WATCH_WINDOW_MS; 0 when not known. */
double watch_rate(const struct watch_phase *phase, int64_t now_ms);
/* Seconds until the phase is done at this rate; -1 when not known. */
int64_t watch_eta_s(const struct watch_phase *phase, double rate);

#endif
