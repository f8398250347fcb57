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

struct choices;
struct command;

/* X(NAME, long name, short letter or 0, metavar or NULL, choices_… of its value, help) */
#define GLOBAL_OPTIONS(X) \
	X(SERVER, "server", 0, "ADDR", none, "the server: host:port or unix:/path (default 127.0.0.1:8090)") \
	X(TIMEOUT, "timeout", 0, "TIME", none, "longest wait for one answer: 10s, 500ms, 2m (default 10s)") \
	X(OUTPUT, "output", 'o', "FORMAT", format, "how answers are written") \
	X(TLS_CA, "tls-ca", 0, "FILE", file, "speak TLS; PEM file of the authorities that vouch for the server") \
	X(TLS_CERT, "tls-cert", 0, "FILE", file, "PEM file of this client's certificate chain") \
	X(TLS_KEY, "tls-key", 0, "FILE", file, "PEM file of this client's private key") \
	X(TLS_SERVER_NAME, "tls-server-name", 0, "NAME", none, "the name the server's certificate must carry") \
	X(NO_COLOR, "no-color", 0, NULL, none, "no colours (NO_COLOR does the same)") \
	X(QUIET, "quiet", 'q', NULL, none, "no notes beside the answer") \
	X(CONFIG, "config", 0, "FILE", file, "read this file instead of ~/.config/domainflow/config") \
	X(VERSION, "version", 0, NULL, none, "the version of this program") \
	X(HELP, "help", 'h', NULL, none, "this help")

#define COMMAND_OPTIONS(X) \
	X(FILE, "file", 'f', "FILE", file, "JSON to read, - for standard input") \
	X(NAME, "name", 0, "TEXT", none, "the name") \
	X(DESCRIPTION, "description", 0, "TEXT", none, "the description") \
	X(MODE, "mode", 0, "MODE", mode, "who starts the next phase") \
	X(START, "start", 0, NULL, none, "start the first phase at once") \
	X(IF_MISSING, "if-missing", 0, NULL, none, "show the one of that name when it has the same content") \
	X(YES, "yes", 'y', NULL, none, "do not ask") \
	X(LIMIT, "limit", 'n', "N", none, "show at most N, or all (default 100)") \
	X(STATUS, "status", 0, "STATUS", campaign_status, "only those in this status") \
	X(SEARCH, "search", 0, "TEXT", none, "only those whose name contains this") \
	X(PHASE, "phase", 0, "PHASE", phase, "only this phase") \
	X(UNTIL, "until", 0, "GOAL", until, "end when this phase, or (completed, the default) the campaign is done") \
	X(FOR, "for", 0, "GOAL", none, "status=STATUS or phase/PHASE=STATUS (default status=completed)") \
	X(AFTER, "after", 0, "N", none, "begin with the events after number N") \
	X(TYPES, "types", 0, "LIST", event_types, "only these events, separated by commas") \
	X(PERSONA, "persona", 0, "ID|NAME", none, "use this persona; may be repeated") \
	X(KEYWORD_SET, "keyword-set", 0, "ID|NAME", none, "use this keyword set; may be repeated") \
	X(DNS_STATUS, "dns-status", 0, "STATUS", dns_status, "only those that resolve so") \
	X(HTTP_STATUS, "http-status", 0, "STATUS", http_status, "only those whose site answers so") \
	X(LEAD_STATUS, "lead-status", 0, "STATUS", lead_status, "only those with this verdict") \
	X(REASON, "reason", 0, "REASON", rejection_reason, "only this rejection reason; may be repeated") \
	X(DNS_REASON, "dns-reason", 0, "WORD", none, "only those that fail to resolve so: NXDOMAIN, SERVFAIL, ...") \
	X(HTTP_REASON, "http-reason", 0, "WORD", none, "only those whose fetch fails so: TIMEOUT, NOT_FOUND, ...") \
	X(MIN_SCORE, "min-score", 0, "N", none, "only those with this score or more, 0 to 1 or in per cent") \
	X(NOT_PARKED, "not-parked", 0, NULL, none, "no parking pages") \
	X(HAS_CONTACT, "has-contact", 0, NULL, none, "only those with a contact") \
	X(KEYWORD, "keyword", 0, "TEXT", none, "only those with a keyword that contains this") \
	X(WARNINGS, "warnings", 0, "WORD", warnings, "only those with or without warnings") \
	X(BUCKET, "bucket", 0, "BUCKET", bucket, "only this class of richness") \
	X(SORT, "sort", 0, "ORDER", domain_sort, "the order (default offset)") \
	X(DIR, "dir", 0, "DIRECTION", direction, "which end comes first (default desc for scores, else asc)") \
	X(TYPE, "type", 0, "TYPE", persona_type, "of the persona") \
	X(ENABLED, "enabled", 0, NULL, none, "only enabled ones") \
	X(ENABLE, "enable", 0, NULL, none, "may be used from now on") \
	X(DISABLE, "disable", 0, NULL, none, "may not be used any more") \
	X(TO, "to", 0, "FILE", file, "write to this file, which appears when it is complete") \
	X(DETAIL, "detail", 0, "WORD", event_detail, "how many extraction_substep events") \
	X(PATTERN, "pattern", 0, "TYPE", pattern, "where the variable characters are") \
	X(LENGTH, "length", 0, "N", none, "how many variable characters") \
	X(CHARSET, "charset", 0, "CHARACTERS", none, "what they may be (default a-z0-9)") \
	X(CONSTANT, "constant", 0, "TEXT", none, "the part of every name that is the same") \
	X(TLD, "tld", 0, "LIST", none, "endings, separated by commas (default .com)") \
	X(SAMPLE, "sample", 0, "N", none, "how many names to show, 0 to 50 (default 5)")

enum option_id {
#define X(name, text, letter, metavar, values, help) OPTION_##name,
	GLOBAL_OPTIONS(X) COMMAND_OPTIONS(X)
#undef X
		OPTION_COUNT
};

_Static_assert(OPTION_COUNT <= 64, "sets of options are bits of a uint64_t");
#define OPTION_BIT(name)  (UINT64_C(1) << OPTION_##name)
#define OPTION_VALUES_MAX 64 /* values of repeated options on one line, all together */
#define COMMAND_ARGS_MAX  8

struct option_row {
	const char *name;
	char letter;
	const char *metavar; /* NULL: takes no value */
	const struct choices *choices;
	const char *help;
};

extern const struct option_row option_rows[OPTION_COUNT];
extern const uint64_t option_globals; /* their bits */

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_CSV };

#define FORMAT_BIT(name) (1u << OUTPUT_##name)
#define FORMATS_ALL      0 /* what a row that says nothing has */
#define FORMATS_STREAM   (FORMAT_BIT(TABLE) | FORMAT_BIT(JSON) | FORMAT_BIT(JSONL)) /* JSON is one object a line, too */
#define FORMATS_ROWS     (FORMAT_BIT(JSON) | FORMAT_BIT(JSONL) | FORMAT_BIT(CSV))   /* CSV unless somebody chose */
#define FORMATS_NONE     FORMAT_BIT(TABLE)                                          /* writes one thing only */

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
/* The format that a word of --output means, as far as the command writes it. */
bool format_parse(const struct command *command, const char *word, enum output_format *out);
/* The format of a command when nobody chose one. */
enum output_format format_default(const struct command *command);
/* Which of `count` words is nearest to `word`, when near enough to be meant; NULL otherwise. `word_at` gives them; a
 * word is valid until the next. */
const char *nearest_word(const char *word, const char *(*word_at)(size_t i, const void *context), const void *context,
			 size_t count);

#endif
