#include "cli/config.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* An empty home, and nothing said in the environment. */
static char folder[64], path[128];

static int setup(void **state)
{
	snprintf(folder, sizeof folder, "/tmp/cli-config-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/domainflow", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/domainflow/config", folder);
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		char name[48];

		config_variable((enum option_id)i, name);
		unsetenv(name);
	}
	setenv("XDG_CONFIG_HOME", folder, 1);
	*state = arena_create(0);
	return 0;
}

static int teardown(void **state)
{
	arena_destroy(*state);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(folder);
	return 0;
}

static void file_write(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static struct status line(void **state, const char *option, const char *value, struct config *out)
{
	char *argv[] = { (char[]){ "dfctl" }, (char[]){ "campaign" }, (char[]){ "list" }, (char *)(uintptr_t)option,
			 (char *)(uintptr_t)value };
	static struct options o;

	assert_true(status_ok(options_read(option ? value ? 5 : 4 : 3, argv, &o)));
	return config_read(&o, *state, out);
}

static void without_a_file_nothing_is_said(void **state)
{
	struct config c;

	assert_true(status_ok(line(state, NULL, NULL, &c)));
	assert_null(c.value[OPTION_SERVER]);
	assert_null(c.path);
}

static void the_line_wins_over_the_environment_and_that_over_the_file(void **state)
{
	struct config c;

	file_write("# where\n\n  server = from-file:1 \nquiet=yes\noutput = jsonl\n");
	assert_true(status_ok(line(state, NULL, NULL, &c)));
	assert_string_equal(c.value[OPTION_SERVER], "from-file:1");
	assert_string_equal(c.value[OPTION_OUTPUT], "jsonl");
	assert_non_null(c.value[OPTION_QUIET]);
	assert_non_null(strstr(c.source[OPTION_SERVER], "/domainflow/config:3"));
	setenv("DOMAINFLOW_SERVER", "from-environment:2", 1);
	setenv("DOMAINFLOW_QUIET", "no", 1);
	assert_true(status_ok(line(state, NULL, NULL, &c)));
	assert_string_equal(c.value[OPTION_SERVER], "from-environment:2");
	assert_string_equal(c.source[OPTION_SERVER], "DOMAINFLOW_SERVER");
	assert_null(c.value[OPTION_QUIET]);
	assert_true(status_ok(line(state, "--server", "from-line:3", &c)));
	assert_string_equal(c.value[OPTION_SERVER], "from-line:3");
	assert_string_equal(c.source[OPTION_SERVER], "--server");
}

static void files_that_a_file_names_are_beside_it(void **state)
{
	struct config c;
	char beside[128];

	file_write("tls-ca = ca.pem\ntls-key = /etc/key.pem\n");
	assert_true(status_ok(line(state, NULL, NULL, &c)));
	snprintf(beside, sizeof beside, "%s/domainflow/ca.pem", folder);
	assert_string_equal(c.value[OPTION_TLS_CA], beside);
	assert_string_equal(c.value[OPTION_TLS_KEY], "/etc/key.pem");
}

static void mistakes_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "\nsevrer = x\n", "config:2: there is no setting sevrer; did you mean server?" },
		{ "server\n", "config:1: a line is `name = value`, not server" },
		{ "server =\n", "config:1 is empty" },
		{ "output = jason\n", "config:1 can't be jason; did you mean json?" },
		{ "quiet = maybe\n", "config:1 is yes or no, not maybe" },
		{ "limit = 3\n", "there is no setting limit" },
	};
	struct config c;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct status st;

		file_write(cases[i].text);
		st = line(state, NULL, NULL, &c);
		assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
		if (!strstr(st.detail, cases[i].says))
			fail_msg("%s", st.detail);
	}
}

static void a_file_that_was_asked_for_must_be_there(void **state)
{
	struct config c;
	struct status st = line(state, "--config", "/nonexistent/config", &c);

	assert_int_equal(st.code, STATUS_INVALID_ARGUMENT);
	assert_non_null(strstr(st.detail, "/nonexistent/config"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_nothing_is_said),
		TEST(the_line_wins_over_the_environment_and_that_over_the_file),
		TEST(files_that_a_file_names_are_beside_it),
		TEST(mistakes_name_file_and_line),
		TEST(a_file_that_was_asked_for_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
