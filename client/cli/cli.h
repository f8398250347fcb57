/* cli/cli.h: what every command works with: the line, the connection, where answers go. One thread. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "config.h"
#include "options.h"

#include "domainflow/call.h"
#include "domainflow/connection.h"

#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>
#include <stdio.h>

struct arena;

#define SERVER_DEFAULT        "127.0.0.1:8090"
#define MUTATION_ATTEMPTS_MAX 3 /* the first and two repeats */

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,  /* the campaign failed, or anything not listed below */
	EXIT_USAGE = 2,   /* a mistake on the command line or in the input */
	EXIT_UNKNOWN = 3, /* no such object */
	EXIT_REFUSED = 4, /* not in this state, name taken, somebody was faster */
	EXIT_NO_SERVER = 5,
	EXIT_TIMEOUT = 124, /* campaign wait: the goal was not reached in time */
	EXIT_INTERRUPTED = 130,
};

struct cli {
	const struct options *options;
	struct config config; /* the global options, wherever they were given */
	struct arena *arena;  /* everything a command reads, until it ends */
	struct arena *pages;  /* one page of a list or one event of a stream at a time */
	FILE *out, *err;
	enum output_format format;
	bool is_quiet, has_color, is_utf8;
	const char *server;
	int64_t timeout_ms; /* of one call; 0: the library's default */
	int64_t limit_ms;   /* of a command that times itself, all of it; 0: none */
	atomic_bool *cancel;
	struct df_connection *connection; /* made by the first call */
	struct df_call_report report;     /* of the last call */
};

/* Which of the table's codes a failure ends the program with. */
enum exit_code exit_code_of(struct status st, bool is_interrupted);
/* A server that can't be reached in words that help; everything else as it is. */
struct status failure_explain(struct status st, const char *server) MUST_CHECK;
/* Writes "dfctl: sentence (REASON)" and the details below it. */
void failure_print(FILE *err, struct status st, const struct df_call_report *report);

/* Makes cli->connection; nothing is sent yet. */
struct status cli_connect(struct cli *cli) MUST_CHECK;
/* A note for people on standard error, silenced by -q. */
void cli_note(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* The i-th argument, NULL when there is none. */
const char *cli_arg(const struct cli *cli, size_t i);
/* Asks "question [y/N]" on a terminal; true at once with --yes and without a terminal. */
bool cli_confirm(const struct cli *cli, const char *question);
/* The enum's value of an option or of the i-th argument, checked when the line was read; 0 when it was not given. */
int cli_choice(const struct cli *cli, enum option_id id);
int cli_arg_choice(const struct cli *cli, size_t i);
/* Whether the answer is wanted as JSON, in many lines or in one. */
bool cli_is_json(const struct cli *cli);
/* A whole number least..most in `text`. */
struct status cli_number(const char *text, const char *what, int64_t least, int64_t most, int64_t *out) MUST_CHECK;

/* --- calls --------------------------------------------------------------------------------------------------- */

/* One call with its repeats. A method that changes something carries a fresh idempotency key, so that the server can
 * tell a repeat; it is repeated when the server was UNAVAILABLE, at most MUTATION_ATTEMPTS_MAX times. Reads repeat
 * themselves. */
struct attempt {
	struct df_call call;
	unsigned left;
	char key[40];
};

void attempt_begin(struct attempt *a, struct cli *cli, const struct method *method);
/* Whether to try again after `st`; waits before it says so. */
bool attempt_again(struct attempt *a, const struct cli *cli, struct status st);

/* Calls a generated function: CLI_CALL(cli, domainflow_v2_campaign_get_campaign, &request, &response). */
#define CLI_CALL(cli, function, in, out) \
	({ \
		struct attempt attempt_; \
		struct status call_status_ = cli_connect(cli); \
		attempt_begin(&attempt_, (cli), &function##_method); \
		if (status_ok(call_status_)) \
			do \
				call_status_ = function((cli)->connection, &attempt_.call, (in), (out)); \
			while (attempt_again(&attempt_, (cli), call_status_)); \
		call_status_; \
	})

#endif
