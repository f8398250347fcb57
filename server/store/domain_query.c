#include "store/domain_query.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <string.h>

#define TEXT_BYTES_MAX 8192

/* --- putting together ----------------------------------------------------------------------------------------- */

struct composer {
	struct buffer text;
	struct domain_sql *out;
	bool is_short;
	const char *offset; /* the expression of a row's offset */
};

/* Appends a fragment; each ? becomes the number of the next of `count` parameters. */
static void put(struct composer *c, const char *fragment, const struct store_param *params, size_t count)
{
	for (const char *p = fragment; *p; p++) {
		if (*p != '?') {
			buffer_char(&c->text, *p);
			continue;
		}
		if (count == 0 || c->out->count == DOMAIN_SQL_PARAMS_MAX) {
			c->is_short = true;
			return;
		}
		c->out->params[c->out->count++] = *params++;
		count--;
		buffer_printf(&c->text, "$%zu", c->out->count);
	}
}

#define PUT(c, fragment, ...) put((c), (fragment), STORE_PARAMS_(__VA_ARGS__))

/* --- what rows look like -------------------------------------------------------------------------------------- */

/* Where a statement's rows come from; $1 is the campaign. */
enum source {
	SOURCE_DOMAINS,  /* d alone */
	SOURCE_JOINED,   /* d, with f where a page was read: reads all of both */
	SOURCE_PROBED,   /* the same, asking for f row by row: where the first rows in offset order are wanted */
	SOURCE_FEATURES, /* f, and the domain of each: only where a page was read */
};

static const char *const sources[] = {
	[SOURCE_DOMAINS] = " FROM domains d WHERE d.campaign_id = $1",
	[SOURCE_JOINED] = " FROM domains d LEFT JOIN domain_extraction_features f"
			  " ON f.campaign_id = $1 AND f.domain_id = d.offset_index"
			  " AND f.processing_state IN ('ready', 'stale') AND d.http_status = 'ok'"
			  " WHERE d.campaign_id = $1",
	/* OFFSET 0: a probe of the key for each row, whatever the statistics say */
	[SOURCE_PROBED] =
		" FROM domains d LEFT JOIN LATERAL (SELECT domain_id, content_richness_score, microcrawl_gain_ratio,"
		" kw_unique_count, stuffing_penalty, repetition_index, anchor_share, has_contact"
		" FROM domain_extraction_features WHERE campaign_id = $1 AND domain_id = d.offset_index"
		" AND processing_state IN ('ready', 'stale') AND d.http_status = 'ok' OFFSET 0) f ON true"
		" WHERE d.campaign_id = $1",
	[SOURCE_FEATURES] =
		" FROM domain_extraction_features f CROSS JOIN LATERAL (SELECT offset_index, domain_name, dns_status,"
		" http_status, lead_status, rejection_reason, dns_reason, http_reason, is_parked, domain_score,"
		" lead_score, http_keywords, created_at FROM domains"
		" WHERE campaign_id = $1 AND offset_index = f.domain_id OFFSET 0) d"
		" WHERE f.campaign_id = $1 AND f.processing_state IN ('ready', 'stale') AND d.http_status = 'ok'",
};

static const struct order {
	const char *key; /* NULL: the offset itself */
	const char *type;
	bool is_nullable;
	bool is_of_features; /* in the feature row */
	bool has_index;
} orders[DOMAIN_ORDER_COUNT] = {
	[DOMAIN_ORDER_OFFSET] = { NULL, NULL, false, false, true },
	[DOMAIN_ORDER_DOMAIN_SCORE] = { "d.domain_score", "double precision", true, false, false },
	[DOMAIN_ORDER_LEAD_SCORE] = { "d.lead_score", "double precision", true, false, false },
	[DOMAIN_ORDER_NAME] = { "d.domain_name", "text", false, false, true },
	[DOMAIN_ORDER_CREATED_AT] = { "d.created_at", "timestamptz", false, false, false },
	[DOMAIN_ORDER_RICHNESS] = { "f.content_richness_score", "double precision", true, true, true },
	[DOMAIN_ORDER_MICROCRAWL_GAIN] = { "f.microcrawl_gain_ratio", "double precision", true, true, true },
	[DOMAIN_ORDER_KEYWORDS_UNIQUE] = { "f.kw_unique_count", "integer", true, true, true },
};

bool domain_order_is_nullable(enum domain_order order)
{
	return orders[order].is_nullable;
}

