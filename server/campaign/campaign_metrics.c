#include "campaign/campaign_metrics.h"

#include "base/compiler.h"
#include "campaign/change.h"
#include "telemetry/metrics.h"

#include <stddef.h>

static const double phase_bounds[] = { 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200 };

static const struct metric_spec updates = { .kind = METRIC_COUNTER,
					    .name = "campaign_phase_update_total",
					    .help = "Phases that got a status.",
					    .labels = { "phase", "status" } };
static const struct metric_spec durations = { .kind = METRIC_HISTOGRAM,
					      .name = "campaign_phase_duration_seconds",
					      .help = "From a phase's start to its completion or failure.",
					      .labels = { "phase" },
					      METRIC_BOUNDS(phase_bounds) };
static const struct metric_spec http_durations = { .kind = METRIC_HISTOGRAM,
						   .name = "http_validation_phase_seconds",
						   .help = "From an http phase's start to its completion.",
						   METRIC_BOUNDS(phase_bounds) };
static const struct metric_spec analysis_durations = { .kind = METRIC_HISTOGRAM,
						       .name = "analysis_phase_seconds",
						       .help = "From an analysis's start to its completion.",
						       METRIC_BOUNDS(phase_bounds) };
static const struct metric_spec in_flight = {
	.kind = METRIC_GAUGE,
	.name = "worker_batches_in_flight",
	.help = "Batches this instance has claimed, those included that wait for stragglers."
};
static const struct metric_spec batches = { .kind = METRIC_COUNTER,
					    .name = "worker_batches_total",
					    .help = "Claimed batches by what became of them: committed, released, lost,"
						    " fatal.",
					    .labels = { "phase", "result" } };
static const struct metric_spec batch_seconds = { .kind = METRIC_HISTOGRAM,
						  .name = "worker_batch_seconds",
						  .help = "From the claim of a batch to its commit.",
						  .labels = { "phase" },
						  METRIC_BOUNDS(metric_bounds_seconds) };

static const struct metric_spec *const ends[PHASE_COUNT] = {
	[PHASE_HTTP] = &http_durations,
	[PHASE_ANALYSIS] = &analysis_durations,
};

void campaign_metrics_register(struct metrics *metrics)
{
	metrics_family(metrics, &updates);
	metrics_family(metrics, &durations);
	for (int i = 0; i < PHASE_COUNT; i++)
		if (ends[i])
			metric_plain(metrics_family(metrics, ends[i]));
}

static void count_end(struct metrics *metrics, enum phase phase, int64_t took_ms, bool is_completed)
{
	double seconds = (double)took_ms / 1000;

	metric_observe(METRIC_OF(metrics_family(metrics, &durations), phase_to_text(phase)), seconds);
	if (is_completed && ends[phase])
		metric_observe(metric_plain(metrics_family(metrics, ends[phase])), seconds);
}

void campaign_metrics_changed(struct metrics *metrics, const struct campaign_change *change)
{
	struct metric_family *family = metrics_family(metrics, &updates);

	for (int i = 0; i < PHASE_COUNT; i++) {
		const struct phase_state *p = &change->now.phases[i];
		bool is_completed = p->status == PHASE_STATUS_COMPLETED;

		if (!change->phase_moved[i])
			continue;
		metric_add(METRIC_OF(family, phase_to_text((enum phase)i), phase_status_to_text(p->status)), 1);
		if (p->started_at_ms && (is_completed || p->status == PHASE_STATUS_FAILED))
			count_end(metrics, (enum phase)i, change->at_ms - p->started_at_ms, is_completed);
	}
}

void batch_metrics_init(struct batch_metrics *m, struct metrics *metrics)
{
	m->in_flight = metric_plain(metrics_family(metrics, &in_flight));
	m->batches = metrics_family(metrics, &batches);
	m->seconds = metrics_family(metrics, &batch_seconds);
}

void batch_metrics_begin(struct batch_metrics *m)
{
	metric_shift(m->in_flight, 1);
}

void batch_metrics_end(struct batch_metrics *m, enum phase phase, enum batch_fate fate, int64_t took_ms)
{
	static const char *const words[] = { [BATCH_COMMITTED] = "committed",
					     [BATCH_RELEASED] = "released",
					     [BATCH_LOST] = "lost",
					     [BATCH_FATAL] = "fatal" };

	metric_shift(m->in_flight, -1);
	metric_add(METRIC_OF(m->batches, phase_to_text(phase), words[fate]), 1);
	if (fate == BATCH_COMMITTED)
		metric_observe(METRIC_OF(m->seconds, phase_to_text(phase)), (double)took_ms / 1000);
}
