/* DomainService.ExportDomains: every row once, in the list's order, whatever happens meanwhile. */
#include "api_fixture.h"
#include "domain_seeds.h"

#include "domainflow/v2/domain_service.grpc-c.client.h"
#include "store/query.h"
#include "store/tx.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_COUNT 200
#define MANY       23456 /* several pieces, the last one short */

typedef Domainflow__V2__ListDomainsRequest ListRequest;
typedef Domainflow__V2__ListDomainsResponse ListResponse;
typedef Domainflow__V2__ExportDomainsRequest ExportRequest;
typedef Domainflow__V2__ExportDomainsResponse ExportResponse;

#define SORT(name) DOMAINFLOW__V2__DOMAIN_SORT__DOMAIN_SORT_##name

static struct seeds seeds, many;
static struct arena *kept;

static char *text(const char *t)
{
	return (char *)(uintptr_t)t;
}

static void run(const char *sql)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	expect_ok(store_begin(api_fixture.store->pool, 0, &tx));
	expect_ok(store_script(tx, sql));
	expect_ok(store_commit(&tx));
}

/* Names count up with offsets, scores count down; more bytes than fit between a server and a sleeping client. */
static void make_many(void)
{
	char sql[1000];

	seeds_make(&many, kept, 0, true);
	snprintf(sql, sizeof sql,
		 "INSERT INTO domains (campaign_id, offset_index, domain_name, dns_status, domain_score, http_title)"
		 " SELECT '%1$s', 2 * i, 'n' || lpad(i::text, 7, '0') || '.com',"
		 " (CASE WHEN i %% 3 = 0 THEN 'ok' ELSE 'error' END)::dns_status_enum, 1 - i / 100000.0,"
		 " repeat('x', 900)"
		 " FROM generate_series(0, %2$d - 1) i",
		 many.campaign, MANY);
	run(sql);
}

static int open_with_seeds(void **state)
{
	int how = api_fixture_open(state);

	if (how != 0)
		return how;
	kept = arena_create(0);
	seeds_make(&seeds, kept, SEED_COUNT, true);
	make_many();
	return 0;
}

