/* store/domain_list_store.h: reading domains for people: pages by key, one by name. */
#ifndef STORE_DOMAIN_LIST_STORE_H
#define STORE_DOMAIN_LIST_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/domain.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

enum domain_order { DOMAIN_ORDER_OFFSET, DOMAIN_ORDER_DOMAIN_SCORE, DOMAIN_ORDER_LEAD_SCORE };

struct domain_query {
	enum domain_order order;                            /* scores: highest first, unscored last, ties by offset */
	const char *dns_status, *http_status, *lead_status; /* NULL: any */
	const char *const *rejections;                      /* any of them */
	size_t rejection_count;                             /* 0: any */
	bool has_after;                                     /* go on behind this row */
	int64_t after_offset;
	bool after_is_scored;
	double after_score;
	int32_t limit;
};

struct status store_domains_list(struct store_tx *tx, const struct uuid *campaign_id, const struct domain_query *query,
				 struct arena *arena, struct domain **out, size_t *out_count) MUST_CHECK;
/* NOT_FOUND / DOMAIN_UNKNOWN. */
struct status store_domain_get(struct store_tx *tx, const struct uuid *campaign_id, const char *name,
			       struct arena *arena, struct domain *out) MUST_CHECK;

#endif
