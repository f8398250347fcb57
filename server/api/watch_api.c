/* EventService: the live streams. The hub decides what is sent and when; here are its subscribers. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/pb.h"
#include "api/watch.h"
#include "api/watch_list.h"
#include "api/watch_pb.h"
#include "base/clock.h"
#include "config/settings.h"
#include "events/hub.h"
#include "events/samples.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include "store/tx.h"

#include "domainflow/v2/event_service.grpc-c.server.h"

#include <stdlib.h>

/* One subscriber: owned by its stream, freed when that is closed. */
struct watcher {
	struct watch_entry entry;
	struct watch_list *list;
	struct hub *hub;
	struct rpc_stream *stream;
	struct hub_ticket *ticket; /* of one campaign, */
	struct hub_member *member; /* or of all        */
	uint64_t filter;
	bool is_all, wants_full;
};

/* --- the hub's sink ------------------------------------------------------------------------------------------------
 */

static void watch_close(void *subscriber, struct status why)
{
	rpc_stream_close(((struct watcher *)subscriber)->stream, why);
}

static void watch_send(void *subscriber, void *encoded, int64_t position, uint64_t coalesce_key)
{
	struct watcher *watcher = subscriber;
	struct rpc_packed *packed;

	if (position >= 0)
		rpc_stream_set_position(watcher->stream, position);
	if (!watch_passes(encoded, watcher->filter, watcher->wants_full))
		return;
	packed = watch_packed(encoded, watcher->is_all);
	if (!packed)
		watch_close(watcher, status_out_of_memory());
	else if (rpc_stream_send(watcher->stream, packed, coalesce_key))
		watch_list_sent(watcher->list);
}

const struct hub_sink api_watch_sink = {
	.encode = watch_encode,
	.release = watch_release,
	.send = watch_send,
	.close = watch_close,
};

/* --- subscribing ---------------------------------------------------------------------------------------------------
 */

static void watcher_closed(struct rpc_stream *stream, void *arg)
{
	struct watcher *watcher = arg;

	(void)stream;
	if (watcher->ticket)
		hub_unsubscribe(watcher->hub, watcher->ticket);
	if (watcher->member)
		hub_leave(watcher->hub, watcher->member);
	watch_list_remove(watcher->list, &watcher->entry);
	free(watcher);
}

struct wishes {
	const Domainflow__V2__EventType *types;
	size_t type_count;
	Domainflow__V2__EventDetail detail;
	const struct uuid *campaign_id; /* NULL: all */
};

/* The watcher of a stream, in the list and freed with its stream. */
static struct status watcher_create(struct rpc_call *call, struct rpc_stream *stream, const struct wishes *wishes,
				    struct watcher **out)
{
	const struct api *api = rpc_call_app(call);
	struct watcher *watcher = NULL;
	struct status st;
	uint64_t filter;

	if (!watch_filter_of(wishes->types, wishes->type_count, &filter))
		return api_bad_field(rpc_call_arena(call), "types", "names a type of event that does not exist");
	if (!protobuf_c_enum_descriptor_get_value(&domainflow__v2__event_detail__descriptor, (int)wishes->detail))
		return api_bad_field(rpc_call_arena(call), "detail", "is not a level of detail");
	watcher = calloc(1, sizeof *watcher);
	if (!watcher)
		return status_out_of_memory();
	watcher->list = api->watchers;
	watcher->hub = api->hub;
	watcher->stream = stream;
	watcher->filter = filter;
	watcher->is_all = !wishes->campaign_id;
	watcher->wants_full = wishes->detail == DOMAINFLOW__V2__EVENT_DETAIL__EVENT_DETAIL_FULL;
	st = watch_list_add(watcher->list, wishes->campaign_id, rpc_call_principal(call)->workspace, &watcher->entry);
	if (!status_ok(st)) {
		free(watcher);
		return st;
	}
	rpc_stream_on_closed(stream, watcher_closed, watcher);
	*out = watcher;
	return STATUS_OK_VALUE;
}

