/* What clients can get wrong, for every field of every method of the contract: the request is refused with a status
 * that names the field, and is never our failure.
 *
 * Requests are written as bytes, so that they can say what the client library could not. Fields other than the wrong
 * one hold what exists: a campaign, a persona, a keyword set. */
#include "api_fixture.h"
#include "bad_input.h"

#include "domainflow/stream.h"
#include "domainflow/v2/campaign_service.grpc-c.client.h"
#include "domainflow/v2/keyword_set_service.grpc-c.client.h"
#include "domainflow/v2/persona_service.grpc-c.client.h"
#include "proto/runtime/validate.h"
#include "proto_methods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKAGE "domainflow.v2."

static struct bad_input_known known;

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static void make_known(void)
{
	Domainflow__V2__CreateCampaignRequest campaign = DOMAINFLOW__V2__CREATE_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__CreateCampaignResponse *made_campaign;
	Domainflow__V2__CreatePersonaRequest persona = DOMAINFLOW__V2__CREATE_PERSONA_REQUEST__INIT;
	Domainflow__V2__CreatePersonaResponse *made_persona;
	Domainflow__V2__KeywordRule rule = DOMAINFLOW__V2__KEYWORD_RULE__INIT, *rules[] = { &rule };
	Domainflow__V2__CreateKeywordSetRequest set = DOMAINFLOW__V2__CREATE_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__CreateKeywordSetResponse *made_set;
	struct df_call call = api_call(NULL);

	campaign.name = persona.name = set.name = rule.pattern = text("known");
	expect_ok(domainflow_v2_campaign_create_campaign(api_fixture.connection, &call, &campaign, &made_campaign));
	persona.persona_type = DOMAINFLOW__V2__PERSONA_TYPE__PERSONA_TYPE_DNS;
	persona.config_details = text("{\"personaType\":\"dns\",\"resolvers\":[\"192.0.2.1\"]}");
	expect_ok(domainflow_v2_persona_create_persona(api_fixture.connection, &call, &persona, &made_persona));
	set.rules = rules;
	set.n_rules = 1;
	expect_ok(domainflow_v2_keyword_set_create_keyword_set(api_fixture.connection, &call, &set, &made_set));
	snprintf(known.campaign_id, sizeof known.campaign_id, "%s", made_campaign->campaign->id);
	snprintf(known.persona_id, sizeof known.persona_id, "%s", made_persona->persona->id);
	snprintf(known.keyword_set_id, sizeof known.keyword_set_id, "%s", made_set->keyword_set->id);
}

static int open_with_known(void **state)
{
	int how = api_fixture_open(state);

	if (how == 0)
		make_known();
	return how;
}

/* Sends `bytes` as a request, whatever they are: a message without fields, and one unknown field whose value is
 * followed by them. */
static struct status send_bytes(const struct method *method, const struct buffer *bytes)
{
	struct df_call call = api_call(NULL);
	ProtobufCMessage *in = calloc(1, method->input->sizeof_message), *out = NULL;
	ProtobufCMessageUnknownField field = { .tag = BAD_INPUT_UNKNOWN_FIELD,
					       .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT };
	struct df_stream *stream = NULL;
	struct status st;

	assert_non_null(in);
	method->input->message_init(in);
	field.len = bytes->len + 1;
	field.data = calloc(1, field.len); /* the unknown field's value is the 0 in front */
	assert_non_null(field.data);
	if (bytes->len)
		memcpy(field.data + 1, bytes->data, bytes->len);
	in->unknown_fields = &field;
	in->n_unknown_fields = 1;
	if (method->kind == METHOD_UNARY) {
		st = df_call_unary(api_fixture.connection, &call, method, in, &out);
	} else {
		st = df_stream_open(api_fixture.connection, &call, method, in, &stream);
		if (status_ok(st))
			st = df_stream_next(stream, 20000, api_fixture.arena, &out);
		df_stream_close(stream);
	}
	free(field.data);
	free(in);
	return st;
}

static bool names_field(struct status st, const char *path)
{
	for (unsigned i = 0; *api_field(st, i); i++)
		if (strcmp(api_field(st, i), path) == 0)
			return true;
	return false;
}

static bool is_ours(struct status st)
{
	return st.code == STATUS_INTERNAL || st.code == STATUS_UNKNOWN || st.code == STATUS_UNAVAILABLE ||
	       st.code == STATUS_UNIMPLEMENTED || st.code == STATUS_DATA_LOSS || st.code == STATUS_DEADLINE_EXCEEDED;
}

