/* store/campaign_store.h: campaigns as things that are created, listed, renamed, copied and removed. Their state is
 * store/state_store.h's. Threads: any; each call uses the transaction it is given. */
#ifndef STORE_CAMPAIGN_STORE_H
#define STORE_CAMPAIGN_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/campaign.h"
#include "model/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* Writes a new campaign (id, workspace, user, name, description, mode, configuration, scoring profile) in status draft,
 * its counters, and its five phases: configured with a configuration, else not_started. NULL: none. */
struct status store_campaign_insert(struct store_tx *tx, const struct campaign *campaign,
				    const char *const phase_configurations[PHASE_COUNT]) MUST_CHECK;

/* A new draft with everything `original` was configured with. */
struct status store_campaign_copy(struct store_tx *tx, const struct uuid *original, const struct uuid *copy,
				  const char *user_id, const char *name) MUST_CHECK;

/* Name and description; version grows by one. */
struct status store_campaign_rename(struct store_tx *tx, const struct uuid *id, const char *name,
				    const char *description) MUST_CHECK;

#define CAMPAIGN_SORTS(X) \
	X(CREATED_AT, "created_at") \
	X(UPDATED_AT, "updated_at") \
	X(NAME, "name") /* case ignored */

enum campaign_sort {
#define X(name, text) CAMPAIGN_SORT_##name,
	CAMPAIGN_SORTS(X)
#undef X
		CAMPAIGN_SORT_COUNT
};

const char *campaign_sort_to_text(enum campaign_sort sort);

struct campaign_filter {
	bool has_status;
	enum campaign_status status;
	const char *search; /* text the name contains, case ignored; NULL: any */
	enum campaign_sort sort;
	bool is_descending;
	bool has_after;
	int64_t after_us; /* key and id of the last row of the page before */
	const char *after_name;
	struct uuid after_id;
	int32_t limit, skip;
};

struct campaign_row {
	struct campaign_snapshot snapshot;
	struct counters counters;
	int64_t key_us; /* what lists are sorted by: microseconds, as exact as the order is */
	const char *key_name;
};

struct status store_campaign_list(struct store_tx *tx, const char *workspace, const struct campaign_filter *filter,
				  struct arena *arena, struct campaign_row **out, size_t *out_count) MUST_CHECK;
/* How many match, whatever the page. */
struct status store_campaign_count(struct store_tx *tx, const char *workspace, const struct campaign_filter *filter,
				   int32_t *out) MUST_CHECK;

/* How far the removal of a campaign's keyword, feature and domain rows has come; starts zeroed. */
struct campaign_emptying {
	int table;
	bool has_span;             /* the next three are about the rows of this table */
	int64_t next, last, width; /* offsets; the width follows from how many rows the last range had */
	bool is_done;
};

/* Removes about `about` rows, the next range of offsets, and moves on. */
struct status store_campaign_empty_some(struct store_tx *tx, const struct uuid *id, int32_t about,
					struct campaign_emptying *emptying) MUST_CHECK;
/* Removes the campaign with phases, batches, events, counters, snapshots. NOT_FOUND / CAMPAIGN_UNKNOWN. */
struct status store_campaign_delete(struct store_tx *tx, const struct uuid *id, const char *workspace) MUST_CHECK;

#endif