static struct status check_campaign(const struct api *api, struct rpc_call *call, const struct uuid *id)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_snapshot snapshot;
	int64_t left_ms = rpc_call_ms_left(call);

	TRY(store_single(api->pool, left_ms == RPC_NO_DEADLINE ? 0 : clock_monotonic_ms() + left_ms, &tx));
	TRY(store_snapshot_get(tx, id, rpc_call_principal(call)->workspace, false, rpc_call_arena(call), &snapshot));
	return store_commit(&tx);
}

static struct status watch_campaign(struct rpc_call *call, const PbWatchCampaignRequest *in, struct rpc_stream *stream)
{
	const struct api *api = rpc_call_app(call);
	bool resumes = in->resume_case == DOMAINFLOW__V2__WATCH_CAMPAIGN_REQUEST__RESUME_AFTER_EVENT;
	struct watcher *watcher = NULL;
	struct uuid id;

	TRY(api_uuid(rpc_call_arena(call), "campaignId", in->campaign_id, &id));
	if (resumes && in->after_event < 0)
		return api_bad_field(rpc_call_arena(call), "afterEvent", "must not be negative");
	TRY(check_campaign(api, call, &id));
	TRY(watcher_create(
		call, stream,
		&(struct wishes){
			.types = in->types, .type_count = in->n_types, .detail = in->detail, .campaign_id = &id },
		&watcher));
	if (resumes) {
		rpc_stream_set_position(stream, in->after_event);
		rpc_stream_allow(stream, HUB_REPLAY_MAX); /* what was missed comes in one go */
	}
	return hub_subscribe(api->hub, &id, resumes ? in->after_event : -1,
			     watch_level_of(watcher->filter, watcher->wants_full), watcher, &watcher->ticket);
}

static struct status watch_campaigns(struct rpc_call *call, const PbWatchCampaignsRequest *in,
				     struct rpc_stream *stream)
{
	const struct api *api = rpc_call_app(call);
	struct watcher *watcher = NULL;

	TRY(watcher_create(call, stream,
			   &(struct wishes){ .types = in->types, .type_count = in->n_types, .detail = in->detail },
			   &watcher));
	return hub_join(api->hub, rpc_call_principal(call)->workspace, in->is_reconnect,
			watch_level_of(watcher->filter, watcher->wants_full), watcher, &watcher->member);
}

/* --- who is there --------------------------------------------------------------------------------------------------
 */

typedef Domainflow__V2__GetStreamStatsRequest PbStatsRequest;
typedef Domainflow__V2__GetStreamStatsResponse PbStatsResponse;
typedef Domainflow__V2__GetStreamStatsResponse__ConnectionsByCampaignEntry PbStatsEntry;

static struct status get_stream_stats(struct rpc_call *call, const PbStatsRequest *in, PbStatsResponse **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	PbStatsResponse *answer = PB_NEW(arena, PbStatsResponse, domainflow__v2__get_stream_stats_response);
	struct watch_stats stats;

	(void)in;
	if (!answer)
		return status_out_of_memory();
	TRY(watch_list_stats(api->watchers, rpc_call_principal(call)->workspace, arena, &stats));
	answer->connections_by_campaign =
		arena_array(arena, stats.campaign_count + 1, sizeof *answer->connections_by_campaign);
	if (!answer->connections_by_campaign)
		return status_out_of_memory();
	for (size_t i = 0; i < stats.campaign_count; i++) {
		PbStatsEntry *entry = PB_NEW(arena, PbStatsEntry,
					     domainflow__v2__get_stream_stats_response__connections_by_campaign_entry);
		if (!entry)
			return status_out_of_memory();
		entry->key = pb_uuid(arena, &stats.campaigns[i].campaign_id);
		entry->value = stats.campaigns[i].streams;
		answer->connections_by_campaign[answer->n_connections_by_campaign++] = entry;
	}
	answer->total_connections = stats.streams;
	answer->max_connections = (int32_t)api->settings->watch_streams_max;
	answer->events_sent = stats.sent;
	answer->events_dropped = stats.dropped + samples_suppressed(api->samples);
	answer->uptime_seconds = (clock_wall_ms() - api->started_at_ms) / 1000;
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_event_handlers api_event_handlers = {
	.watch_campaign = watch_campaign,
	.watch_campaigns = watch_campaigns,
	.get_stream_stats = get_stream_stats,
};
