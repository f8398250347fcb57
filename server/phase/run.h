/* phase/run.h: what the five phases do alike: reading the campaign when a run opens, choosing batch sizes, turning a
 * cut of the store into one of the ledger, moving counters. Threads: any. */
#ifndef PHASE_RUN_H
#define PHASE_RUN_H

#include "base/status.h"
#include "model/campaign.h"
#include "model/catalog.h"
#include "model/counters.h"
#include "phase/phase.h"
#include "store/domain_store.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct shared_rate;

/* The campaign as it is now, in the arena; opens a transaction of its own. */
struct status phase_campaign_read(const struct phase_env *env, const struct uuid *campaign_id, struct arena *arena,
				  struct campaign_snapshot *out) MUST_CHECK;

/* The personas of that list and type that exist and are enabled, in the list's order, in the arena.
 * FAILED_PRECONDITION / E_NO_USABLE_PERSONA when there is none. */
struct status phase_personas_read(const struct phase_env *env, enum persona_type type, const struct uuid *ids,
				  size_t id_count, struct arena *arena, struct persona **out,
				  size_t *out_count) MUST_CHECK;

/* How fast a persona may work, over the whole installation and every run; kind: CACHE_RATE_*. *out is NULL when it is
 * unlimited; shared_rate_destroy it after the last lookup or fetch came back. */
struct status phase_persona_rate(const struct phase_env *env, const char *kind, const struct uuid *persona_id,
				 double per_s, double burst, struct shared_rate **out) MUST_CHECK;

/* `configured`, or when that is 0 the total divided by `parts`, within least..most: smooth progress for small
 * campaigns, few transactions for large ones. */
int32_t phase_batch_size(int32_t configured, int32_t total, int32_t parts, int32_t least, int32_t most);

struct phase_cut phase_cut_of(const struct domain_cut *cut);
struct domain_range phase_range_of(const struct phase_job *job);

/* The counter a status or reason is counted in. */
int32_t *counters_of_lead(struct counters *counters, enum lead_status status);
int32_t *counters_of_rejection(struct counters *counters, enum rejection rejection);

/* An event whose payload is a printed JSON object; put in front of *list. */
struct status phase_event_add(struct arena *arena, struct phase_event **list, const char *type, const char *format, ...)
	PRINTF_LIKE(4, 5) MUST_CHECK;

#endif
