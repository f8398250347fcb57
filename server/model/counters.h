/* model/counters.h: the counters of a campaign, one column each. The list makes the struct, the SQL array order and
 * the reader. A phase's store function fills a struct of deltas; the ledger adds it in the batch's transaction. */
#ifndef MODEL_COUNTERS_H
#define MODEL_COUNTERS_H

#include <stdint.h>

/* In the order of store/sql/counters_add.sql. */
/* clang-format off */
#define COUNTERS(X) \
	X(total_domains) \
	X(dns_pending) \
	X(dns_ok) \
	X(dns_error) \
	X(dns_timeout) \
	X(http_pending) \
	X(http_ok) \
	X(http_error) \
	X(http_timeout) \
	X(lead_pending) \
	X(lead_match) \
	X(lead_no_match) \
	X(lead_error) \
	X(lead_timeout) \
	X(reject_qualified) \
	X(reject_low_score) \
	X(reject_no_keywords) \
	X(reject_parked) \
	X(reject_dns_error) \
	X(reject_dns_timeout) \
	X(reject_http_error) \
	X(reject_http_timeout) \
	X(reject_pending) \
	X(keyword_hits) \
	X(analyzed)
/* clang-format on */

struct counters {
#define X(name) int32_t name;
	COUNTERS(X)
#undef X
};

enum {
#define X(name) COUNTER_INDEX_##name,
	COUNTERS(X)
#undef X
		COUNTER_COUNT
};

#endif
