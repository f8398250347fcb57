#include "cli/input.h"
#include "cli/pb.h"
#include "cli/pb_json.h"
#include "cli/pb_value.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The members of `expected` are there, with these values; how they are written is compared as text where `exactly` is
 * given. The contract may grow. */
static void check(const ProtobufCMessage *message, const char *expected, const char *exactly)
{
	AUTO(json) json_t *tree = pb_json(message), *part = json_loads(expected, 0, NULL);
	char path[64];
	struct buffer b;

	assert_non_null(tree);
	assert_non_null(part);
	if (!json_is_part(part, tree, path, sizeof path))
		fail_msg("%s", path);
	buffer_init(&b, 0);
	assert_true(json_print(tree, JSON_COMPACT_TEXT, &b));
	assert_non_null(strstr(b.data, exactly));
	buffer_done(&b);
}

static void a_domain_is_written_as_the_contract_says(void **state)
{
	PB(Domain, DOMAIN, d);
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	(void)state;
	at.seconds = 1735689600;
	at.nanos = 123456000;
	d.id = pb_borrow("1");
	d.domain = pb_borrow("a.com");
	d.offset = INT64_C(9007199254740993);
	d.created_at = &at;
	d.dns_status = DOMAINFLOW__V2__DNS_STATUS__DNS_STATUS_OK;
	d.lead_status = DOMAINFLOW__V2__LEAD_STATUS__LEAD_STATUS_NO_MATCH;
	d.http_title = pb_borrow("\033[2J\xC2\x9B größe \"x\"");
	d.http_keywords = pb_borrow("[{\"value\":\"shop\",\"n\":0.1}]");
	d.domain_score_value_case = DOMAINFLOW__V2__DOMAIN__DOMAIN_SCORE_VALUE_DOMAIN_SCORE;
	d.domain_score = 0.987;
	check(&d.base,
	      "{\"id\":\"1\",\"domain\":\"a.com\",\"offset\":\"9007199254740993\","
	      "\"createdAt\":\"2025-01-01T00:00:00.123456Z\",\"dnsStatus\":\"ok\",\"dnsReason\":\"\",\"dnsIp\":\"\","
	      "\"httpStatus\":null,\"httpReason\":\"\",\"httpStatusCode\":0,"
	      "\"httpTitle\":\"\\u001B[2J\\u009B größe \\\"x\\\"\",\"httpKeywords\":[{\"value\":\"shop\",\"n\":0.1}],"
	      "\"isParked\":false,\"parkedConfidence\":0.0,\"leadStatus\":\"no_match\",\"rejectionReason\":null,"
	      "\"domainScore\":0.987,\"leadScore\":null,\"richness\":null,\"keywordsUnique\":0,\"keywordHits\":0}",
	      "\"httpTitle\":\"\\u001B[2J\\u009B größe \\\"x\\\"\"");
}

static void an_event_shows_only_the_payload_it_has(void **state)
{
	PB(WatchCampaignResponse, WATCH_CAMPAIGN_RESPONSE, event);
	AUTO(json) json_t *tree = NULL;

	(void)state;
	event.type = DOMAINFLOW__V2__EVENT_TYPE__EVENT_TYPE_CAMPAIGN_COMPLETED;
	event.event_number = 7;
	event.payload_case = DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS;
	event.details = pb_borrow("{\"totals\":{\"leads\":3}}");
	check(&event.base,
	      "{\"type\":\"campaign_completed\",\"campaignId\":\"\",\"eventNumber\":7,\"sequence\":0,"
	      "\"details\":{\"totals\":{\"leads\":3}}}",
	      "\"eventNumber\":7");
	tree = pb_json(&event.base);
	assert_null(json_object_get(tree, "snapshot"));
	assert_null(json_object_get(tree, "transition"));
}

