/* store/domain_list_store.h: reading domains for people: pages, totals, one by name.
 * Threads: any; each call uses the transaction it is given, which must be a real one (store_begin_snapshot): the calls
 * of one answer agree with each other, and settings are made for it alone. */
#ifndef STORE_DOMAIN_LIST_STORE_H
#define STORE_DOMAIN_LIST_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/domain.h"
#include "store/domain_query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* Where a page begins: at the beginning, behind a row, or after so many rows. */
struct domain_start {
	const struct domain_position *after; /* NULL: from the beginning */
	int64_t skip;                        /* without `after` */
};

/* At most `limit` rows' places, in order. */
struct status store_domains_page(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *query,
				 const struct domain_start *start, int32_t limit, struct arena *arena,
				 struct domain_position **out, size_t *out_count) MUST_CHECK;
/* The domains at these places, in that order. */
struct status store_domains_at(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_position *at,
			       size_t count, struct arena *arena, struct domain **out, size_t *out_count) MUST_CHECK;
/* How many rows pass the filter: reads the campaign once. */
struct status store_domains_count(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *query,
				  int64_t *out) MUST_CHECK;
/* A composed statement, with the settings it needs. *out is the caller's to clear. */
struct status store_domain_sql_run(struct store_tx *tx, const struct domain_sql *sql, PGresult **out) MUST_CHECK;
/* NOT_FOUND / DOMAIN_UNKNOWN. */
struct status store_domain_get(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
			       struct arena *arena, struct domain *out) MUST_CHECK;

#endif
