/* How many rows a second ExportDomains sends, and what a page of ListDomains costs, over the wire.
 *
 *   bench_lists 127.0.0.1:8090 <campaign>
 *
 * Orders without an index read the whole campaign for a page; docs/decisions/0021-domain-lists.md says which. */
#include "domainflow/call.h"
#include "domainflow/connection.h"
#include "domainflow/stream.h"
#include "domainflow/v2/domain_service.grpc-c.client.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGES 21

typedef Domainflow__V2__ListDomainsRequest ListRequest;

static void fail(const char *what, struct status st)
{
	fprintf(stderr, "%s: %s: %s\n", what, st.reason ? st.reason : "", st.detail);
	exit(1);
}

static void bench_export(struct df_connection *connection, const char *name, ListRequest *list)
{
	Domainflow__V2__ExportDomainsRequest in = DOMAINFLOW__V2__EXPORT_DOMAINS_REQUEST__INIT;
	Domainflow__V2__ExportDomainsResponse *message = NULL;
	AUTO(arena) struct arena *arena = arena_create(0);
	struct df_call call = { .arena = arena };
	struct df_stream *stream = NULL;
	int64_t start_us = clock_monotonic_us();
	size_t rows = 0;
	struct status st;
	double seconds;

	in.list = list;
	st = domainflow_v2_domain_export_domains_open(connection, &call, &in, &stream);
	while (status_ok(st)) {
		message = NULL;
		arena_reset(arena);
		st = domainflow_v2_domain_export_domains_next(stream, 60000, arena, &message);
		if (!status_ok(st) || !message)
			break;
		rows += message->n_rows;
	}
	df_stream_close(stream);
	if (!status_ok(st))
		fail(name, st);
	seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
	printf("export %-28s %8zu rows  %6.2f s  %8.0f rows/s\n", name, rows, seconds, (double)rows / seconds);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void bench_page(struct df_connection *connection, const char *name, ListRequest *list)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct df_call call = { .arena = arena, .timeout_ms = 60000 };
	int64_t took_us[PAGES];

	for (int i = 0; i < PAGES; i++) {
		Domainflow__V2__ListDomainsResponse *out = NULL;
		int64_t start_us = clock_monotonic_us();
		struct status st;

		arena_reset(arena);
		st = domainflow_v2_domain_list_domains(connection, &call, list, &out);
		if (!status_ok(st))
			fail(name, st);
		took_us[i] = clock_monotonic_us() - start_us;
	}
	qsort(took_us, PAGES, sizeof *took_us, by_size);
	printf("page   %-28s least %8.1f ms  median %8.1f ms  most %8.1f ms\n", name, (double)took_us[0] / 1e3,
	       (double)took_us[PAGES / 2] / 1e3, (double)took_us[PAGES - 1] / 1e3);
}

/* Pages that are deep, and pages of a selection. */
static void bench_parts(struct df_connection *connection, char *campaign)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	struct df_call call = { .arena = arena, .timeout_ms = 60000 };
	ListRequest all = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT, deep, part;
	Domainflow__V2__ListDomainsResponse *out = NULL;
	struct status st;

	all.campaign_id = campaign;
	st = domainflow_v2_domain_list_domains(connection, &call, &all, &out);
	if (!status_ok(st))
		fail("count", st);
	deep = all;
	deep.limit_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__LIMIT_VALUE_LIMIT;
	deep.limit = 100;
	deep.offset_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__OFFSET_VALUE_OFFSET;
	deep.offset = (int32_t)((int64_t)out->total * 9 / 10);
	bench_page(connection, "offset, 90 % skipped", &deep);
	deep.sort = DOMAINFLOW__V2__DOMAIN_SORT__DOMAIN_SORT_RICHNESS_SCORE;
	bench_page(connection, "richness, 90 % skipped", &deep);
	part = all;
	part.dns_status = DOMAINFLOW__V2__DNS_STATUS__DNS_STATUS_OK;
	bench_page(connection, "of one status", &part);
	part.lead_status = DOMAINFLOW__V2__LEAD_STATUS__LEAD_STATUS_MATCH;
	bench_page(connection, "of two statuses, counted", &part);
	st = domainflow_v2_domain_list_domains(connection, &call, &part, &out);
	if (!status_ok(st))
		fail("cursor", st);
	part.page_token = out->next_page_token;
	if (part.page_token && *part.page_token)
		bench_page(connection, "of two statuses, next page", &part);
}

int main(int argc, char **argv)
{
	static const char *const sorts[] = { "",           "offset",   "domain_score",    "lead_score",     "domain",
					     "created_at", "richness", "microcrawl_gain", "keywords_unique" };
	struct df_connection *connection = NULL;
	struct status st;

	if (argc != 3)
		return 2;
	st = df_connect(argv[1], NULL, &connection);
	if (!status_ok(st))
		fail("connect", st);
	for (int sort = 1; sort < (int)(sizeof sorts / sizeof *sorts); sort++) {
		ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;

		list.campaign_id = argv[2];
		list.sort = (Domainflow__V2__DomainSort)sort;
		bench_page(connection, sorts[sort], &list);
		if (sort <= 2)
			bench_export(connection, sorts[sort], &list);
	}
	bench_parts(connection, argv[2]);
	df_close(connection);
	return 0;
}
