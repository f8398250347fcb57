/* campaign/discovery.h: what a pattern would yield next, and which campaigns have its names.
 *
 * Reads inside the caller's transaction. Everything returned lives in the arena. Threads: any. */
#ifndef CAMPAIGN_DISCOVERY_H
#define CAMPAIGN_DISCOVERY_H

#include "base/status.h"
#include "base/uuid.h"
#include "store/lineage_store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

#define DISCOVERY_SAMPLES_MAX     50
#define DISCOVERY_SAMPLES_DEFAULT 5
#define DISCOVERY_PRIOR_MAX       10
#define DISCOVERY_LEFT_WARNING    10000 /* fewer offsets left than this: exhaustion_warning */

/* 01 §3.4. */
enum completeness { COMPLETENESS_PENDING, COMPLETENESS_PARTIAL, COMPLETENESS_COMPLETE, COMPLETENESS_DEGRADED };

enum completeness discovery_completeness(const struct lineage_campaign *campaign);

struct discovery_preview {
	char config_hash[65];
	int64_t total; /* INT64_MAX: that many or more */
	int64_t next_offset, remaining;
	bool exhaustion_warning;
	const char *samples[DISCOVERY_SAMPLES_MAX];
	size_t sample_count;
	struct lineage_campaign *prior; /* newest first */
	size_t prior_count;
};

/* pattern: members as the configuration of the generation phase has them (phase/generation/generation_config.h).
 * Mistakes of it and of sample_size come in one answer: INVALID_ARGUMENT / VALIDATION_ERROR. */
struct status discovery_preview(struct store_tx *tx, const char *workspace, const json_t *pattern, int32_t sample_size,
				struct arena *arena, struct discovery_preview *out) MUST_CHECK;

struct discovery_lineage {
	const char *config_hash;          /* NULL before the first name */
	int64_t offset_start, offset_end; /* inclusive; -1 before the first name */
	struct lineage_campaign *prior;   /* created before it, newest first */
	size_t prior_count;
};

/* NOT_FOUND / CAMPAIGN_UNKNOWN. */
struct status discovery_lineage(struct store_tx *tx, const char *workspace, const struct uuid *campaign_id,
				struct arena *arena, struct discovery_lineage *out) MUST_CHECK;

/* The highest offset handed out, -1 when none was. */
struct status discovery_offset(struct store_tx *tx, const json_t *pattern, struct arena *arena,
			       int64_t *out_last_offset) MUST_CHECK;

#endif
