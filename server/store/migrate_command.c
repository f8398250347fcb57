/* The words after `domainflowd migrate`. */
#include "base/log.h"
#include "store/migrate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_OURS = 3 };

static int usage(FILE *out)
{
	fputs("usage: domainflowd migrate up [N]     apply what is missing, at most N\n"
	      "       domainflowd migrate down N     undo the newest N\n"
	      "       domainflowd migrate force V    record version V as clean, run nothing\n"
	      "       domainflowd migrate status     print the version\n"
	      "       domainflowd migrate check      exit with 3 unless the schema is this program's\n",
	      out);
	return EXIT_USAGE;
}

static int finish(struct status st)
{
	if (status_ok(st))
		return EXIT_DONE;
	fprintf(stderr, "domainflowd: migrate: %s (%s)\n", st.detail, st.reason);
	return EXIT_FAILED;
}

static bool read_count(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && *out >= 0;
}

static int print_status(const struct settings *settings, FILE *out)
{
	struct migrate_state state;
	struct status st = migrate_status(settings, &state);

	if (!status_ok(st))
		return finish(st);
	fprintf(out, "version %" PRId64 "%s, %zu known, %" PRId64 " pending\n", state.version,
		state.is_dirty ? " (dirty)" : "", migrations_embedded.count,
		state.version < (int64_t)migrations_embedded.count ? (int64_t)migrations_embedded.count - state.version
								   : 0);
	return EXIT_DONE;
}

static int check(const struct settings *settings)
{
	struct status st = migrate_check(settings, &migrations_embedded);
	int code = finish(st);

	return st.code == STATUS_FAILED_PRECONDITION ? EXIT_NOT_OURS : code;
}

int migrate_command(const struct settings *settings, int arg_count, char **args, FILE *out)
{
	const char *verb = arg_count > 0 ? args[0] : "";
	const char *argument = arg_count > 1 ? args[1] : NULL;
	int64_t n = 0;

	if (arg_count > 2 || (argument && !read_count(argument, &n)))
		return usage(out);
	if (strcmp(verb, "up") == 0)
		return finish(migrate_up(settings, &migrations_embedded, argument ? (size_t)n : MIGRATE_ALL));
	if (strcmp(verb, "down") == 0 && argument)
		return finish(migrate_down(settings, &migrations_embedded, (size_t)n));
	if (strcmp(verb, "force") == 0 && argument)
		return finish(migrate_force(settings, &migrations_embedded, n));
	if (strcmp(verb, "status") == 0 && !argument)
		return print_status(settings, out);
	if (strcmp(verb, "check") == 0 && !argument)
		return check(settings);
	return usage(out);
}