static void json_fields_that_hold_no_json_are_null_or_text(void **state)
{
	PB(Persona, PERSONA, p);
	AUTO(json) json_t *empty = pb_json(&p.base);
	json_t *broken;

	(void)state;
	assert_true(json_is_null(json_object_get(empty, "configDetails")));
	p.config_details = pb_borrow("{oops");
	broken = pb_json(&p.base);
	assert_string_equal(json_string_value(json_object_get(broken, "configDetails")), "{oops");
	json_decref(broken);
}

static void enum_words_are_read_as_they_are_written(void **state)
{
	const ProtobufCEnumDescriptor *type = &domainflow__v2__campaign_mode__descriptor;
	char text[PB_ENUM_TEXT_SIZE];
	int value = 0;

	(void)state;
	pb_enum_text(type, DOMAINFLOW__V2__CAMPAIGN_MODE__CAMPAIGN_MODE_FULL_SEQUENCE, text);
	assert_string_equal(text, "full_sequence");
	assert_true(pb_enum_parse(type, "Full-Sequence", &value));
	assert_int_equal(value, DOMAINFLOW__V2__CAMPAIGN_MODE__CAMPAIGN_MODE_FULL_SEQUENCE);
	assert_true(pb_enum_parse(type, "fullSequence", &value));
	assert_false(pb_enum_parse(type, "full", &value));
	assert_false(pb_enum_parse(type, "fullSequences", &value));
	assert_false(pb_enum_parse(type, "", &value));
	pb_enum_text(type, 99, text);
	assert_string_equal(text, "99");
}

static void cells_are_found_by_path(void **state)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	PB(Campaign, CAMPAIGN, c);
	PB(CampaignProgress, CAMPAIGN_PROGRESS, progress);
	PB(GetCampaignResponse, GET_CAMPAIGN_RESPONSE, answer);

	(void)state;
	assert_string_equal(pb_text(arena, &answer.base, "campaign.name"), "");
	progress.percent_complete = 12.5;
	progress.total_domains = 40;
	c.name = pb_borrow("shops");
	c.progress = &progress;
	answer.campaign = &c;
	assert_string_equal(pb_text(arena, &answer.base, "campaign.name"), "shops");
	assert_string_equal(pb_text(arena, &answer.base, "campaign.progress.percent_complete"), "12.5");
	assert_string_equal(pb_text(arena, &answer.base, "campaign.progress.total_domains"), "40");
	assert_string_equal(pb_text(arena, &answer.base, "campaign.created_at"), "");
	assert_string_equal(pb_text(arena, &answer.base, "campaign.nonsense"), "");
	assert_true(pb_number(&answer.base, "campaign.progress.percent_complete") == 12.5);
}

static void cells_for_programs_lose_no_digit(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 0.839, "0.839" },
		      { 0.00001, "0.00001" },
		      { 0.01228076232260944, "0.01228076232260944" },
		      { 1250, "1250" },
		      { 1.0 / 3, "0.3333333333333333" } };
	AUTO(arena) struct arena *arena = arena_create(0);
	PB(ExportedDomain, EXPORTED_DOMAIN, row);
	char *top[] = { pb_borrow("pg_dump"), pb_borrow("backup") };

	(void)state;
	row.richness_value_case = DOMAINFLOW__V2__EXPORTED_DOMAIN__RICHNESS_VALUE_RICHNESS;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		row.richness = cases[i].value;
		assert_string_equal(pb_text_exact(arena, &row.base, "richness"), cases[i].text);
	}
	assert_string_equal(pb_text(arena, &row.base, "richness"), "0.333333");
	row.top3 = top;
	row.n_top3 = 2;
	assert_string_equal(pb_text_exact(arena, &row.base, "top3"), "pg_dump; backup");
	assert_string_equal(pb_text(arena, &row.base, "top3"), "pg_dump, backup");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_is_written_as_the_contract_says),
		cmocka_unit_test(an_event_shows_only_the_payload_it_has),
		cmocka_unit_test(json_fields_that_hold_no_json_are_null_or_text),
		cmocka_unit_test(enum_words_are_read_as_they_are_written),
		cmocka_unit_test(cells_are_found_by_path),
		cmocka_unit_test(cells_for_programs_lose_no_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
