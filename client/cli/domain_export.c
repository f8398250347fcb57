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

#define TELL_EVERY_MS 250

/* The columns of the REST export, in its order and under its names. */
static const struct {
	const char *name, *path;
} columns[] = {
	{ "domain", "domain" },
	{ "dnsStatus", "dns_status" },
	{ "httpStatus", "http_status" },
	{ "leadStatus", "lead_status" },
	{ "rejectionReason", "rejection_reason" },
	{ "domainScore", "domain_score" },
	{ "richness", "richness" },
	{ "keywordsUnique", "keywords_unique" },
	{ "top3", "features.keywords.top3" },
	{ "title", "http_title" },
};

struct exporting {
	struct cli *cli;
	enum output_format format;
	struct out_file file;
	struct buffer row;
	int64_t count, told_ms;
	bool tells; /* how far it is, on a terminal */
};

static void csv_row(struct exporting *e, const ProtobufCMessage *domain)
{
	for (size_t c = 0; c < ARRAY_LEN(columns); c++)
		csv_cell(&e->row, domain ? pb_text(e->cli->pages, domain, columns[c].path) : columns[c].name, c == 0);
	csv_row_end(&e->row);
}

static void json_row(struct exporting *e, const ProtobufCMessage *domain)
{
	AUTO(json) json_t *tree = pb_json(domain);

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

static struct status rows_write(struct exporting *e, const ProtobufCMessage *const *domains, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (e->format == OUTPUT_CSV)
			csv_row(e, domains[i]);
		else
			json_row(e, domains[i]);
		TRY(row_write(e));
		e->count++;
	}
	tell(e);
	return STATUS_OK_VALUE;
}

static bool page_write(void *context, const struct page *page, struct status *st)
{
	struct exporting *e = context;

	if (e->count == 0 && e->format == OUTPUT_CSV)
		csv_row(e, NULL);
	if (e->count == 0 && e->format == OUTPUT_JSON)
		buffer_text(&e->row, "{\"domains\": [");
	*st = rows_write(e, page->items, page->count);
	return status_ok(*st);
}

static struct status rows_fetch(struct exporting *e)
{
	PB(ListDomainsRequest, LIST_DOMAINS_REQUEST, request);
	Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX];

	TRY(domain_selection_read(e->cli, reasons, &request));
	TRY(list_pages(e->cli, e->cli->pages, &domainflow_v2_domain_list_domains_method, &request.base, "domains", -1,
		       page_write, e));
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