static int close_with_seeds(void **state)
{
	arena_destroy(kept);
	return api_fixture_close(state);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

static struct status open_export(ListRequest *list, struct df_stream **out)
{
	static ExportRequest in;
	struct df_call call = api_call(NULL);

	domainflow__v2__export_domains_request__init(&in);
	in.list = list;
	return domainflow_v2_domain_export_domains_open(api_fixture.connection, &call, &in, out);
}

static struct status next_of(struct df_stream *stream, ExportResponse **out)
{
	return domainflow_v2_domain_export_domains_next(stream, 20000, api_fixture.arena, out);
}

struct exported {
	Domainflow__V2__ExportedDomain **rows;
	size_t count, messages;
};

/* Called between messages. */
typedef void (*between_fn)(size_t messages);

static struct exported export_all(ListRequest *list, between_fn between)
{
	struct exported all = { .rows = arena_array(api_fixture.arena, MANY, sizeof *all.rows) };
	struct df_stream *stream = NULL;
	ExportResponse *message = NULL;
	struct status st;

	expect_ok(open_export(list, &stream));
	for (;;) {
		message = NULL;
		st = next_of(stream, &message);
		if (!status_ok(st) || !message)
			break;
		for (size_t i = 0; i < message->n_rows; i++) {
			assert_true(all.count < MANY);
			all.rows[all.count++] = message->rows[i];
		}
		all.messages++;
		if (between)
			between(all.messages);
	}
	expect_ok(st);
	df_stream_close(stream);
	return all;
}

/* --- contents ------------------------------------------------------------------------------------------------------
 */

static void check_row(const Domainflow__V2__ExportedDomain *row, const Domainflow__V2__Domain *domain)
{
	assert_string_equal(row->domain, domain->domain);
	assert_int_equal(row->dns_status, domain->dns_status);
	assert_int_equal(row->http_status, domain->http_status);
	assert_int_equal(row->lead_status, domain->lead_status);
	assert_int_equal(row->rejection_reason, domain->rejection_reason);
	assert_int_equal(row->domain_score_value_case != 0, domain->domain_score_value_case != 0);
	assert_true(row->domain_score == domain->domain_score);
	assert_int_equal(row->richness_value_case != 0, domain->richness_value_case != 0);
	assert_true(row->richness == domain->richness);
	assert_int_equal(row->keywords_unique_value_case != 0, domain->features != NULL);
	assert_int_equal(row->keywords_unique, domain->keywords_unique);
	assert_string_equal(row->title, domain->http_title);
	if (!domain->features)
		return;
	assert_int_equal(row->n_top3, domain->features->keywords->n_top3);
	for (size_t i = 0; i < row->n_top3; i++)
		assert_string_equal(row->top3[i], domain->features->keywords->top3[i]);
}

static void rows_are_those_of_the_list(void **state)
{
	(void)state;
	for (int sort = SORT(OFFSET); sort <= SORT(KEYWORDS_UNIQUE); sort++)
		for (int dir = 1; dir <= 2; dir++)
			for (int filter = 0; filter < 4; filter++) {
				ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
				struct df_call call = api_call(NULL);
				ListResponse *page = NULL;
				struct exported all;

				list.campaign_id = seeds.campaign;
				list.sort = (Domainflow__V2__DomainSort)sort;
				list.dir = (Domainflow__V2__SortDirection)dir;
				list.not_parked = filter == 1;
				if (filter == 2)
					list.warnings = DOMAINFLOW__V2__WARNING_FILTER__WARNING_FILTER_NONE;
				if (filter == 3)
					list.keyword = text("fibre");
				all = export_all(&list, NULL);
				list.page_size = 1000;
				expect_ok(
					domainflow_v2_domain_list_domains(api_fixture.connection, &call, &list, &page));
				assert_int_equal(all.count, page->n_domains);
				assert_true(all.count > 0);
				for (size_t i = 0; i < all.count; i++)
					check_row(all.rows[i], page->domains[i]);
				arena_reset(api_fixture.arena);
			}
}

static void nothing_is_one_empty_message(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	struct exported all;

	(void)state;
	list.campaign_id = seeds.campaign;
	list.search = text("nobody");
	all = export_all(&list, NULL);
	assert_int_equal(all.count, 0);
	assert_int_equal(all.messages, 1);
}

/* --- many rows, and a campaign that moves ---------------------------------------------------------------------------
 */

/* Every score is turned around while the export is under way. */
static void turn_scores(size_t messages)
{
	char sql[300];

	if (messages != 3 && messages != 20)
		return;
	snprintf(sql, sizeof sql, "UPDATE domains SET domain_score = 1 - domain_score WHERE campaign_id = '%s'",
		 many.campaign);
	run(sql);
}

static void each_domain_comes_once_while_scores_change(void **state)
{
	static const Domainflow__V2__DomainSort sorts[] = { SORT(OFFSET), SORT(DOMAIN_SCORE), SORT(DOMAIN) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
		struct exported all;

		list.campaign_id = many.campaign;
		list.sort = sorts[i];
		all = export_all(&list, turn_scores);
		assert_int_equal(all.count, MANY);
		assert_true(all.messages > 20);
		for (size_t n = 0; n < all.count; n++) { /* all three orders are the same at the beginning */
			char name[32];

			snprintf(name, sizeof name, "n%07zu.com", n);
			assert_string_equal(all.rows[n]->domain, name);
		}
		arena_reset(api_fixture.arena);
	}
}

static void filters_hold_over_many_pieces(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	struct exported all;

	(void)state;
	list.campaign_id = many.campaign;
	list.dns_status = DOMAINFLOW__V2__DNS_STATUS__DNS_STATUS_OK;
	all = export_all(&list, NULL);
	assert_int_equal(all.count, (MANY + 2) / 3);
	for (size_t n = 0; n < all.count; n++)
		assert_int_equal(all.rows[n]->dns_status, DOMAINFLOW__V2__DNS_STATUS__DNS_STATUS_OK);
}

/* --- readers
 * ---------------------------------------------------------------------------------------------------------- */

static void wait_until_none_is_sent(void)
{
	while (atomic_load(&api_fixture.api.exports) > 0)
		sched_yield();
}

static void a_reader_who_leaves_ends_it(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	struct df_stream *stream = NULL;
	ExportResponse *message = NULL;

	(void)state;
	list.campaign_id = many.campaign;
	expect_ok(open_export(&list, &stream));
	expect_ok(next_of(stream, &message));
	assert_true(message->n_rows > 0);
	df_stream_close(stream);
	wait_until_none_is_sent();
}

static void a_reader_who_sleeps_is_left_alone(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	int64_t stall_ms = api_fixture.store->settings.export_stall_ms;
	struct df_stream *stream = NULL;
	ExportResponse *message = NULL;
	struct status st = { .code = STATUS_OK };

	(void)state;
	list.campaign_id = many.campaign;
	api_fixture.store->settings.export_stall_ms = 100;
	expect_ok(open_export(&list, &stream));
	expect_ok(next_of(stream, &message));
	wait_until_none_is_sent(); /* what fits on the way is sent, then nobody reads */
	while (status_ok(st) && message) {
		message = NULL;
		st = next_of(stream, &message);
	}
	api_fixture.store->settings.export_stall_ms = stall_ms;
	df_stream_close(stream);
	assert_int_equal(st.code, STATUS_RESOURCE_EXHAUSTED);
}

static void only_so_many_are_sent_at_once(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;
	int64_t exports_max = api_fixture.store->settings.exports_max;
	struct df_stream *stream = NULL;
	ExportResponse *message = NULL;
	struct exported all;

	(void)state;
	list.campaign_id = seeds.campaign;
	api_fixture.store->settings.exports_max = 0;
	expect_ok(open_export(&list, &stream));
	expect_failure(next_of(stream, &message), STATUS_RESOURCE_EXHAUSTED, "EXPORTS_BUSY");
	df_stream_close(stream);
	api_fixture.store->settings.exports_max = exports_max;
	all = export_all(&list, NULL);
	assert_int_equal(all.count, SEED_COUNT);
}

static void refuse(ListRequest *list, enum status_code code, const char *reason, const char *field)
{
	struct df_stream *stream = NULL;
	ExportResponse *message = NULL;
	struct status st;

	expect_ok(open_export(list, &stream));
	st = next_of(stream, &message);
	expect_failure(st, code, reason);
	if (field)
		assert_string_equal(api_field(st, 0), field);
	df_stream_close(stream);
}

static void refusals(void **state)
{
	ListRequest list = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__INIT;

	(void)state;
	refuse(NULL, STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "list");
	refuse(&list, STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "list.campaignId");
	list.campaign_id = seeds.campaign;
	list.page_size = 5;
	refuse(&list, STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "list.pageSize");
	list.page_size = 0;
	list.min_score_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__MIN_SCORE_VALUE_MIN_SCORE;
	list.min_score = -1;
	refuse(&list, STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "list.minScore");
	list.min_score_value_case = 0;
	list.campaign_id = text("0190f3a0-0000-7000-8000-000000000001");
	refuse(&list, STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		API_TEST(rows_are_those_of_the_list),
		API_TEST(nothing_is_one_empty_message),
		API_TEST(each_domain_comes_once_while_scores_change),
		API_TEST(filters_hold_over_many_pieces),
		API_TEST(a_reader_who_leaves_ends_it),
		API_TEST(a_reader_who_sleeps_is_left_alone),
		API_TEST(only_so_many_are_sent_at_once),
		API_TEST(refusals),
	};

	return cmocka_run_group_tests(tests, open_with_seeds, close_with_seeds);
}
