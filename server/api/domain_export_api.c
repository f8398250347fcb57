#include "api/domain_export_api.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/domain_pb.h"
#include "api/domain_request.h"
#include "base/arena.h"
#include "config/settings.h"
#include "model/campaign.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include "store/domain_export_store.h"
#include "store/state_store.h"
#include "store/tx.h"
#include "work/thread.h"

#include <stdlib.h>

#define PIECE_ROWS   5000 /* read at once */
#define MESSAGE_ROWS 500  /* sent at once: a megabyte where every title is as long as it may be */
#define UNREAD_MOST  2    /* messages on their way when the next is made */

struct export
{
	struct api *api;
	struct rpc_stream *stream; /* one reference */
	const char *workspace;     /* the call's */
	struct uuid campaign_id;
	struct domain_query query; /* texts are the request's */
	bool has_sent;
	/* the default order */
	struct domain_position at;
	bool is_begun;
	/* every other one */
	int64_t *offsets;
	size_t count, next;
};

/* --- messages -------------------------------------------------------------------------------------------------- */

static Domainflow__V2__ExportedDomain *row_pb(struct arena *arena, const struct export_row *row)
{
	Domainflow__V2__ExportedDomain *pb =
		PB_NEW(arena, Domainflow__V2__ExportedDomain, domainflow__v2__exported_domain);

	if (!pb)
		return NULL;
	pb->domain = pb_text(row->name);
	pb->dns_status = (Domainflow__V2__DnsStatus)((int)row->dns_status + 1);
	pb->http_status = (Domainflow__V2__HttpStatus)((int)row->http_status + 1);
	pb->lead_status = (Domainflow__V2__LeadStatus)((int)row->lead_status + 1);
	pb->rejection_reason = (Domainflow__V2__RejectionReason)((int)row->rejection + 1);
	pb->title = pb_text(row->title);
	pb->top3 = row->top_keywords;
	pb->n_top3 = row->top_keyword_count;
	if (row->has_score) {
		pb->domain_score_value_case = DOMAINFLOW__V2__EXPORTED_DOMAIN__DOMAIN_SCORE_VALUE_DOMAIN_SCORE;
		pb->domain_score = row->score;
	}
	if (row->has_features) {
		pb->richness_value_case = DOMAINFLOW__V2__EXPORTED_DOMAIN__RICHNESS_VALUE_RICHNESS;
		pb->richness = row->richness;
		pb->keywords_unique_value_case = DOMAINFLOW__V2__EXPORTED_DOMAIN__KEYWORDS_UNIQUE_VALUE_KEYWORDS_UNIQUE;
		pb->keywords_unique = row->keywords_unique;
	}
	return pb;
}

static struct status wait_reader(struct export *e, size_t most)
{
	if (rpc_stream_wait_room(e->stream, most, e->api->settings->export_stall_ms))
		return STATUS_OK_VALUE;
	return status_make(STATUS_RESOURCE_EXHAUSTED, "SLOW_READER", "nobody read the export for too long");
}

static struct status send_rows(struct export *e, struct arena *arena, const struct export_row *rows, size_t count)
{
	Domainflow__V2__ExportDomainsResponse message = DOMAINFLOW__V2__EXPORT_DOMAINS_RESPONSE__INIT;

	message.rows = arena_array(arena, count + 1, sizeof *message.rows);
	if (!message.rows)
		return status_out_of_memory();
	for (; message.n_rows < count; message.n_rows++) {
		message.rows[message.n_rows] = row_pb(arena, &rows[message.n_rows]);
		if (!message.rows[message.n_rows])
			return status_out_of_memory();
	}
	TRY(wait_reader(e, UNREAD_MOST));
	e->has_sent = true;
	if (!rpc_stream_send_message(e->stream, &message.base, 0))
		return status_make(STATUS_CANCELLED, "CANCELLED", "the client went away");
	return STATUS_OK_VALUE;
}

/* --- pieces ---------------------------------------------------------------------------------------------------- */

/* The offsets of the next piece in the default order. */
static struct status next_by_key(struct export *e, struct store_tx *tx, struct arena *arena, int64_t **out,
				 size_t *out_count)
{
	struct domain_start start = { .after = e->is_begun ? &e->at : NULL };
	struct domain_position *places;
	int64_t *offsets;
	size_t count;

	TRY(store_domains_page(tx, &e->campaign_id, &e->query, &start, PIECE_ROWS, arena, &places, &count));
	offsets = arena_array(arena, count + 1, sizeof *offsets);
	if (!offsets)
		return status_out_of_memory();
	for (size_t i = 0; i < count; i++)
		offsets[i] = places[i].offset;
	if (count > 0) {
		e->at = (struct domain_position){ .offset = places[count - 1].offset, .key = "" };
		e->is_begun = true;
	}
	*out = offsets;
	*out_count = count;
	return STATUS_OK_VALUE;
}

static struct status next_of_list(struct export *e, struct store_tx *tx, int64_t **out, size_t *out_count)
{
	size_t left;

