/* libdomainflow.so shows what exports.map promises, and no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool starts_with(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void only_promised_names_are_exported(void **state)
{
	static const char *const wanted[] = { "df_connect",
					      "df_call_unary",
					      "df_stream_next",
					      "df_arena_create",
					      "domainflow_v2_campaign_get_campaign",
					      "domainflow__v2__get_campaign_request__init",
					      "domainflow_v2_event_watch_campaign_open" };
	bool found[sizeof wanted / sizeof wanted[0]] = { false };
	char line[512], name[400];
	FILE *f = popen("nm -D --defined-only " LIBRARY, "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%*s %*s %399s", name) != 1)
			continue;
		if (!starts_with(name, "df_") && !starts_with(name, "domainflow_") && !starts_with(name, "grpc_") &&
		    !starts_with(name, "google__"))
			fail_msg("%s is exported", name);
		assert_null(strstr(name, "_handlers"));
		assert_null(strstr(name, "_thunk"));
		assert_null(strstr(name, "campaign_service"));
		for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
			found[i] = found[i] || strcmp(name, wanted[i]) == 0;
	}
	assert_int_equal(pclose(f), 0);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		if (!found[i])
			fail_msg("%s is not exported", wanted[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_promised_names_are_exported) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
