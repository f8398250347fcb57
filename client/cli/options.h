/* cli/options.h: every option of every command, in one list, and the reading of a command line.
 *
 * A command says by bits which options it takes; the global ones are taken everywhere, before and after the command's
 * words. Pure but for the pointers into argv it keeps; one thread. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

/* X(NAME, long name, short letter or 0, metavar or NULL, help) */
#define GLOBAL_OPTIONS(X) \
	X(SERVER, "server", 0, "ADDR", "the server: host:port or unix:/path (DOMAINFLOW_SERVER, else 127.0.0.1:8090)") \
	X(TIMEOUT, "timeout", 0, "TIME", "longest wait for one answer: 10s, 500ms, 2m (default 10s)") \
	X(OUTPUT, "output", 'o', "FORMAT", "table or json") \
	X(NO_COLOR, "no-color", 0, NULL, "no colours (NO_COLOR does the same)") \
	X(QUIET, "quiet", 'q', NULL, "no notes beside the answer") \
	X(HELP, "help", 'h', NULL, "this help")

#define COMMAND_OPTIONS(X) \
	X(FILE, "file", 'f', "FILE", "JSON to read, - for standard input") \
	X(NAME, "name", 0, "TEXT", "the name") \
	X(DESCRIPTION, "description", 0, "TEXT", "the description") \
	X(MODE, "mode", 0, "MODE", "step_by_step or full_sequence") \
	X(START, "start", 0, NULL, "start the first phase at once") \
	X(IF_MISSING, "if-missing", 0, NULL, "show the one of that name when it has the same content") \
	X(YES, "yes", 'y', NULL, "do not ask") \
	X(LIMIT, "limit", 'n', "N", "show at most N, or all (default 100)") \
	X(STATUS, "status", 0, "STATUS", "only those in this status") \
	X(SEARCH, "search", 0, "TEXT", "only those whose name contains this") \
	X(PHASE, "phase", 0, "PHASE", "only this phase") \
	X(UNTIL, "until", 0, "GOAL", "completed (default), or the phase to wait for") \
	X(AFTER, "after", 0, "N", "begin with the events after number N") \
	X(PERSONA, "persona", 0, "ID|NAME", "use this persona; may be repeated") \
	X(KEYWORD_SET, "keyword-set", 0, "ID|NAME", "use this keyword set; may be repeated") \
	X(DNS_STATUS, "dns-status", 0, "STATUS", "pending, ok, error or timeout") \
	X(HTTP_STATUS, "http-status", 0, "STATUS", "pending, ok, error or timeout") \
	X(LEAD_STATUS, "lead-status", 0, "STATUS", "pending, match, no_match, error or timeout") \
	X(REASON, "reason", 0, "REASON", "only this rejection reason; may be repeated") \
	X(SORT, "sort", 0, "ORDER", "offset (default), domain_score or lead_score") \
	X(TYPE, "type", 0, "TYPE", "dns or http") \
	X(ENABLED, "enabled", 0, NULL, "only enabled ones") \
	X(ENABLE, "enable", 0, NULL, "may be used from now on") \
	X(DISABLE, "disable", 0, NULL, "may not be used any more")

enum option_id {
#define X(name, text, letter, metavar, help) OPTION_##name,
	GLOBAL_OPTIONS(X) COMMAND_OPTIONS(X)
#undef X
		OPTION_COUNT
};

#define OPTION_BIT(name)  (UINT64_C(1) << OPTION_##name)
#define OPTION_VALUES_MAX 64 /* values of repeated options on one line, all together */
#define COMMAND_ARGS_MAX  8

struct option_row {
	const char *name;
	char letter;
	const char *metavar; /* NULL: takes no value */
	const char *help;
};

extern const struct option_row option_rows[OPTION_COUNT];
extern const uint64_t option_globals; /* their bits */

/* What a command line said. Texts point into argv. */
struct options {
	const struct command *command; /* NULL: none was named */
	const char *words[2];          /* the words that were to name a command, for what to say about them */
	bool is_given[OPTION_COUNT];
	const char *value[OPTION_COUNT]; /* the last one given; NULL */
	struct {
		enum option_id option;
		const char *value;
	} values[OPTION_VALUES_MAX]; /* of options with values, in order */
	size_t value_count;
	const char *args[COMMAND_ARGS_MAX];
	size_t arg_count;
};

/* Reads argv[1..]. INVALID_ARGUMENT / USAGE with a sentence that names the mistake and, for a near miss, what may have
 * been meant. `out` is filled as far as reading came, also on failure. */
struct status options_read(int argc, char *const argv[], struct options *out) MUST_CHECK;

/* "1500ms", "10s", "2m", "10" (seconds), from 1 ms to a day. */
bool duration_parse(const char *text, int64_t *out_ms);
/* Which of `count` words is nearest to `word`, when near enough to be meant; NULL otherwise. `word_at` gives them. */
const char *nearest_word(const char *word, const char *(*word_at)(size_t i, const void *context), const void *context,
			 size_t count);

#endif
