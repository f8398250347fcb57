/* campaign/campaign_crud.h: campaigns read, listed, renamed and removed. Everything returned lives in the arena.
 * Threads: any. Another workspace's campaign is NOT_FOUND / CAMPAIGN_UNKNOWN. */
#ifndef CAMPAIGN_CRUD_H
#define CAMPAIGN_CRUD_H

#include "base/page_token.h"
#include "base/status.h"
#include "base/uuid.h"
#include "model/campaign.h"
#include "model/counters.h"
#include "store/campaign_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cancel;
struct store_pool;
struct store_tx;

struct status campaign_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			   struct campaign_row *out) MUST_CHECK;

struct campaign_query {
	bool has_status;
	enum campaign_status status;
	const char *search; /* "" for any name */
	enum campaign_sort sort;
	bool is_descending;
	struct page_request page;
};

struct campaign_page {
	struct campaign_row *rows;
	size_t count;
	const char *next_page_token; /* "" on the last page */
	int32_t total;               /* all pages together */
};

/* INVALID_ARGUMENT / PAGE_TOKEN_INVALID. */
struct status campaign_list(struct store_tx *tx, const char *workspace, const struct campaign_query *query,
			    struct arena *arena, struct campaign_page *out) MUST_CHECK;

/* NULL members stay as they are. */
struct campaign_update {
	const char *name, *description;
	const char *configuration; /* always refused when not "": it is immutable */
};

/* INVALID_ARGUMENT / VALIDATION_ERROR, FAILED_PRECONDITION / INVALID_STATE when archived. */
struct status campaign_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
			      const struct campaign_update *request, struct arena *arena,
			      struct campaign_row *out) MUST_CHECK;

/* Removing takes two steps, because a large campaign has millions of rows: first, in transactions of its own, stop what
 * runs and remove the rows bit by bit (interrupted, it can be done again); then, in the caller's transaction, the
 * campaign. *out_stopped: something ran; wake whoever works on it. An unknown campaign is OK for the first step. */
struct status campaign_delete_rows(struct store_pool *pool, int64_t deadline_ms, const char *workspace,
				   const struct uuid *id, struct cancel *cancel, struct arena *arena,
				   bool *out_stopped) MUST_CHECK;
struct status campaign_delete(struct store_tx *tx, const char *workspace, const struct uuid *id) MUST_CHECK;

#endif
