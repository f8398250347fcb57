#include "store/campaign_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/state_store.h"

struct status store_campaign_insert(struct store_tx *tx, const struct campaign *c,
				    const char *const phase_configurations[PHASE_COUNT])
{
	const char *phases[PHASE_COUNT];

	for (int i = 0; i < PHASE_COUNT; i++)
		phases[i] = phase_to_text((enum phase)i);
	TRY(store_execute(tx, sql_campaign_insert, NULL, P_UUID(&c->id), P_TEXT(c->workspace_id), P_TEXT(c->user_id),
			  P_TEXT(c->name), P_TEXT(c->description), P_TEXT(campaign_mode_to_text(c->mode)),
			  P_JSON(c->configuration), P_IF(c->has_scoring_profile, P_UUID(&c->scoring_profile_id))));
	return store_execute(tx, sql_campaign_parts_insert, NULL, P_UUID(&c->id), P_TEXT_ARRAY(phases, PHASE_COUNT),
			     P_JSON_ARRAY(phase_configurations, PHASE_COUNT));
}

struct status store_campaign_copy(struct store_tx *tx, const struct uuid *original, const struct uuid *copy,
				  const char *user_id, const char *name)
{
	TRY(store_execute(tx, sql_campaign_copy, NULL, P_UUID(original), P_UUID(copy), P_TEXT(user_id), P_TEXT(name)));
	return store_execute(tx, sql_campaign_parts_copy, NULL, P_UUID(original), P_UUID(copy));
}

struct status store_campaign_rename(struct store_tx *tx, const struct uuid *id, const char *name, const char *description)
{
	return store_execute(tx, sql_campaign_rename, NULL, P_UUID(id), P_TEXT(name), P_TEXT(description));
}

struct status store_campaign_list(struct store_tx *tx, const char *workspace, const struct campaign_filter *filter,
				  struct arena *arena, struct campaign_row **out, size_t *out_count)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct campaign_row *list;
	size_t lines = 0;
	struct row row;

	TRY(store_query(tx, sql_campaign_list, &rows, P_TEXT(workspace),
			P_TEXT(filter->has_status ? campaign_status_to_text(filter->status) : NULL),
			P_TEXT(filter->search), P_IF(filter->has_after, P_INT64(filter->after_created_us)),
			P_UUID(&filter->after_id), P_INT(filter->limit)));
	list = arena_array(arena, (size_t)PQntuples(rows) / PHASE_COUNT + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); lines++) { /* five lines a campaign, in pipeline order */
		struct campaign_row *at = &list[lines / PHASE_COUNT];
		if (lines % PHASE_COUNT == 0) {
			store_take_campaign(&row, &at->snapshot.campaign);
			store_take_counters(&row, &at->counters);
			at->created_us = take_int64(&row, "created_us");
		}
		store_take_phase(&row, &at->snapshot.phases[lines % PHASE_COUNT]);
	}
	TRY(row_status(&row));
	if (lines % PHASE_COUNT != 0)
		return status_make(STATUS_INTERNAL, "PHASES_MISSING", "a campaign has fewer than five phases");
	*out = list;
	*out_count = lines / PHASE_COUNT;
	return STATUS_OK_VALUE;
}

struct status store_campaign_count(struct store_tx *tx, const char *workspace, const struct campaign_filter *filter,
				   int32_t *out)
{
	AUTO(pgresult) PGresult *rows = NULL;
	int64_t count;

	TRY(store_query(tx, sql_campaign_count, &rows, P_TEXT(workspace),
			P_TEXT(filter->has_status ? campaign_status_to_text(filter->status) : NULL),
			P_TEXT(filter->search)));
	TRY(row_int64(rows, 0, "count", &count));
	*out = count > INT32_MAX ? INT32_MAX : (int32_t)count;
	return STATUS_OK_VALUE;
}

struct status store_campaign_empty_some(struct store_tx *tx, const struct uuid *id, int32_t most, int64_t *out_removed)
{
	const struct sql_statement *const statements[] = { sql_campaign_delete_keywords, sql_campaign_delete_features,
							   sql_campaign_delete_domains };
	int64_t removed = 0;

	for (size_t i = 0; i < ARRAY_LEN(statements) && removed == 0; i++)
		TRY(store_execute(tx, statements[i], &removed, P_UUID(id), P_INT(most)));
	*out_removed = removed;
	return STATUS_OK_VALUE;
}

struct status store_campaign_delete(struct store_tx *tx, const struct uuid *id, const char *workspace)
{
	int64_t removed;
	char text[UUID_TEXT_SIZE];

	TRY(store_execute(tx, sql_campaign_delete, &removed, P_UUID(id), P_TEXT(workspace)));
	uuid_to_text(id, text);
	if (removed == 0)
		return status_make(STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN", "there is no campaign %s", text);
	return STATUS_OK_VALUE;
}
