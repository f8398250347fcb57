#include "phase/run.h"

#include "base/arena.h"
#include "cache/keys.h"
#include "net/shared_rate.h"
#include "store/persona_store.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <stdarg.h>
#include <stdio.h>

struct status phase_campaign_read(const struct phase_env *env, const struct uuid *campaign_id, struct arena *arena,
				  struct campaign_snapshot *out)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(env->pool, 0, &tx));
	TRY(store_snapshot_get(tx, campaign_id, NULL, false, arena, out));
	return store_commit(&tx);
}

struct status phase_personas_read(const struct phase_env *env, enum persona_type type, const struct uuid *ids,
				  size_t id_count, struct arena *arena, struct persona **out, size_t *out_count)
{
	struct persona *list = arena_array(arena, id_count + 1, sizeof *list);
	AUTO(store_tx) struct store_tx *tx = NULL;
	size_t count = 0;

	if (!list)
		return status_out_of_memory();
	TRY(store_single(env->pool, 0, &tx));
	for (size_t i = 0; i < id_count; i++) {
		struct status st = store_persona_get(tx, &ids[i], NULL, arena, &list[count]);

		if (st.code == STATUS_NOT_FOUND)
			continue;
		if (!status_ok(st))
			return st;
		count += list[count].is_enabled && list[count].type == type;
	}
	TRY(store_commit(&tx));
	if (count == 0)
		return status_make(STATUS_FAILED_PRECONDITION, "E_NO_USABLE_PERSONA",
				   "none of the configured %s personas exists and is enabled",
				   persona_type_to_text(type));
	*out = list;
	*out_count = count;
	return STATUS_OK_VALUE;
}

struct status phase_persona_rate(const struct phase_env *env, const char *kind, const struct uuid *persona_id,
				 double per_s, double burst, struct shared_rate **out)
{
	char id[UUID_TEXT_SIZE], name[CACHE_KEY_SIZE];

	uuid_to_text(persona_id, id);
	snprintf(name, sizeof name, "%s%s", kind, id);
	return shared_rate_create(env->rates, name, per_s, burst, out);
}

int32_t phase_batch_size(int32_t configured, int32_t total, int32_t parts, int32_t least, int32_t most)
{
	int32_t size = total / parts;

	if (configured > 0)
		return configured;
	return size < least ? least : size > most ? most : size;
}

struct phase_cut phase_cut_of(const struct domain_cut *cut)
{
	return (struct phase_cut){
		.first_offset = cut->first, .last_offset = cut->last, .count = cut->count, .is_last = cut->is_last
	};
}

struct domain_range phase_range_of(const struct phase_job *job)
{
	return (struct domain_range){ job->batch.campaign_id, job->batch.first_offset, job->batch.last_offset };
}

int32_t *counters_of_lead(struct counters *counters, enum lead_status status)
{
	int32_t *const columns[LEAD_STATUS_COUNT] = {
		[LEAD_STATUS_PENDING] = &counters->lead_pending,   [LEAD_STATUS_MATCH] = &counters->lead_match,
		[LEAD_STATUS_NO_MATCH] = &counters->lead_no_match, [LEAD_STATUS_ERROR] = &counters->lead_error,
		[LEAD_STATUS_TIMEOUT] = &counters->lead_timeout,
	};

	return columns[status];
}

int32_t *counters_of_rejection(struct counters *counters, enum rejection rejection)
{
	int32_t *const columns[REJECTION_COUNT] = {
		[REJECTION_QUALIFIED] = &counters->reject_qualified,
		[REJECTION_LOW_SCORE] = &counters->reject_low_score,
		[REJECTION_NO_KEYWORDS] = &counters->reject_no_keywords,
		[REJECTION_PARKED] = &counters->reject_parked,
		[REJECTION_DNS_ERROR] = &counters->reject_dns_error,
		[REJECTION_DNS_TIMEOUT] = &counters->reject_dns_timeout,
		[REJECTION_HTTP_ERROR] = &counters->reject_http_error,
		[REJECTION_HTTP_TIMEOUT] = &counters->reject_http_timeout,
		[REJECTION_PENDING] = &counters->reject_pending,
	};

	return columns[rejection];
}

struct status phase_event_add(struct arena *arena, struct phase_event **list, const char *type, const char *format, ...)
{
	struct phase_event *event = arena_alloc(arena, sizeof *event);
	char *payload;
	va_list args;

	va_start(args, format);
	payload = arena_vprintf(arena, format, args);
	va_end(args);
	if (!event || !payload)
		return status_out_of_memory();
	*event = (struct phase_event){ .type = type, .payload = payload, .next = *list };
	*list = event;
	return STATUS_OK_VALUE;
}
