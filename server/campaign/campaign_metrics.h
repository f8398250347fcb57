/* campaign/campaign_metrics.h: what phases and batches do, counted for /metrics. Threads: any. A NULL registry counts
 * nothing. */
#ifndef CAMPAIGN_CAMPAIGN_METRICS_H
#define CAMPAIGN_CAMPAIGN_METRICS_H

#include "model/states.h"

#include <stdint.h>

struct campaign_change;
struct metric;
struct metric_family;
struct metrics;

/* Makes the families known, so that they show before something is counted. */
void campaign_metrics_register(struct metrics *metrics);

/* A change that was committed: its phases' new statuses, and how long those took that ended. */
void campaign_metrics_changed(struct metrics *metrics, const struct campaign_change *change);

/* What became of a claimed batch. */
enum batch_fate {
	BATCH_COMMITTED,
	BATCH_RELEASED, /* given back: storage or a service was away     */
	BATCH_LOST,     /* its lease ran out, or another run began       */
	BATCH_FATAL,    /* it failed its phase                           */
};

struct batch_metrics {
	struct metric *in_flight;
	struct metric_family *batches, *seconds;
};

void batch_metrics_init(struct batch_metrics *m, struct metrics *metrics);
void batch_metrics_begin(struct batch_metrics *m);
void batch_metrics_end(struct batch_metrics *m, enum phase phase, enum batch_fate fate, int64_t took_ms);

#endif
