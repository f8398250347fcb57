/* store/domain_detail_store.h: what is stored about one domain besides its row. Threads: any; each call uses the
 * transaction it is given. Strings live in the arena. */
#ifndef STORE_DOMAIN_DETAIL_STORE_H
#define STORE_DOMAIN_DETAIL_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "store/keyword_row_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* The keywords found on the page of the domain at `offset`, heaviest first, at most `limit`. */
struct status store_domain_keywords(struct store_tx *tx, const struct uuid *campaign_id, int64_t offset, int32_t limit,
				    struct arena *arena, struct keyword_row_record **out, size_t *out_count) MUST_CHECK;
/* Where a name stands in the campaign. NOT_FOUND / DOMAIN_UNKNOWN. */
struct status store_domain_offset(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
				  int64_t *out) MUST_CHECK;

/* What a score was or will be made of. */
struct score_inputs {
	bool has_domain;
	int64_t offset;
	bool has_score;
	double score;
	bool has_row;      /* a feature row */
	bool has_features; /* whose page was read */
	int32_t keywords_unique, keyword_hits, content_bytes;
	bool title_has_keyword, is_parked;
	double parked_confidence;
	int64_t fetched_at_ms; /* 0: unknown */
	bool has_snapshot;
	struct uuid snapshot_id;
	bool has_profile;                    /* the snapshot is one of a profile's */
	const char *weights, *configuration; /* JSON, with has_snapshot */
};

/* An unknown name is no failure: has_domain is false. */
struct status store_score_inputs(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
				 struct arena *arena, struct score_inputs *out) MUST_CHECK;

#endif
