/* The plugin run by protoc: comments arrive in the headers, sides stay apart, and what can't become C is refused
 * with a sentence that names the place. */
#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define TEXT_BYTES (256 * 1024)

static char text[TEXT_BYTES];

static const char *file_read(const char *path)
{
	char full[512];
	size_t n;
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", GENERATED_DIR, path);
	f = fopen(full, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void comments_reach_the_headers(void **state)
{
	const char *h = file_read("awkward/v1/awkward.grpc-c.server.h");

	(void)state;
	assert_non_null(strstr(h, "/* The service's comment with a comment end * / and a / * start inside. */"));
	assert_non_null(strstr(h,
			       "\t/* First line of Default.\n\t *   An indented line. */\n"
			       "\tstruct status (*default_)(struct rpc_call *call, const Awkward__V1__HTTPThing *in,"));
	assert_non_null(strstr(file_read("awkward/v1/awkward.grpc-c.client.h"), "Reads because it says so."));
}

static void client_files_know_no_server(void **state)
{
	static const char *const files[] = { "awkward/v1/awkward.grpc-c.client.h", "awkward/v1/awkward.grpc-c.client.c",
					     "awkward/v1/awkward.grpc-c.h", "awkward/v1/awkward.grpc-c.c" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		assert_null(strstr(file_read(files[i]), "rpc_call"));
		assert_null(strstr(file_read(files[i]), "server.h"));
	}
}

static void option_files_bring_no_descriptors(void **state)
{
	(void)state;
	assert_null(strstr(file_read("awkward/v1/awkward.pb-c.h"), "descriptor.pb-c.h"));
	/* Nor protobuf-c's own service structs, which a method called Default would break. */
	assert_null(strstr(file_read("awkward/v1/awkward.pb-c.h"), "_Service"));
}

/* Runs protoc on a file; its output is in `text`. True when it succeeded. */
static bool protoc(const char *file, const char *parameter)
{
	char command[2048];
	size_t n;
	FILE *f;

	snprintf(command, sizeof command,
		 "dir=$(mktemp -d) && %s --plugin=protoc-gen-grpc-c=%s -I%s -I%s --grpc-c_out=\"$dir\" %s %s 2>&1; "
		 "how=$?; "
		 "rm -r \"$dir\"; exit $how",
		 PROTOC, PLUGIN, TEST_DATA_DIR, PROTO_DIR, parameter, file);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	return pclose(f) == 0;
}

static void what_cannot_become_c_is_refused(void **state)
{
	static const struct {
		const char *file, *parts[3];
	} cases[] = {
		{ "refused/client_streaming.proto", { "refused.S.Upload", "client streaming is not supported", NULL } },
		{ "refused/optional.proto", { "refused.M.maybe", "proto3 optional is not supported", NULL } },
		{ "refused/json_name.proto", { "refused.M.page_size", "json_name is not supported", NULL } },
		{ "refused/same_service.proto",
		  { "refused.Campaign", "refused.CampaignService", "refused_campaign_service" } },
		{ "refused/same_method.proto", { "refused.S.GetURL", "refused.S.GetUrl", "refused_s_get_url" } },
		{ "refused/same_stub.proto", { "refused.S.Watch", "refused.S.WatchOpen", "refused_s_watch_open" } },
		{ "refused/same_type.proto", { "refused.FooBar", "refused.Foo_Bar", "Refused__FooBar" } },
		{ "refused/same_field.proto", { "refused.M", "userid", "userId" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(protoc(cases[i].file, ""));
		assert_non_null(strstr(text, cases[i].file));
		for (size_t j = 0; j < 3 && cases[i].parts[j]; j++)
			assert_non_null(strstr(text, cases[i].parts[j]));
	}
}

static void unknown_parameters_are_refused(void **state)
{
	(void)state;
	assert_false(protoc("awkward/v1/parts.proto", "--grpc-c_opt=colour=red"));
	assert_non_null(strstr(text, "colour=red"));
	assert_true(protoc("awkward/v1/parts.proto", "--grpc-c_opt=public=x.Y"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_reach_the_headers),        cmocka_unit_test(client_files_know_no_server),
		cmocka_unit_test(option_files_bring_no_descriptors), cmocka_unit_test(what_cannot_become_c_is_refused),
		cmocka_unit_test(unknown_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
