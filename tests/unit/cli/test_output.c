#include "cli/cli.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/pb.h"
#include "cli/terminal.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A cli that writes into memory. */
struct desk {
	struct options options;
	struct cli cli;
	char *text;
	size_t size;
};

static int desk_open(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	assert_non_null(d);
	terminal_start();
	d->cli.options = &d->options;
	d->cli.arena = arena_create(0);
	d->cli.out = open_memstream(&d->text, &d->size);
	d->cli.err = d->cli.out;
	*state = d;
	return 0;
}

static int desk_close(void **state)
{
	struct desk *d = *state;

	fclose(d->cli.out);
	arena_destroy(d->cli.arena);
	free(d->text);
	free(d);
	return 0;
}

static const char *written(struct desk *d)
{
	fflush(d->cli.out);
	return d->text;
}

static const struct column columns[] = {
	{ "DOMAIN", "domain", COLUMN_TEXT, 12 },
	{ "CODE", "http_status_code", COLUMN_NUMBER, 0 },
	{ "TITLE", "http_title", COLUMN_TEXT, 0 },
};

static void tables_are_aligned_and_harmless(void **state)
{
	struct desk *d = *state;
	PB(Domain, DOMAIN, one);
	PB(Domain, DOMAIN, two);
	const ProtobufCMessage *rows[] = { &one.base, &two.base };

	one.domain = pb_borrow("größe.de");
	one.http_status_code = 200;
	one.http_title = pb_borrow("a\nb\033]0;x\007");
	two.domain = pb_borrow("averyverylongname.com");
	two.http_status_code = 5;
	assert_true(status_ok(table_print(&d->cli, columns, 3, rows, 2, NULL)));
	assert_string_equal(written(d), "DOMAIN        CODE  TITLE\n"
					"größe.de       200  a b\uFFFD]0;x\uFFFD\n"
					"averyverylo…     5\n");
}

static void later_pages_keep_the_columns_and_repeat_no_title(void **state)
{
	struct desk *d = *state;
	PB(Domain, DOMAIN, one);
	PB(Domain, DOMAIN, two);
	const ProtobufCMessage *first[] = { &one.base }, *second[] = { &two.base };
	unsigned widths[3] = { 0 };

	one.domain = pb_borrow("abcdefgh.de");
	two.domain = pb_borrow("x.de");
	assert_true(status_ok(table_print(&d->cli, columns, 2, first, 1, widths)));
	assert_true(status_ok(table_print(&d->cli, columns, 2, second, 1, widths)));
	assert_string_equal(written(d), "DOMAIN       CODE\n"
					"abcdefgh.de     0\n"
					"x.de            0\n");
}

static void csv_has_names_of_json_and_plain_values(void **state)
{
	struct desk *d = *state;
	PB(Campaign, CAMPAIGN, campaign);
	PB(CampaignProgress, CAMPAIGN_PROGRESS, progress);
	static const struct column record[] = { { "NAME", "name", COLUMN_TEXT, 4 },
						{ "DONE", "progress.percent_complete", COLUMN_PERCENT, 0 } };

	campaign.name = pb_borrow("=cmd, long");
	campaign.progress = &progress;
	progress.percent_complete = 12.5;
	d->cli.format = OUTPUT_CSV;
	assert_true(status_ok(record_print(&d->cli, &campaign.base, "", record, 2)));
	assert_string_equal(written(d), "name,progress.percentComplete\r\n\"'=cmd, long\",12.5\r\n");
}

static void json_lines_are_lines(void **state)
{
	struct desk *d = *state;
	PB(CampaignProgress, CAMPAIGN_PROGRESS, progress);
	const char *text;

	d->cli.format = OUTPUT_JSONL;
	assert_true(status_ok(json_answer(&d->cli, &progress.base)));
	text = written(d);
	assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
}

static void records_leave_out_what_is_absent(void **state)
{
	static const struct column record[] = { { "name", "name", COLUMN_TEXT, 0 },
						{ "done", "progress.percent_complete", COLUMN_PERCENT, 0 },
						{ "error", "error_message", COLUMN_TEXT, 0 },
						{ "created at", "created_at", COLUMN_TIME, 0 } };
	struct desk *d = *state;
	PB(GetCampaignResponse, GET_CAMPAIGN_RESPONSE, answer);
	PB(Campaign, CAMPAIGN, campaign);
	PB(CampaignProgress, CAMPAIGN_PROGRESS, progress);
	Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	at.seconds = 1735689600;
	at.nanos = 120000000;
	campaign.name = pb_borrow("shops");
	campaign.progress = &progress;
	campaign.created_at = &at;
	progress.percent_complete = 12.5;
	answer.campaign = &campaign;
	assert_true(status_ok(record_print(&d->cli, &answer.base, "campaign", record, 4)));
	assert_string_equal(written(d), "name        shops\n"
					"done        12.50%\n"
					"created at  2025-01-01T00:00:00Z\n");
}

