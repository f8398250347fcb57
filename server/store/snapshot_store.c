#include "store/snapshot_store.h"

#include "store/query.h"
#include "store/row.h"
#include "store/sql.h"

/* $2 to $6 of snapshot_find.sql. */
#define P_SNAPSHOT(s) \
	P_IF((s)->has_profile, P_UUID(&(s)->profile_id)), P_INT((s)->profile_version), P_JSON((s)->configuration), \
		P_JSON((s)->weights), P_TEXT((s)->algorithm_version)

static struct status find(struct store_tx *tx, const struct uuid *campaign_id, const struct scoring_snapshot *wanted,
			  struct uuid *out_id, bool *out_active, bool *out_found)
{
	AUTO(pgresult) PGresult *rows = NULL;
	struct row row;

	*out_found = *out_active = false;
	TRY(store_query(tx, sql_snapshot_find, &rows, P_UUID(campaign_id), P_SNAPSHOT(wanted)));
	for (row_begin(&row, rows, NULL); row_next(&row);) {
		*out_id = take_uuid(&row, "id");
		*out_active = take_bool(&row, "is_active");
		*out_found = true;
	}
	return row_status(&row);
}

struct status store_snapshot_ensure(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct scoring_snapshot *wanted, struct uuid *out_id)
{
	bool is_active, is_known;
	struct uuid id;

	TRY(find(tx, campaign_id, wanted, &id, &is_active, &is_known));
	if (!is_known)
		id = uuid_make();
	if (!is_active) {
		TRY(store_execute(tx, sql_snapshot_retire, NULL, P_UUID(campaign_id), P_UUID(&id)));
		TRY(store_execute(tx, sql_snapshot_activate, NULL, P_UUID(campaign_id), P_UUID(&id),
				  P_SNAPSHOT(wanted)));
		TRY(store_execute(tx, sql_feature_mark_other_snapshots, NULL, P_UUID(campaign_id), P_UUID(&id)));
	}
	*out_id = id;
	return STATUS_OK_VALUE;
}
