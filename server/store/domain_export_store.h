/* store/domain_export_store.h: what an export of domains says. Threads: any; each call uses the transaction it is
 * given, a real one (store_begin_snapshot). */
#ifndef STORE_DOMAIN_EXPORT_STORE_H
#define STORE_DOMAIN_EXPORT_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "store/domain_query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* Strings live in the arena. */
struct export_row {
	const char *name;
	enum dns_status dns_status;
	enum http_status http_status;
	enum lead_status lead_status;
	enum rejection rejection;
	bool has_score;
	double score;
	const char *title; /* NULL when none */
	char **top_keywords;
	size_t top_keyword_count;
	bool has_features;
	double richness;
	int32_t keywords_unique;
};

/* The offsets of every domain that passes the query, in its order; freed with free(). */
struct status store_domains_offsets(struct store_tx *tx, const struct uuid *campaign_id,
				    const struct domain_query *query, int64_t **out, size_t *out_count) MUST_CHECK;

/* The domains at these offsets that are still there, in that order. */
struct status store_export_rows(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
				size_t count, struct arena *arena, struct export_row **out,
				size_t *out_count) MUST_CHECK;

#endif
