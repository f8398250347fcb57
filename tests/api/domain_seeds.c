#include "domain_seeds.h"

#include "api_fixture.h"

#include "base/buffer.h"
#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "store/query.h"
#include "store/tx.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const dns[] = { "ok", "ok", "ok", "ok", "pending", "error", "timeout" };
static const char *const http[] = { "ok", "ok", "ok", "pending", "error", "timeout" };
static const char *const leads[] = { "pending", "no_match", "error", "timeout", "match" };
static const char *const rejections[] = { "low_score",  "no_keywords", "parked",       "dns_error", "dns_timeout",
					  "http_error", "pending",     "http_timeout", "pending" };
static const char *const dns_reasons[] = { "NXDOMAIN", "SERVFAIL", "TIMEOUT" };
static const char *const http_reasons[] = { "NOT_FOUND", "TIMEOUT", "TLS_ERROR" };
static const char *const states[] = { "ready", "ready", "ready", "ready", "stale", "error", "building", NULL };
/* the bounds themselves, and their neighbours */
static const double richness[] = { 0, 0.1999, 0.2, 0.3, 0.3999, 0.4, 0.5999, 0.6, 0.7, 0.8, 0.8001, 0.95, 1 };
static const double stuffing[] = { SEED_UNKNOWN, 0, 0, 0.05, 0.0501, 0.15 };
static const double repetition[] = { SEED_UNKNOWN, 0.1, 0.3, 0.6, 0.61 };
static const double anchor[] = { SEED_UNKNOWN, 0, 0.5, 0.8, 0.81 };
static const char *const contacts[] = { NULL, NULL, "true", "false", "\"true\"" };
static const char *const surfaces[] = { "Telecom", "voip 100%", "fibre_x", "PBX", "fibre" };
static const char *const top_surfaces[] = {
	NULL, "[]", "[{\"surface_form\":\"Telecom\",\"weight\":1}]",
	"[{\"surface_form\":\"Kabel \\\"TV\\\"\"},{\"surface_form\":\"fibre_x\"}]"
};

static uint32_t dice;

