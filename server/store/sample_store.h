/* store/sample_store.h: small readings for those who watch. Threads: any; each call uses the transaction it is given.
 * Strings live in the arena. */
#ifndef STORE_SAMPLE_STORE_H
#define STORE_SAMPLE_STORE_H

#include "base/status.h"
#include "model/states.h"
#include "store/domain_store.h"
#include "store/feature_store.h"

struct arena;
struct store_tx;

struct domain_sample {
	int64_t offset;
	const char *name;
	const char *dns_status, *http_status, *lead_status, *rejection;
	const char *dns_reason, *http_reason; /* NULL when none */
	int32_t http_code, took_ms;           /* 0: unknown */
	int32_t keywords_unique;
	double richness;
	bool is_parked;
};

/* The first `limit` domains of the range that the phase was done with in the newest transaction that wrote any: the
 * caller has just committed it, and nobody else writes the range meanwhile. */
struct status store_domain_samples(struct store_tx *tx, const struct domain_range *range, enum phase phase,
				   int32_t limit, struct arena *arena, struct domain_sample **out,
				   size_t *out_count) MUST_CHECK;

/* Pages of the range that the newest transaction finished: how many are parked, and were crawled further. */
struct status store_feature_batch_counts(struct store_tx *tx, const struct domain_range *range, int64_t *parked,
					 int64_t *microcrawled) MUST_CHECK;

struct score_sample {
	const char *name;
	double score;
	struct score_projection projection;
	int32_t h1_count, links_internal, links_external;
	const char *page_lang;
};

/* The first `limit` scored domains. */
struct status store_score_samples(struct store_tx *tx, const struct uuid *campaign_id, int32_t limit,
				  struct arena *arena, struct score_sample **out, size_t *out_count) MUST_CHECK;

#endif