struct tally {
	unsigned tried, wrong;
};

static void judge(void *ctx, const struct bad_input *bad)
{
	struct status st = send_bytes(bad->method, &bad->bytes);
	struct tally *tally = ctx;
	bool is_right = !is_ours(st);

	if (bad->verdict == BAD_INPUT_NAMED)
		is_right = st.code == STATUS_INVALID_ARGUMENT && names_field(st, bad->path);
	else if (bad->verdict == BAD_INPUT_REFUSED)
		is_right = st.code == STATUS_INVALID_ARGUMENT || st.code == STATUS_NOT_FOUND;
	if (!is_right) {
		print_error("%s, %s %s: %s / %s, field '%s': %s\n", bad->method->path, bad->path, bad->what,
			    status_code_name(st.code), st.reason ? st.reason : "", api_field(st, 0), st.detail);
		tally->wrong++;
	}
	arena_reset(api_fixture.arena);
	tally->tried++;
}

static void every_wrong_field_is_named(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	for (size_t i = 0; i < proto_methods_count; i++)
		if (strncmp(proto_methods[i]->service, PACKAGE, strlen(PACKAGE)) == 0)
			bad_input_each(proto_methods[i], &known, judge, &tally);
	print_message("%u bad requests\n", tally.tried);
	assert_int_equal(tally.wrong, 0);
	assert_in_range(tally.tried, 500, 1000000);
}

static void what_is_no_message_is_a_bad_request(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{ "\x0A\x7F", 2 },                                      /* a text that is cut short */
		{ "\x0A", 1 },                                          /* no length */
		{ "\x0A\xFF\xFF\xFF\xFF\x0F", 6 },                      /* a length of 4 GiB */
		{ "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11 }, /* an endless tag */
		{ "\x00\x00", 2 },                                      /* field 0 */
		{ "\x7B\x7B\x7B", 3 },                                  /* groups */
		{ "\x7E", 1 },                                          /* wire type 6 */
	};

	(void)state;
	for (size_t i = 0; i < proto_methods_count; i++)
		for (size_t j = 0; j < ARRAY_LEN(cases); j++) {
			struct buffer bytes;
			struct status st;

			if (strncmp(proto_methods[i]->service, PACKAGE, strlen(PACKAGE)) != 0)
				continue;
			buffer_init(&bytes, 0);
			buffer_append(&bytes, cases[j].bytes, cases[j].n);
			st = send_bytes(proto_methods[i], &bytes);
			if (st.code != STATUS_INVALID_ARGUMENT || strcmp(st.reason, "BAD_REQUEST") != 0)
				fail_msg("%s, case %zu: %s / %s", proto_methods[i]->path, j, status_code_name(st.code),
					 st.reason ? st.reason : "");
			buffer_done(&bytes);
			arena_reset(api_fixture.arena);
		}
}

/* What the others hold in place of a wrong field must be right, or the wrong one would prove nothing. */
static void what_is_known_is_still_there(void **state)
{
	Domainflow__V2__GetCampaignRequest campaign = DOMAINFLOW__V2__GET_CAMPAIGN_REQUEST__INIT;
	Domainflow__V2__GetPersonaRequest persona = DOMAINFLOW__V2__GET_PERSONA_REQUEST__INIT;
	Domainflow__V2__GetKeywordSetRequest set = DOMAINFLOW__V2__GET_KEYWORD_SET_REQUEST__INIT;
	Domainflow__V2__GetCampaignResponse *a;
	Domainflow__V2__GetPersonaResponse *b;
	Domainflow__V2__GetKeywordSetResponse *c;
	struct df_call call = api_call(NULL);

	(void)state;
	campaign.campaign_id = known.campaign_id;
	persona.persona_id = known.persona_id;
	set.keyword_set_id = known.keyword_set_id;
	expect_ok(domainflow_v2_campaign_get_campaign(api_fixture.connection, &call, &campaign, &a));
	expect_ok(domainflow_v2_persona_get_persona(api_fixture.connection, &call, &persona, &b));
	expect_ok(domainflow_v2_keyword_set_get_keyword_set(api_fixture.connection, &call, &set, &c));
	assert_int_equal(a->campaign->status, DOMAINFLOW__V2__CAMPAIGN_STATUS__CAMPAIGN_STATUS_DRAFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(every_wrong_field_is_named),
		API_TEST(what_is_no_message_is_a_bad_request),
		API_TEST(what_is_known_is_still_there),
	};

	return cmocka_run_group_tests(tests, open_with_known, api_fixture_close);
}