static unsigned roll(unsigned sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

#define PICK(list) ((list)[roll((unsigned)ARRAY_LEN(list))])

bool seed_has_page(const struct seed *seed)
{
	return seed->state && strcmp(seed->http_status, "ok") == 0 &&
	       (strcmp(seed->state, "ready") == 0 || strcmp(seed->state, "stale") == 0);
}

static void fill(struct seed *s, size_t i, bool with_gaps)
{
	*s = (struct seed){ .offset = with_gaps ? (int64_t)(i * 3 + i % 2) : 100 + (int64_t)i };
	snprintf(s->name, sizeof s->name, "%c%c-%04zu.com", (char)('a' + roll(26)), (char)('0' + roll(10)), i);
	/* newest first, in groups, some a microsecond apart */
	s->created_us = (int64_t)(100000 - i / 40) * 1000000 + roll(3);
	s->dns_status = PICK(dns);
	s->http_status = PICK(http);
	s->lead_status = PICK(leads);
	s->rejection = strcmp(s->lead_status, "match") == 0 ? "qualified" : PICK(rejections);
	s->dns_reason = strcmp(s->dns_status, "error") == 0 ? PICK(dns_reasons) : NULL;
	s->http_reason = strcmp(s->http_status, "error") == 0 ? PICK(http_reasons) : NULL;
	s->domain_score = roll(3) ? roll(21) / 20.0 : SEED_UNKNOWN;
	s->lead_score = roll(2) ? roll(5) / 4.0 : SEED_UNKNOWN;
	s->parked = (int)roll(3) - 1;
	s->state = PICK(states);
	s->richness = PICK(richness);
	s->gain = roll(4) / 4.0;
	s->stuffing = PICK(stuffing);
	s->repetition = PICK(repetition);
	s->anchor = PICK(anchor);
	s->keywords = (int)roll(6);
	s->contact = PICK(contacts);
	for (unsigned k = 0; k < 3; k++)
		s->surfaces[k] = roll(4) == 0 ? PICK(surfaces) : NULL;
	s->top_surfaces = PICK(top_surfaces);
	if (i == 0) { /* a rare keyword */
		s->http_status = "ok";
		s->state = "ready";
		s->surfaces[0] = "Unicorn";
	}
}

/* --- storing --------------------------------------------------------------------------------------------------- */

static void put_text(struct buffer *b, const char *value)
{
	if (value)
		buffer_printf(b, ",'%s'", value);
	else
		buffer_text(b, ",NULL");
}

static void put_number(struct buffer *b, double value)
{
	if (value == SEED_UNKNOWN)
		buffer_text(b, ",NULL");
	else
		buffer_printf(b, ",%.17g", value);
}

static void put_domain(struct buffer *b, const char *campaign, const struct seed *s)
{
	buffer_printf(
		b,
		"INSERT INTO domains (campaign_id, offset_index, domain_name, created_at, dns_status, http_status,"
		" lead_status, rejection_reason, dns_reason, http_reason, domain_score, lead_score, is_parked,"
		" http_keywords, http_title) VALUES ('%s', %" PRId64 ", '%s', timestamptz '2026-01-01' + %" PRId64
		" * interval '1 microsecond'",
		campaign, s->offset, s->name, s->created_us);
	put_text(b, s->dns_status);
	put_text(b, s->http_status);
	put_text(b, s->lead_status);
	put_text(b, s->rejection);
	put_text(b, s->dns_reason);
	put_text(b, s->http_reason);
	put_number(b, s->domain_score);
	put_number(b, s->lead_score);
	put_text(b, s->parked < 0 ? NULL : s->parked ? "t" : "f");
	put_text(b, s->top_surfaces);
	buffer_printf(b, ",'Title of %s');", s->name);
}

static void put_vector(struct buffer *b, const char *key, double value)
{
	if (value != SEED_UNKNOWN)
		buffer_printf(b, "\"%s\":%.17g,", key, value);
}

static void put_features(struct buffer *b, const char *campaign, const struct seed *s)
{
	buffer_printf(b,
		      "INSERT INTO domain_extraction_features (campaign_id, domain_id, domain_name, processing_state,"
		      " content_richness_score, microcrawl_gain_ratio, kw_unique_count, kw_total_occurrences,"
		      " kw_weight_sum, is_stale_score, kw_signal_distribution, feature_vector) VALUES ('%s', %" PRId64
		      ", '%s', '%s', %.17g, %.17g, %d, %d, %d, %s, '{\"body\":%d}', '{",
		      campaign, s->offset, s->name, s->state, s->richness, s->gain, s->keywords, s->keywords * 3,
		      s->keywords * 2, s->offset % 2 ? "true" : "false", s->keywords);
	put_vector(b, "stuffing_penalty", s->stuffing);
	put_vector(b, "repetition_index", s->repetition);
	put_vector(b, "anchor_share", s->anchor);
	if (s->contact)
		buffer_printf(b, "\"exp_has_contact\":%s,", s->contact);
	buffer_printf(b, "\"richness_weights_version\":2,\"prominence_norm\":0.5}');");
	for (unsigned k = 0; k < 3; k++)
		if (s->surfaces[k])
			buffer_printf(b,
				      "INSERT INTO domain_extracted_keywords (campaign_id, domain_id, keyword_id, "
				      "surface_form,"
				      " signal_type, occurrences, base_weight, value_score, effective_weight, "
				      "source_subphase)"
				      " VALUES ('%s', %" PRId64
				      ", '00000000-0000-4000-8000-%012u', '%s', 'body', 1, 1, 0, %u,"
				      " 'primary');",
				      campaign, s->offset, k, s->surfaces[k], k % 2 ? 5 : k);
}

static void put_counters(struct buffer *b, const char *campaign)
{
	static const struct {
		const char *prefix, *column;
		const char *values[10];
	} groups[] = {
		{ "dns", "dns_status", { "pending", "ok", "error", "timeout" } },
		{ "http", "http_status", { "pending", "ok", "error", "timeout" } },
		{ "lead", "lead_status", { "pending", "match", "no_match", "error", "timeout" } },
		{ "reject",
		  "rejection_reason",
		  { "qualified", "low_score", "no_keywords", "parked", "dns_error", "dns_timeout", "http_error",
		    "http_timeout", "pending" } },
	};

	buffer_text(b, "UPDATE campaign_counters c SET total_domains = n.total");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		for (const char *const *v = groups[g].values; *v; v++)
			buffer_printf(b, ", %s_%s = n.%s_%s", groups[g].prefix, *v, groups[g].prefix, *v);
	buffer_text(b, " FROM (SELECT count(*) AS total");
	for (size_t g = 0; g < ARRAY_LEN(groups); g++)
		for (const char *const *v = groups[g].values; *v; v++)
			buffer_printf(b, ", count(*) FILTER (WHERE %s = '%s') AS %s_%s", groups[g].column, *v,
				      groups[g].prefix, *v);
	buffer_printf(b, " FROM domains WHERE campaign_id = '%s') n WHERE c.campaign_id = '%s';", campaign, campaign);
}

static void make_campaign(struct seeds *seeds)
{
	Domainflow__V2__CreateCampaignRequest in = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *out = NULL;
	struct df_call call = api_call(NULL);
	char name[] = "Seeds";

	in.name = name;
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &in, &out));
	snprintf(seeds->campaign, sizeof seeds->campaign, "%s", out->campaign->id);
}

void seeds_make(struct seeds *seeds, struct arena *arena, size_t count, bool with_gaps)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	AUTO(buffer) struct buffer sql;

	dice = 20261123;
	make_campaign(seeds);
	seeds->count = count;
	seeds->seed = arena_array(arena, count, sizeof *seeds->seed);
	assert_non_null(seeds->seed);
	buffer_init(&sql, 0);
	for (size_t i = 0; i < count; i++) {
		struct seed *s = &seeds->seed[i];

		fill(s, i, with_gaps);
		put_domain(&sql, seeds->campaign, s);
		if (s->state)
			put_features(&sql, seeds->campaign, s);
	}
	put_counters(&sql, seeds->campaign);
	assert_false(sql.failed);
	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql.data));
	expect_ok(store_commit(&tx));
}