bool domain_order_has_index(enum domain_order order)
{
	return orders[order].has_index;
}

/* --- filters -------------------------------------------------------------------------------------------------- */

static bool reads_features(const struct domain_filter *f)
{
	return f->has_contact || f->warnings != WARNING_FILTER_ANY || f->has_bucket;
}

/* No domain without a page can pass. */
static bool needs_features(const struct domain_filter *f)
{
	return f->has_contact || f->warnings == WARNING_FILTER_HAS || (f->has_bucket && f->bucket != BUCKET_OTHER);
}

unsigned domain_filter_count(const struct domain_filter *f)
{
	return (unsigned)(!!f->dns_status + !!f->http_status + !!f->lead_status + (f->rejection_count > 0) +
			  !!f->dns_reason + !!f->http_reason + f->has_min_score + f->not_parked + f->has_contact +
			  !!f->keyword + !!f->name + (f->warnings != WARNING_FILTER_ANY) + f->has_bucket);
}

#define WARNED "COALESCE(f.stuffing_penalty > ? OR f.repetition_index > ? OR f.anchor_share > ?, false)"

static void put_feature_filters(struct composer *c, const struct domain_filter *f)
{
	const struct classify_limits *l = &f->limits;

	if (f->has_contact)
		PUT(c, " AND f.has_contact");
	if (f->warnings != WARNING_FILTER_ANY)
		PUT(c, f->warnings == WARNING_FILTER_HAS ? " AND " WARNED : " AND NOT " WARNED, P_DOUBLE(l->stuffing),
		    P_DOUBLE(l->repetition), P_DOUBLE(l->anchor_share));
	if (f->has_bucket && f->bucket == BUCKET_OTHER) {
		PUT(c, " AND f.content_richness_score IS NULL");
	} else if (f->has_bucket) {
		struct bucket_range range = classify_bucket_range(l, f->bucket);

		PUT(c, " AND f.content_richness_score >= ? AND f.content_richness_score < ?", P_DOUBLE(range.least),
		    P_DOUBLE(range.below));
	}
}

/* The three heaviest keywords stand in the domain row, the others in rows of their own, while those are kept. */
#define TOP_KEYWORD_HAS \
	"strpos(lower(concat_ws(E'\\n', d.http_keywords -> 0 ->> 'surface_form'," \
	" d.http_keywords -> 1 ->> 'surface_form', d.http_keywords -> 2 ->> 'surface_form')), lower(?)) > 0"

/* Asks each domain that passed everything else; OFFSET 0 keeps the rows probed by key. */
static void put_keyword_probe(struct composer *c, const char *keyword)
{
	PUT(c,
	    " AND d.http_status = 'ok' AND (" TOP_KEYWORD_HAS
	    " OR EXISTS (SELECT 1 FROM domain_extracted_keywords k WHERE k.campaign_id = $1 AND k.domain_id = ",
	    P_TEXT(keyword));
	PUT(c, c->offset);
	PUT(c, " AND strpos(lower(k.surface_form), lower(?)) > 0 OFFSET 0))", P_TEXT(keyword));
}

/* Reads every keyword of the campaign once. */
static void put_keyword_search(struct composer *c, const char *keyword)
{
	PUT(c, " AND d.http_status = 'ok' AND ");
	PUT(c, c->offset);
	PUT(c,
	    " IN (SELECT k.domain_id FROM domain_extracted_keywords k WHERE k.campaign_id = $1"
	    " AND strpos(lower(k.surface_form), lower(?)) > 0"
	    " UNION ALL SELECT d.offset_index FROM domains d WHERE d.campaign_id = $1 AND d.http_status = 'ok'"
	    " AND " TOP_KEYWORD_HAS ")",
	    P_TEXT(keyword), P_TEXT(keyword));
	c->out->joins_all = true;
}

