/* api/domain_request.h: reading what a list of domains is asked for: filters, order, place. Pure but for the arena. */
#ifndef API_DOMAIN_REQUEST_H
#define API_DOMAIN_REQUEST_H

#include "api/pb.h"
#include "base/status.h"
#include "model/counters.h"
#include "store/domain_list_store.h"

#include <stdbool.h>
#include <stdint.h>

/* Filters and order; the limits of classes must be in out->filter.limits before. INVALID_ARGUMENT naming the field. */
struct status domain_request_query(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				   struct domain_query *out) MUST_CHECK;
/* INVALID_ARGUMENT naming the first field about paging that is given: for those that don't page. */
struct status domain_request_unpaged(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in) MUST_CHECK;

/* Which page. */
struct domain_place {
	struct domain_start start; /* start.after points to `after` */
	struct domain_position after;
	int32_t limit;
	bool has_total; /* the cursor brought it */
	int32_t total;
};

/* filter: domain_request_filter_text. out must stay where it is. INVALID_ARGUMENT naming the field. */
struct status domain_request_place(struct arena *arena, const Domainflow__V2__ListDomainsRequest *in,
				   const char *filter, struct domain_place *out) MUST_CHECK;

/* Everything that selects or orders the rows: a cursor is only good for the same. NULL when the arena is full. */
const char *domain_request_filter_text(struct arena *arena, const char *campaign_id, const struct domain_query *query);

/* The cursor of a row. NULL when the arena is full. */
char *domain_cursor(struct arena *arena, const char *filter, const struct domain_position *at, bool has_total,
		    int32_t total);

/* The total, when the counters know it: without a filter, or with one by status or reason alone. */
bool domain_total_counted(const struct domain_filter *filter, const struct counters *counters, int32_t *out);

#endif
