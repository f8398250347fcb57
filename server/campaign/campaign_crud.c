#include "campaign/campaign_crud.h"

#include "base/arena.h"
#include "base/check.h"
#include "campaign/change.h"
#include "campaign/control.h"
#include "store/state_store.h"
#include "store/tx.h"
#include "work/cancel.h"

/* Rows removed in one transaction: some tenths of a second. */
enum { DELETE_ROWS_AT_ONCE = 20000 };

struct status campaign_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			   struct campaign_row *out)
{
	struct campaign_row row = { 0 };

	TRY(store_snapshot_get(tx, id, workspace, false, arena, &row.snapshot));
	TRY(store_counters_get(tx, id, &row.counters));
	*out = row;
	return STATUS_OK_VALUE;
}

/* --- listing ---------------------------------------------------------------------------------------------------- */

struct status campaign_list(struct store_tx *tx, const char *workspace, const struct campaign_query *query,
			    struct arena *arena, struct campaign_page *out)
{
	const char *scope = arena_printf(arena, "campaigns %s %s %s %d %s", workspace,
					 query->has_status ? campaign_status_to_text(query->status) : "any",
					 campaign_sort_to_text(query->sort), query->is_descending, query->search);
	struct campaign_filter filter = { .has_status = query->has_status,
					  .status = query->status,
					  .search = *query->search ? query->search : NULL,
					  .sort = query->sort,
					  .is_descending = query->is_descending,
					  .limit = query->page.size +
						   1, /* one more tells whether there is a next page */
					  .skip = query->page.skip };
	struct page_position at = { 0 };
	struct campaign_page page;

	TRY(page_list_begin(arena, scope, &query->page, &filter.has_after, &at));
	filter.after_us = at.number;
	filter.after_name = at.text;
	filter.after_id = at.id;
	TRY(store_campaign_list(tx, workspace, &filter, arena, &page.rows, &page.count));
	TRY(store_campaign_count(tx, workspace, &filter, &page.total));
	if (page.count > (size_t)query->page.size) {
		const struct campaign_row *last = &page.rows[query->page.size - 1];
		at = (struct page_position){ last->key_us, last->key_name, last->snapshot.campaign.id };
	}
	TRY(page_list_end(arena, scope, &query->page, &page.count, &at, &page.next_page_token));
	*out = page;
	return STATUS_OK_VALUE;
}

/* --- changing --------------------------------------------------------------------------------------------------- */

struct status campaign_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
			      const struct campaign_update *request, struct arena *arena, struct campaign_row *out)
{
	struct campaign_snapshot now;
	struct violations violations;
	const char *name, *description;

	violations_init(&violations, arena);
	TRY(store_snapshot_get(tx, id, workspace, true, arena, &now));
	name = now.campaign.name;
	description = now.campaign.description;
	if (*request->configuration)
		violations_add(&violations, "configuration", "VALIDATION_ERROR",
			       "the configuration of a campaign can't be changed");
	if (request->name)
		TRY(check_name(&violations, "name", request->name, &name));
	if (request->description)
		TRY(check_prose(&violations, "description", request->description, CHECK_DESCRIPTION_CHARS,
				&description));
	TRY(violations_status(&violations));
	if (now.campaign.status == CAMPAIGN_STATUS_ARCHIVED) {
		struct status st = status_make(STATUS_FAILED_PRECONDITION, "INVALID_STATE", "the campaign is archived");
		status_add_meta(&st, arena, "current_state", campaign_status_to_text(now.campaign.status));
		status_add_meta(&st, arena, "attempted_action", "update");
		return st;
	}
	TRY(store_campaign_rename(tx, id, name, description));
	return campaign_get(tx, workspace, id, arena, out);
}

/* --- removing --------------------------------------------------------------------------------------------------- */

struct stop {
	const char *workspace;
	const struct uuid *id;
	struct arena *arena;
	bool is_stopped;
};

static struct status stop_work(struct store_tx *tx, void *arg)
{
	struct stop *s = arg;
	struct campaign_change change;
	enum phase stopped;

	s->is_stopped = false;
	TRY(change_open(tx, s->arena, s->id, s->workspace, &change));
	if (campaign_control_phase(change.now.phases) == PHASE_COUNT)
		return STATUS_OK_VALUE;
	TRY(control_stop_campaign(&change, &stopped));
	TRY(change_save(&change));
	s->is_stopped = true;
	return STATUS_OK_VALUE;
}

struct removal {
	const struct uuid *id;
	struct campaign_emptying before, after; /* this transaction, which may run more than once */
};

static struct status remove_some(struct store_tx *tx, void *arg)
{
	struct removal *r = arg;

	r->after = r->before;
	return store_campaign_empty_some(tx, r->id, DELETE_ROWS_AT_ONCE, &r->after);
}

struct status campaign_delete_rows(struct store_pool *pool, int64_t deadline_ms, const char *workspace,
				   const struct uuid *id, struct cancel *cancel, struct arena *arena, bool *out_stopped)
{
	struct stop stop = { .workspace = workspace, .id = id, .arena = arena };
	struct removal removal = { .id = id };
	struct status st;

	*out_stopped = false;
	st = store_run(pool, deadline_ms, STORE_UNLESS_DONE, stop_work, &stop);
	if (st.code == STATUS_NOT_FOUND)
		return STATUS_OK_VALUE;
	TRY(st);
	*out_stopped = stop.is_stopped;
	while (!removal.after.is_done) {
		if (cancel_is_set(cancel))
			return status_make(STATUS_CANCELLED, "CANCELLED", "the campaign is not yet removed completely");
		removal.before = removal.after;
		TRY(store_run(pool, deadline_ms, STORE_IDEMPOTENT, remove_some, &removal));
	}
	return STATUS_OK_VALUE;
}

struct status campaign_delete(struct store_tx *tx, const char *workspace, const struct uuid *id)
{
	struct campaign_emptying rest = { 0 };

	/* First the campaign: that waits for a worker that is storing its last batch, and forbids any later one (its
	 * batch row is gone). Then what that worker may have left. */
	TRY(store_campaign_delete(tx, id, workspace));
	while (!rest.is_done)
		TRY(store_campaign_empty_some(tx, id, DELETE_ROWS_AT_ONCE, &rest));
	return STATUS_OK_VALUE;
}