static void put_filters(struct composer *c, const struct domain_filter *f, bool wants_all)
{
	if (f->dns_status)
		PUT(c, " AND d.dns_status = ?::dns_status_enum", P_TEXT(f->dns_status));
	if (f->http_status)
		PUT(c, " AND d.http_status = ?::http_status_enum", P_TEXT(f->http_status));
	if (f->lead_status)
		PUT(c, " AND d.lead_status = ?::lead_status_enum", P_TEXT(f->lead_status));
	if (f->rejection_count > 0)
		PUT(c, " AND d.rejection_reason = ANY (?::text[]::rejection_reason_enum[])",
		    P_TEXT_ARRAY(f->rejections, f->rejection_count));
	if (f->dns_reason)
		PUT(c, " AND lower(d.dns_reason) = lower(?)", P_TEXT(f->dns_reason));
	if (f->http_reason)
		PUT(c, " AND lower(d.http_reason) = lower(?)", P_TEXT(f->http_reason));
	if (f->has_min_score)
		PUT(c, " AND d.domain_score >= ?", P_DOUBLE(f->min_score));
	if (f->not_parked)
		PUT(c, " AND d.is_parked IS NOT TRUE");
	if (f->name)
		PUT(c, " AND strpos(d.domain_name, ?) > 0", P_TEXT(f->name));
	put_feature_filters(c, f);
	if (f->keyword && (wants_all || f->keyword_is_rare))
		put_keyword_search(c, f->keyword);
	else if (f->keyword)
		put_keyword_probe(c, f->keyword);
}

/* --- order and position ---------------------------------------------------------------------------------------- */

static void put_after(struct composer *c, const struct domain_query *q, enum domain_part part,
		      const struct domain_position *after)
{
	const struct order *order = &orders[q->order];
	const char *behind = q->is_descending ? " < " : " > ";

	PUT(c, " AND ");
	if (!order->key) {
		PUT(c, c->offset);
		PUT(c, behind);
		PUT(c, "?::bigint", P_INT64(after->offset));
		return;
	}
	PUT(c, "(");
	if (part == DOMAIN_PART_KEYED_AFTER || part == DOMAIN_PART_PAST_TIES) {
		PUT(c, order->key);
		PUT(c, behind);
		PUT(c, "?::text::", P_TEXT(after->key));
		PUT(c, order->type);
	}
	if (part == DOMAIN_PART_KEYED_AFTER)
		PUT(c, " OR ");
	if (part == DOMAIN_PART_KEYED_AFTER || part == DOMAIN_PART_TIES) {
		PUT(c, order->key);
		PUT(c, " = ?::text::", P_TEXT(after->key));
		PUT(c, order->type);
		PUT(c, " AND ");
	}
	if (part != DOMAIN_PART_PAST_TIES) {
		PUT(c, c->offset);
		PUT(c, " > ?::bigint", P_INT64(after->offset));
	}
	PUT(c, ")");
}

static void put_order(struct composer *c, const struct domain_query *q, enum domain_part part)
{
	const struct order *order = &orders[q->order];
	const char *direction = q->is_descending ? " DESC" : "";
	bool has_key =
		order->key && part != DOMAIN_PART_NULLS && part != DOMAIN_PART_NULLS_AFTER && part != DOMAIN_PART_TIES;

	PUT(c, " ORDER BY ");
	if (has_key) {
		PUT(c, order->key);
		PUT(c, direction);
		PUT(c, ", ");
	}
	PUT(c, c->offset);
	if (!order->key)
		PUT(c, direction);
}

static bool is_null_part(enum domain_part part)
{
	return part == DOMAIN_PART_NULLS || part == DOMAIN_PART_NULLS_AFTER;
}

static enum source source_of(const struct domain_query *q, bool wants_keyed, bool wants_null)
{
	const struct order *order = &orders[q->order];

	if (order->is_of_features)
		return wants_keyed && !wants_null ? SOURCE_FEATURES : SOURCE_JOINED;
	if (!reads_features(&q->filter))
		return SOURCE_DOMAINS;
	return needs_features(&q->filter) && q->order == DOMAIN_ORDER_OFFSET ? SOURCE_FEATURES : SOURCE_JOINED;
}

/* --- statements ------------------------------------------------------------------------------------------------ */

static void begin(struct composer *c, const struct uuid *campaign_id, enum source source, const char *name,
		  struct domain_sql *out)
{
	*out = (struct domain_sql){ .statement = { .name = name, .number = SQL_NEVER_PREPARED },
				    .params = { P_UUID(campaign_id) },
				    .count = 1,
				    .joins_all = source == SOURCE_JOINED };
	*c = (struct composer){ .out = out, .offset = source == SOURCE_FEATURES ? "f.domain_id" : "d.offset_index" };
	buffer_init(&c->text, TEXT_BYTES_MAX);
}

static struct status end(struct composer *c, struct arena *arena)
{
	c->out->statement.text = c->text.failed ? NULL : arena_strdup(arena, c->text.data);
	buffer_done(&c->text);
	return c->out->statement.text && !c->is_short ? STATUS_OK_VALUE : status_out_of_memory();
}

