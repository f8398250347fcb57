/* domain_export.c: all domains of a campaign that a selection allows, into a file, row by row. */
#include "cli.h"
#include "command.h"
#include "csv.h"
#include "domain.h"
#include "out_file.h"
#include "output.h"
#include "pb.h"
#include "pb_json.h"
#include "pb_value.h"
#include "terminal.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

#define TELL_EVERY_MS   250
#define WAIT_MS_DEFAULT 60000 /* for the next rows: a server may have to sort first */

struct exporting {
	struct cli *cli;
	enum output_format format;
	struct out_file file;
	struct buffer row;
	int64_t count, told_ms;
	bool has_begun;
	bool tells; /* how far it is, on a terminal */
};

/* The fields of a row are the columns, in the contract's order; without a row their names. */
static void csv_row(struct exporting *e, const ProtobufCMessage *row)
{
	const ProtobufCMessageDescriptor *type = &domainflow__v2__exported_domain__descriptor;
	char name[COLUMN_NAME_SIZE];

	for (unsigned i = 0; i < type->n_fields; i++) {
		column_name(type->fields[i].name, name);
		csv_cell(&e->row, row ? pb_text_exact(e->cli->pages, row, type->fields[i].name) : name, i == 0);
	}
	csv_row_end(&e->row);
}

static void json_row(struct exporting *e, const ProtobufCMessage *row)
{
	AUTO(json) json_t *tree = pb_json(row);

	if (e->format == OUTPUT_JSON)
		buffer_text(&e->row, e->count ? ",\n" : "\n");
	if (!tree || !json_print(tree, JSON_COMPACT_TEXT, &e->row))
		e->row.failed = true;
	if (e->format == OUTPUT_JSONL)
		buffer_char(&e->row, '\n');
}

static struct status row_write(struct exporting *e)
{
	bool is_short = e->row.failed;
	size_t n = is_short ? 0 : fwrite(e->row.data ? e->row.data : "", 1, e->row.len, e->file.stream);
	bool is_full = !is_short && n != e->row.len;

	buffer_clear(&e->row);
	if (is_short)
		return status_out_of_memory();
	if (is_full) /* out_file_close knows why */
		return status_make(STATUS_INTERNAL, "OUTPUT", "%s", "the domains could not be written");
	return STATUS_OK_VALUE;
}

static void tell(struct exporting *e)
{
	int64_t now = clock_monotonic_ms();

	if (!e->tells || now - e->told_ms < TELL_EVERY_MS)
		return;
	e->told_ms = now;
	fprintf(e->cli->err, "\r%" PRId64 " domains", e->count);
	fflush(e->cli->err);
}

static struct status rows_write(struct exporting *e, const ProtobufCMessage *const *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (e->format == OUTPUT_CSV)
			csv_row(e, rows[i]);
		else
			json_row(e, rows[i]);
		TRY(row_write(e));
		e->count++;
	}
	tell(e);
	return STATUS_OK_VALUE;
}

/* One after the other as they come; what came is written before the next is asked for. */
static struct status stream_write(struct exporting *e, struct df_stream *stream)
{
	int64_t wait_ms = e->cli->timeout_ms > 0 ? e->cli->timeout_ms : WAIT_MS_DEFAULT;
	Domainflow__V2__ExportDomainsResponse *part;

	for (;;) {
		struct status st;

		arena_reset(e->cli->pages);
		st = domainflow_v2_domain_export_domains_next(stream, wait_ms, e->cli->pages, &part);
		if (!status_ok(st) || !part)
			return st;
		if (!e->has_begun && e->format == OUTPUT_CSV)
			csv_row(e, NULL);
		else if (!e->has_begun && e->format == OUTPUT_JSON)
			buffer_text(&e->row, "{\"domains\": [");
		e->has_begun = true;
		TRY(rows_write(e, (const ProtobufCMessage *const *)part->rows, part->n_rows));
	}
}

static struct status rows_fetch(struct exporting *e)
{
	PB(ExportDomainsRequest, EXPORT_DOMAINS_REQUEST, request);
	PB(ListDomainsRequest, LIST_DOMAINS_REQUEST, list);
	struct df_call call = { .arena = e->cli->arena, .cancel = e->cli->cancel, .report = &e->cli->report };
	Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX];
	struct df_stream *stream = NULL;
	struct status st;

	TRY(domain_selection_read(e->cli, reasons, &list));
	request.list = &list;
	TRY(cli_connect(e->cli));
	TRY(domainflow_v2_domain_export_domains_open(e->cli->connection, &call, &request, &stream));
	st = stream_write(e, stream);
	df_stream_close(stream);
	TRY(st);
	if (e->format == OUTPUT_JSON)
		buffer_text(&e->row, e->count ? "\n]}\n" : "]}\n");
	return row_write(e);
}

/* "leads.csv" is a file, "csv" a format; a file's name says the format unless one was given. */
static void target_read(const struct cli *cli, const char **out_path, enum output_format *out_format)
{
	const char *output = cli->options->value[OPTION_OUTPUT], *path = cli->options->value[OPTION_TO], *dot;
	bool is_format = output && format_parse(cli->options->command, output, out_format);

	if (output && !is_format)
		path = output;
	*out_path = path;
	dot = path ? strrchr(path, '.') : NULL;
	if (!is_format && dot)
		format_parse(cli->options->command, dot + 1, out_format);
}

struct status domain_export(struct cli *cli)
{
	struct exporting e = { .cli = cli, .format = cli->format };
	const char *path;
	struct status st;

	target_read(cli, &path, &e.format);
	buffer_init(&e.row, 0);
	st = out_file_open(&e.file, path, cli->out, cli->arena);
	if (status_ok(st)) {
		e.tells = e.file.path && !cli->is_quiet && terminal_columns(cli->err) > 0;
		st = out_file_close(&e.file, rows_fetch(&e));
		if (e.told_ms)
			fputs("\r\033[K", cli->err);
	}
	buffer_done(&e.row);
	if (status_ok(st) && e.file.path)
		cli_note(cli, "%" PRId64 " domains are in %s", e.count, path);
	return st;
}
