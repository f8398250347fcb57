#include "store/campaign_store.h"

#include "base/arena.h"
#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"
#include "store/state_store.h"

enum { EMPTYING_TABLES = 3 };

const char *campaign_sort_to_text(enum campaign_sort sort)
{
	static const char *const texts[] = {
#define X(name, text) text,
		CAMPAIGN_SORTS(X)
#undef X
	};

	return texts[sort];
}

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

struct status store_campaign_rename(struct store_tx *tx, const struct uuid *id, const char *name,
				    const char *description)
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
			P_TEXT(filter->search), P_TEXT(campaign_sort_to_text(filter->sort)),
			P_BOOL(filter->is_descending), P_BOOL(filter->has_after), P_INT64(filter->after_us),
			P_TEXT(filter->after_name), P_UUID(&filter->after_id), P_INT(filter->limit),
			P_INT(filter->skip)));
	list = arena_array(arena, (size_t)PQntuples(rows) / PHASE_COUNT + 1, sizeof *list);
	if (!list)
		return status_out_of_memory();
	for (row_begin(&row, rows, arena); row_next(&row); lines++) { /* five lines a campaign, in pipeline order */
		struct campaign_row *at = &list[lines / PHASE_COUNT];
		if (lines % PHASE_COUNT == 0) {
			store_take_campaign(&row, &at->snapshot.campaign);
			store_take_counters(&row, &at->counters);
			at->key_us = take_int64(&row, "key_us");
			at->key_name = take_text(&row, "key_name");
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

	TRY(store_query(tx, sql_campaign_count, &rows, P_TEXT(workspace),
			P_TEXT(filter->has_status ? campaign_status_to_text(filter->status) : NULL),
			P_TEXT(filter->search)));
	return row_count(rows, out);
}

static void next_table(struct campaign_emptying *e)
{
	e->table++;
	e->has_span = false;
	e->is_done = e->table == EMPTYING_TABLES;
}

static struct status find_span(struct store_tx *tx, const struct uuid *id, int32_t about, struct campaign_emptying *e)
{
	static const struct sql_statement *const spans[] = { sql_campaign_span_keywords, sql_campaign_span_features,
							     sql_campaign_span_domains };
	AUTO(pgresult) PGresult *rows = NULL;
	bool is_empty;

	TRY(store_query(tx, spans[e->table], &rows, P_UUID(id)));
	TRY(row_is_null(rows, 0, "first", &is_empty));
	if (is_empty) {
		next_table(e);
		return STATUS_OK_VALUE;
	}
	TRY(row_int64(rows, 0, "first", &e->next));
	TRY(row_int64(rows, 0, "last", &e->last));
	e->width = about;
	e->has_span = true;
	return STATUS_OK_VALUE;
}

/* Ranges of offsets and not "the first so many": that would look through everything already removed each time. */
struct status store_campaign_empty_some(struct store_tx *tx, const struct uuid *id, int32_t about,
					struct campaign_emptying *e)
{
	static const struct sql_statement *const deletes[] = { sql_campaign_delete_keywords,
							       sql_campaign_delete_features,
							       sql_campaign_delete_domains };
	int64_t removed, end;

	if (!e->has_span)
		return find_span(tx, id, about, e);
	end = e->last - e->next < e->width ? e->last : e->next + e->width - 1;
	TRY(store_execute(tx, deletes[e->table], &removed, P_UUID(id), P_INT64(e->next), P_INT64(end)));
	if (end == e->last) {
		next_table(e);
		return STATUS_OK_VALUE;
	}
	e->next = end + 1;
	if (removed < about / 2 && e->width <= INT64_MAX / 2)
		e->width *= 2;
	else if (removed > about && e->width > 1)
		e->width /= 2;
	return STATUS_OK_VALUE;
}

struct status store_campaign_delete(struct store_tx *tx, const struct uuid *id, const char *workspace)
{
	int64_t removed;

	TRY(store_execute(tx, sql_campaign_delete, &removed, P_UUID(id), P_TEXT(workspace)));
	return removed > 0 ? STATUS_OK_VALUE : store_campaign_unknown(id);
}