static void put_null(struct composer *c, const struct domain_query *q, bool wants_null)
{
	const struct order *order = &orders[q->order];

	if (!order->is_nullable)
		return;
	PUT(c, " AND ");
	PUT(c, order->key);
	PUT(c, wants_null ? " IS NULL" : " IS NOT NULL");
}

struct status domain_sql_page(const struct uuid *campaign_id, const struct domain_query *q, enum domain_part part,
			      const struct domain_position *after, int64_t skip, int32_t limit, struct arena *arena,
			      struct domain_sql *out)
{
	bool wants_null = is_null_part(part);
	enum source source = source_of(q, !wants_null, wants_null);
	struct composer c;

	if (source == SOURCE_JOINED && (wants_null || q->order == DOMAIN_ORDER_OFFSET))
		source = SOURCE_PROBED;
	begin(&c, campaign_id, source, "domains_page", out);
	out->walks = source == SOURCE_PROBED;
	PUT(&c, "SELECT ");
	PUT(&c, c.offset);
	PUT(&c, " AS offset_index, ");
	PUT(&c, orders[q->order].key && !wants_null ? orders[q->order].key : "NULL");
	PUT(&c, "::text AS key");
	PUT(&c, sources[source]);
	put_null(&c, q, wants_null);
	put_filters(&c, &q->filter, false);
	if (part == DOMAIN_PART_NULLS_AFTER) {
		PUT(&c, " AND ");
		PUT(&c, c.offset);
		PUT(&c, " > ?::bigint", P_INT64(after->offset));
	} else if (part == DOMAIN_PART_KEYED_AFTER || part == DOMAIN_PART_TIES || part == DOMAIN_PART_PAST_TIES) {
		put_after(&c, q, part, after);
	}
	put_order(&c, q, part);
	PUT(&c, " LIMIT ?::integer", P_INT(limit));
	if (skip > 0)
		PUT(&c, " OFFSET ?::bigint", P_INT64(skip));
	return end(&c, arena);
}

struct status domain_sql_name_at(const struct uuid *campaign_id, const struct domain_query *q, int64_t place,
				 struct arena *arena, struct domain_sql *out)
{
	struct composer c;

	begin(&c, campaign_id, SOURCE_DOMAINS, "domains_name_at", out);
	PUT(&c, "SELECT d.domain_name AS key");
	PUT(&c, sources[SOURCE_DOMAINS]);
	PUT(&c,
	    q->is_descending ? " ORDER BY d.domain_name DESC LIMIT 1 OFFSET ?::bigint"
			     : " ORDER BY d.domain_name LIMIT 1 OFFSET ?::bigint",
	    P_INT64(place));
	return end(&c, arena);
}

struct status domain_sql_count(const struct uuid *campaign_id, const struct domain_query *q, bool only_keyed,
			       struct arena *arena, struct domain_sql *out)
{
	bool reads = reads_features(&q->filter) || (only_keyed && orders[q->order].is_of_features);
	enum source source = reads ? SOURCE_JOINED : SOURCE_DOMAINS;
	struct composer c;

	begin(&c, campaign_id, source, "domains_count", out);
	PUT(&c, "SELECT count(*) AS domains");
	PUT(&c, sources[source]);
	if (only_keyed)
		put_null(&c, q, false);
	put_filters(&c, &q->filter, true);
	return end(&c, arena);
}

struct status domain_sql_offsets(const struct uuid *campaign_id, const struct domain_query *q, struct arena *arena,
				 struct domain_sql *out)
{
	const struct order *order = &orders[q->order];
	enum source source = source_of(q, true, true);
	struct composer c;

	begin(&c, campaign_id, source, "domains_offsets", out);
	PUT(&c, "SELECT string_agg(int8send(");
	PUT(&c, c.offset);
	PUT(&c, "), '' ORDER BY ");
	if (order->key) {
		PUT(&c, order->key);
		PUT(&c, q->is_descending ? " DESC NULLS LAST, " : " NULLS LAST, ");
	}
	PUT(&c, c.offset);
	if (!order->key && q->is_descending)
		PUT(&c, " DESC");
	PUT(&c, ") AS offsets");
	PUT(&c, sources[source]);
	put_filters(&c, &q->filter, true);
	return end(&c, arena);
}
