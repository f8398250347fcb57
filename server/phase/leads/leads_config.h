/* phase/leads/leads_config.h: where the line between a lead and no lead runs. Everything is optional. Pure; any thread.
 *
 * Members: matchScoreThreshold 0.05..0.95, lowScoreGraceThreshold 0..0.6 and not above it, minContentBytes
 * 256..2097152, parkedConfidenceFloor 0..1, requireStructuralSignals, batchSize. */
#ifndef PHASE_LEADS_CONFIG_H
#define PHASE_LEADS_CONFIG_H

#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;

#define LEADS_BATCH_MAX 10000

struct leads_config {
	double match_score; /* at or above: a lead */
	double grace_score; /* at or above, with enough content: a lead */
	int64_t content_bytes_least;
	double parked_confidence_floor;
	bool needs_structure;
	int32_t batch_size; /* 0: the server chooses */
};

/* The specified defaults: 0.27, 0.24, 1024, 0.45, true. */
#define LEADS_CONFIG_DEFAULT \
	((struct leads_config){ .match_score = 0.27, \
				.grace_score = 0.24, \
				.content_bytes_least = 1024, \
				.parked_confidence_floor = 0.45, \
				.needs_structure = true })

/* As generation_config_read; what is absent comes from `defaults` (the installation's), object NULL gives just them. */
struct status leads_config_read(const json_t *object, const char *path, const struct leads_config *defaults,
				struct arena *arena, struct violations *violations,
				struct leads_config *out) MUST_CHECK;
/* json NULL gives the defaults. */
struct status leads_config_parse(const char *json, const struct leads_config *defaults, struct arena *arena,
				 struct leads_config *out) MUST_CHECK;
char *leads_config_write(const struct leads_config *config, struct arena *arena) MUST_CHECK;

#endif
