/* main.c: dfctl. Reads the line, runs the command's function, turns its status into an exit code. */
#include "cli.h"
#include "command.h"
#include "terminal.h"

#include "base/arena.h"

#include <grpc/support/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (256 * 1024 * 1024)
#define COMPLETE_WORDS   4 /* dfctl completion words -- WORD… */

static atomic_bool is_interrupted; /* by the signal handler, read by every wait */

static void on_signal(int number)
{
	(void)number;
	atomic_store(&is_interrupted, true);
}

/* The first signal ends the waits in order; the second one ends the program the plain way. */
static void signals_catch(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* gRPC's own complaints repeat what the status says, at length. */
static void grpc_log(gpr_log_func_args *args)
{
	(void)args;
}

static struct status settle(struct cli *cli)
{
	const struct options *o = cli->options;
	const char *no_color = getenv("NO_COLOR");
	bool is_own_limit = o->command->times_itself && o->is_given[OPTION_TIMEOUT];
	const char *const *value = cli->config.value;

	cli->format = format_default(o->command);
	if (o->command->is_offline)
		return STATUS_OK_VALUE;
	TRY(config_read(o, cli->arena, &cli->config));
	cli->server = value[OPTION_SERVER] ? value[OPTION_SERVER] : SERVER_DEFAULT;
	cli->is_quiet = value[OPTION_QUIET] != NULL;
	cli->has_color = !value[OPTION_NO_COLOR] && !(no_color && *no_color) && terminal_columns(cli->out) > 0;
	if (value[OPTION_TIMEOUT] &&
	    !duration_parse(value[OPTION_TIMEOUT], is_own_limit ? &cli->limit_ms : &cli->timeout_ms))
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s is a time such as 10s, 500ms or 2m, not %s",
				   cli->config.source[OPTION_TIMEOUT], value[OPTION_TIMEOUT]);
	/* A format the line names can be written, that was checked; a preference from elsewhere holds where it can. */
	if (value[OPTION_OUTPUT])
		format_parse(o->command, value[OPTION_OUTPUT], &cli->format);
	return STATUS_OK_VALUE;
}

static struct status command_run(struct cli *cli, struct options *o)
{

	if (o->is_given[OPTION_HELP]) {
		if (o->command)
			help_command(cli->out, o->command);
		else
			help_overview(cli->out, o->words[0]);
		return STATUS_OK_VALUE;
	}
	if (o->is_given[OPTION_VERSION]) {
		fprintf(cli->out, "dfctl %s\n", DFCTL_VERSION);
		return STATUS_OK_VALUE;
	}
	if (!o->command) {
		help_overview(cli->err, o->words[0]);
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s", "which command?");
	}
	TRY(settle(cli));
	TRY(campaign_argument(cli, o));
	return o->command->run(cli);
}

int main(int argc, char **argv)
{
	static struct options options;
	struct cli cli = { .options = &options, .out = stdout, .err = stderr, .cancel = &is_interrupted };
	enum exit_code code;
	struct status st;

	if (argc > COMPLETE_WORDS && strcmp(argv[1], "completion") == 0 && strcmp(argv[2], "words") == 0) {
		complete(stdout, argv + COMPLETE_WORDS, (size_t)argc - COMPLETE_WORDS);
		return EXIT_OK;
	}
	gpr_set_log_function(grpc_log);
	cli.is_utf8 = terminal_start();
	signals_catch();
	cli.arena = arena_create(ANSWER_BYTES_MAX);
	cli.pages = arena_create(ANSWER_BYTES_MAX);
	st = cli.arena && cli.pages ? options_read(argc, argv, &options) : status_out_of_memory();
	if (status_ok(st))
		st = command_run(&cli, &options);
	if (fflush(stdout) != 0 && status_ok(st))
		st = status_make(STATUS_INTERNAL, "OUTPUT", "the answer could not be written");
	code = exit_code_of(st, atomic_load(&is_interrupted));
	if (!status_ok(st) && code != EXIT_INTERRUPTED)
		failure_print(stderr, failure_explain(st, cli.server), &cli.report);
	df_close(cli.connection);
	arena_destroy(cli.pages);
	arena_destroy(cli.arena);
	return (int)code;
}