	if (!e->offsets)
		TRY(store_domains_offsets(tx, &e->campaign_id, &e->query, &e->offsets, &e->count));
	left = e->count - e->next;
	*out = e->offsets + e->next;
	*out_count = left < PIECE_ROWS ? left : PIECE_ROWS;
	e->next += *out_count;
	return STATUS_OK_VALUE;
}

/* *out_more is false when the piece was the last. The campaign is looked at again each time: it may have been removed.
 */
static struct status read_piece(struct export *e, struct arena *arena, struct export_row **rows, size_t *count,
				bool *out_more)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_snapshot campaign;
	int64_t *offsets = NULL;
	size_t found = 0;

	TRY(store_begin_snapshot(e->api->pool, 0, &tx));
	TRY(store_snapshot_get(tx, &e->campaign_id, e->workspace, false, arena, &campaign));
	if (e->query.order == DOMAIN_ORDER_OFFSET)
		TRY(next_by_key(e, tx, arena, &offsets, &found));
	else
		TRY(next_of_list(e, tx, &offsets, &found));
	TRY(store_export_rows(tx, &e->campaign_id, offsets, found, arena, rows, count));
	*out_more = found == PIECE_ROWS;
	return store_commit(&tx);
}

static struct status export_all(struct export *e)
{
	AUTO(arena) struct arena *arena = arena_create(0);
	bool has_more = true;

	if (!arena)
		return status_out_of_memory();
	while (has_more && !rpc_stream_is_closed(e->stream)) {
		struct export_row *rows;
		size_t count;

		arena_reset(arena);
		TRY(read_piece(e, arena, &rows, &count, &has_more));
		for (size_t at = 0; at < count; at += MESSAGE_ROWS)
			TRY(send_rows(e, arena, rows + at, count - at < MESSAGE_ROWS ? count - at : MESSAGE_ROWS));
	}
	if (!e->has_sent)
		TRY(send_rows(e, arena, NULL, 0));
	return wait_reader(e, 0); /* a stream that is closed has less patience */
}

/* --- the thread ------------------------------------------------------------------------------------------------ */

static void export_end(struct export *e)
{
	struct rpc_stream *stream = e->stream;

	atomic_fetch_sub(&e->api->exports, 1);
	free(e->offsets);
	free(e);
	rpc_stream_release(stream); /* nothing of the process may be touched after this: it may be over */
}

static void *export_thread(void *arg)
{
	struct export *e = arg;
	struct status st = export_all(e);

	st.extra = NULL; /* it went with the arena */
	rpc_stream_close(e->stream, st);
	export_end(e);
	return NULL;
}

static struct status start(struct export *e)
{
	pthread_t thread;

	TRY(thread_start("df-export", export_thread, e, &thread));
	pthread_detach(thread);
	return STATUS_OK_VALUE;
}

static struct status take_place(struct api *api)
{
	int before = atomic_fetch_add(&api->exports, 1);

	if (before < api->settings->exports_max)
		return STATUS_OK_VALUE;
	atomic_fetch_sub(&api->exports, 1);
	return status_make(STATUS_RESOURCE_EXHAUSTED, "EXPORTS_BUSY", "this instance sends %d exports already", before);
}

static struct status read_list(struct arena *arena, const Domainflow__V2__ListDomainsRequest *list, struct export *e)
{
	TRY(api_uuid(arena, "campaignId", list->campaign_id, &e->campaign_id));
	TRY(domain_request_unpaged(arena, list));
	e->query.filter.limits = api_classify_limits(e->api->settings);
	return domain_request_query(arena, list, &e->query);
}

/* The same failure; its fields are members of `list`. */
static struct status inside_list(struct arena *arena, struct status st)
{
	struct violations violations;
	struct status inner;

	if (status_ok(st) || !st.extra || !st.extra->fields)
		return st;
	violations_init(&violations, arena);
	for (const struct status_field *f = st.extra->fields; f; f = f->next) {
		const char *path = arena_printf(arena, "list.%s", f->field);

		violations_add(&violations, path ? path : f->field, f->reason, "%s", f->message);
	}
	inner = violations_status(&violations);
	inner.reason = st.reason;
	return inner;
}

static struct status read_request(struct rpc_call *call, const Domainflow__V2__ExportDomainsRequest *in,
				  struct export *e)
{
	struct arena *arena = rpc_call_arena(call);

	if (!in->list)
		return api_bad_field(arena, "list", "is required");
	return inside_list(arena, read_list(arena, in->list, e));
}

struct status api_export_domains(struct rpc_call *call, const Domainflow__V2__ExportDomainsRequest *in,
				 struct rpc_stream *stream)
{
	struct api *api = rpc_call_app(call);
	struct export *e = calloc(1, sizeof *e);
	struct status st;

	if (!e)
		return status_out_of_memory();
	*e = (struct export){ .api = api, .stream = stream, .workspace = rpc_call_principal(call)->workspace };
	st = read_request(call, in, e);
	if (status_ok(st))
		st = take_place(api);
	if (!status_ok(st)) {
		free(e);
		return st;
	}
	rpc_stream_retain(stream);
	st = start(e);
	if (!status_ok(st))
		export_end(e);
	return st;
}
