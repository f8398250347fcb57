#include "cli.h"

#include "choices.h"
#include "command.h"
#include "terminal.h"

#include "proto/runtime/method.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/random.h"
#include "base/text.h"
#include "base/uuid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOTE_BYTES_MAX 1024
#define PEM_BYTES_MAX  (1024 * 1024)
#define REPEAT_WAIT_MS 300 /* at least half of it, before each repeat of a change */

/* The PEM file an option names, as text; NULL when it names none. */
static struct status pem_read(struct cli *cli, enum option_id id, const char **out)
{
	const char *path = cli->config.value[id];
	char *text;

	if (!path)
		return STATUS_OK_VALUE;
	TRY(file_read(path, PEM_BYTES_MAX, cli->arena, &text));
	*out = text;
	return STATUS_OK_VALUE;
}

struct status cli_connect(struct cli *cli)
{
	struct df_options options = { .user_agent = "dfctl", .timeout_ms = cli->timeout_ms };
	struct status st;

	if (cli->connection)
		return STATUS_OK_VALUE;
	TRY(pem_read(cli, OPTION_TLS_CA, &options.ca_pem));
	TRY(pem_read(cli, OPTION_TLS_CERT, &options.certificate_pem));
	TRY(pem_read(cli, OPTION_TLS_KEY, &options.key_pem));
	options.server_name = cli->config.value[OPTION_TLS_SERVER_NAME];
	if (!options.certificate_pem != !options.key_pem || (options.key_pem && !options.ca_pem))
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s",
				   "--tls-cert and --tls-key go together, and with --tls-ca");
	if (options.server_name && !options.ca_pem)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s", "--tls-server-name needs --tls-ca");
	st = df_connect(cli->server, &options, &cli->connection);
	return status_ok(st) || !*cli->server ? st : status_wrap(st, cli->server);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	AUTO(buffer) struct buffer b = { 0 };
	char text[NOTE_BYTES_MAX];
	va_list args;

	if (cli->is_quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	terminal_text(&b, text);
	fprintf(cli->err, "dfctl: %s\n", b.data ? b.data : "");
}

const char *cli_arg(const struct cli *cli, size_t i)
{
	return i < cli->options->arg_count ? cli->options->args[i] : NULL;
}

bool cli_confirm(const struct cli *cli, const char *question)
{
	char line[16];

	if (cli->options->is_given[OPTION_YES] || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	fprintf(cli->err, "%s [y/N] ", question);
	fflush(cli->err);
	return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

int cli_choice(const struct cli *cli, enum option_id id)
{
	return choices_value(option_rows[id].choices, cli->options->value[id]);
}

int cli_arg_choice(const struct cli *cli, size_t i)
{
	char name[COMMAND_ARGUMENT_SIZE];

	command_argument(cli->options->command, i, name);
	return choices_value(choices_of_argument(name), cli_arg(cli, i));
}

bool cli_is_json(const struct cli *cli)
{
	return cli->format == OUTPUT_JSON || cli->format == OUTPUT_JSONL;
}

struct status cli_number(const char *text, const char *what, int64_t least, int64_t most, int64_t *out)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end || errno || value < least || value > most)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s is a number from %lld to %lld, not %s", what,
				   (long long)least, (long long)most, text);
	*out = value;
	return STATUS_OK_VALUE;
}

/* The server keeps what it answered to a key only for these services. */
static bool keeps_answers(const struct method *method)
{
	return strcmp(method->service, "domainflow.v2.CampaignService") == 0 ||
	       strcmp(method->service, "domainflow.v2.PhaseService") == 0;
}

void attempt_begin(struct attempt *a, struct cli *cli, const struct method *method)
{
	uint8_t bytes[16];

	memset(a, 0, sizeof *a);
	a->call = (struct df_call){ .arena = cli->arena, .cancel = cli->cancel, .report = &cli->report };
	if (method->is_read)
		return;
	a->left = keeps_answers(method) ? MUTATION_ATTEMPTS_MAX - 1 : 0;
	random_bytes(bytes, sizeof bytes);
	text_hex(bytes, sizeof bytes, a->key);
	a->call.idempotency_key = a->key;
}

bool attempt_again(struct attempt *a, const struct cli *cli, struct status st)
{
	int64_t least = st.extra ? st.extra->retry_after_ms : 0, wait;
	uint64_t dice;

	if (st.code != STATUS_UNAVAILABLE || a->left == 0 || atomic_load(cli->cancel))
		return false;
	a->left--;
	random_bytes(&dice, sizeof dice);
	wait = REPEAT_WAIT_MS / 2 + (int64_t)(dice % (REPEAT_WAIT_MS / 2));
	wait = wait > least ? wait : least;
	/* Ctrl-C cuts the sleep short; the next attempt then ends at once. */
	nanosleep(&(struct timespec){ .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000 }, NULL);
	return true;
}