static void failures_end_with_the_documented_code(void **state)
{
	static const struct {
		enum status_code code;
		enum exit_code exit;
	} cases[] = {
		{ STATUS_OK, 0 },
		{ STATUS_INVALID_ARGUMENT, 2 },
		{ STATUS_NOT_FOUND, 3 },
		{ STATUS_FAILED_PRECONDITION, 4 },
		{ STATUS_ALREADY_EXISTS, 4 },
		{ STATUS_ABORTED, 4 },
		{ STATUS_UNAVAILABLE, 5 },
		{ STATUS_DEADLINE_EXCEEDED, 5 },
		{ STATUS_INTERNAL, 1 },
		{ STATUS_UNKNOWN, 1 },
		{ STATUS_PERMISSION_DENIED, 1 },
		{ STATUS_CANCELLED, 1 },
	};
	struct status late = { .code = STATUS_DEADLINE_EXCEEDED, .reason = "WAIT_TIMEOUT" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(exit_code_of((struct status){ .code = cases[i].code }, false), cases[i].exit);
	assert_int_equal(exit_code_of((struct status){ .code = STATUS_CANCELLED }, true), 130);
	assert_int_equal(exit_code_of(late, false), 124);
}

static void failures_name_reason_fields_and_request(void **state)
{
	struct desk *d = *state;
	struct violations v;
	struct df_call_report report = { .request_id = "r-1" };
	struct status st;

	violations_init(&v, d->cli.arena);
	violations_add(&v, "configuration.patternConfig.tlds[1]", "VALIDATION_ERROR", "is no\033[2J domain");
	failure_print(d->cli.err, violations_status(&v), &report);
	st = status_make(STATUS_INTERNAL, "INTERNAL", "incident 7");
	failure_print(d->cli.err, st, &report);
	assert_non_null(strstr(written(d), " (VALIDATION_ERROR)\n"
					   "  configuration.patternConfig.tlds[1]: is no\uFFFD[2J domain\n"
					   "dfctl: incident 7 (INTERNAL)\n"
					   "  request id: r-1\n"));
}

static void a_server_out_of_reach_is_told_in_words_that_help(void **state)
{
	static const struct {
		const char *detail, *says;
	} cases[] = {
		{ "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:2: Failed to connect to "
		  "remote "
		  "host: Connection refused",
		  "no way to the server at here:2: Connection refused; nothing listens there" },
		{ "failed to connect to all addresses; last error: UNKNOWN: unix:/none: No such file or directory",
		  "there is no such socket" },
		{ "DNS resolution failed for here:2: C-ares status is not ARES_SUCCESS: Domain name not found",
		  "there is no such host" },
		{ "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:2: Ssl handshake failed: "
		  "SSL_ERROR_SSL: error:0A000086:SSL routines::certificate verify failed",
		  "not from an authority in --tls-ca" },
		{ "the database is away", "the database is away" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct status st = status_make(STATUS_UNAVAILABLE, "UNAVAILABLE", "%s", cases[i].detail);

		st = failure_explain(st, "here:2");
		assert_int_equal(st.code, STATUS_UNAVAILABLE);
		if (!strstr(st.detail, cases[i].says))
			fail_msg("%s", st.detail);
	}
}

static void a_part_is_compared_member_by_member(void **state)
{
	static const struct {
		const char *part, *whole, *differs; /* NULL: it is a part */
	} cases[] = {
		{ "{}", "{\"a\":1}", NULL },
		{ "{\"a\":1}", "{\"a\":1.0,\"b\":2}", NULL },
		{ "{\"a\":{\"x\":true}}", "{\"a\":{\"x\":true,\"y\":0}}", NULL },
		{ "{\"a\":null}", "{}", NULL },
		{ "{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":2,\"c\":3}]}", NULL },
		{ "{\"a\":{\"x\":true}}", "{\"a\":{\"x\":false}}", "a.x" },
		{ "{\"a\":1}", "{}", "a" },
		{ "{\"a\":[1]}", "{\"a\":[1,2]}", "a" },
		{ "{\"a\":[1,3]}", "{\"a\":[1,2]}", "a.[1]" },
		{ "{\"a\":\"1\"}", "{\"a\":1}", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(json)
		json_t *part = json_loads(cases[i].part, 0, NULL), *whole = json_loads(cases[i].whole, 0, NULL);
		char path[64];

		assert_int_equal(json_is_part(part, whole, path, sizeof path), cases[i].differs == NULL);
		if (cases[i].differs)
			assert_string_equal(path, cases[i].differs);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tables_are_aligned_and_harmless),
		TEST(later_pages_keep_the_columns_and_repeat_no_title),
		TEST(csv_has_names_of_json_and_plain_values),
		TEST(json_lines_are_lines),
		TEST(records_leave_out_what_is_absent),
		TEST(failures_end_with_the_documented_code),
		TEST(failures_name_reason_fields_and_request),
		TEST(a_part_is_compared_member_by_member),
		TEST(a_server_out_of_reach_is_told_in_words_that_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
