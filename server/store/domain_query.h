/* store/domain_query.h: which domains a list wants and in what order; and the statements for it.
 *
 * A list has thirteen filters, eight orders and two directions. One statement for all of them would have one plan for
 * all of them; one file for each would be hundreds. So a statement is put together from constant fragments: only the
 * filters that are asked for, their values always parameters (docs/decisions/0021-domain-lists.md).
 * tests/store/test_domain_query.c prepares every order with every filter.
 * Pure but for the arena; any thread. */
#ifndef STORE_DOMAIN_QUERY_H
#define STORE_DOMAIN_QUERY_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/classify.h"
#include "store/query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The word of the contract. Orders by what may be missing put it last in both directions; ties are by offset, upwards.
 */
#define DOMAIN_ORDERS(X) \
	X(OFFSET, "offset") \
	X(DOMAIN_SCORE, "domain_score") \
	X(LEAD_SCORE, "lead_score") \
	X(NAME, "domain") \
	X(CREATED_AT, "created_at") \
	X(RICHNESS, "richness_score") \
	X(MICROCRAWL_GAIN, "microcrawl_gain") \
	X(KEYWORDS_UNIQUE, "keywords_unique")

#define DOMAIN_ORDER_MEMBER(name, text) DOMAIN_ORDER_##name,
enum domain_order { DOMAIN_ORDERS(DOMAIN_ORDER_MEMBER) DOMAIN_ORDER_COUNT };

enum warning_filter { WARNING_FILTER_ANY, WARNING_FILTER_HAS, WARNING_FILTER_NONE };

/* Which rows. Texts are borrowed; NULL or false: any. */
struct domain_filter {
	const char *dns_status, *http_status, *lead_status;
	const char *const *rejections; /* any of them */
	size_t rejection_count;        /* 0: any */
	const char *dns_reason, *http_reason;
	bool has_min_score;
	double min_score;
	bool not_parked, has_contact;
	const char *keyword;  /* part of a matched keyword's surface form, case ignored */
	bool keyword_is_rare; /* few domains have it: pages look for them instead of asking each */
	const char *name;     /* part of the name, in lower case */
	enum warning_filter warnings;
	bool has_bucket;
	enum bucket bucket;
	struct classify_limits limits; /* of warnings and bucket */
};

/* A row's place in the order: its key as PostgreSQL writes it ("" where the order has none) and its offset. */
struct domain_position {
	int64_t offset;
	bool is_null; /* the row has no key: it stands behind those that have one */
	const char *key;
};

struct domain_query {
	struct domain_filter filter;
	enum domain_order order;
	bool is_descending;
};

/* Orders by what a domain may not have: two parts, those that have it and those that don't. */
bool domain_order_is_nullable(enum domain_order order);
/* An index has the rows in this order: what shares a key is reached at once, too. */
bool domain_order_has_index(enum domain_order order);
/* How many filters are given. */
unsigned domain_filter_count(const struct domain_filter *filter);

/* The pieces of an order a page is put together from. */
enum domain_part {
	DOMAIN_PART_KEYED,       /* every row with a key */
	DOMAIN_PART_KEYED_AFTER, /* those behind a position */
	DOMAIN_PART_TIES,        /* those with the key of a position, behind it */
	DOMAIN_PART_PAST_TIES,   /* those with a key behind the position's */
	DOMAIN_PART_NULLS,       /* every row without a key */
	DOMAIN_PART_NULLS_AFTER, /* those behind a position */
};

#define DOMAIN_SQL_PARAMS_MAX 32

/* A statement and its parameters, in the arena. */
struct domain_sql {
	struct sql_statement statement;
	struct store_param params[DOMAIN_SQL_PARAMS_MAX];
	size_t count;
	bool joins_all; /* reads two tables of the campaign whole: no nested loops, more memory */
	bool walks;     /* goes through the rows in order until it has enough: no sorting */
};

/* rows: offset_index bigint, key text; in order. */
struct status domain_sql_page(const struct uuid *campaign_id, const struct domain_query *query, enum domain_part part,
			      const struct domain_position *after, int64_t skip, int32_t limit, struct arena *arena,
			      struct domain_sql *out) MUST_CHECK;
/* row: key text: of the row number `place` (from 0) of all in this order, which is by name: read from its index alone.
 */
struct status domain_sql_name_at(const struct uuid *campaign_id, const struct domain_query *query, int64_t place,
				 struct arena *arena, struct domain_sql *out) MUST_CHECK;
/* row: domains bigint. */
struct status domain_sql_count(const struct uuid *campaign_id, const struct domain_query *query, bool only_keyed,
			       struct arena *arena, struct domain_sql *out) MUST_CHECK;
/* row: offsets bytea: eight bytes each, big endian, in order. */
struct status domain_sql_offsets(const struct uuid *campaign_id, const struct domain_query *query, struct arena *arena,
				 struct domain_sql *out) MUST_CHECK;

#endif
