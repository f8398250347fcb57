/* DiscoveryService: patterns before and behind campaigns. */
#include "api/services.h"

#include "api/api.h"
#include "api/convert.h"
#include "api/resource.h"
#include "base/clock.h"
#include "base/json.h"
#include "campaign/discovery.h"
#include "rpc/call.h"
#include "store/tx.h"

#include "domainflow/v2/discovery_service.grpc-c.server.h"

#include <inttypes.h>

typedef Domainflow__V2__LineageCampaign PbLineageCampaign;
typedef Domainflow__V2__PreviewPatternRequest PbPreviewRequest;
typedef Domainflow__V2__PreviewPatternResponse PbPreviewResponse;
typedef Domainflow__V2__GetDiscoveryLineageRequest PbLineageRequest;
typedef Domainflow__V2__GetDiscoveryLineageResponse PbLineageResponse;
typedef Domainflow__V2__GetPatternOffsetRequest PbOffsetRequest;
typedef Domainflow__V2__GetPatternOffsetResponse PbOffsetResponse;

#define NUMBER_EXACT_MAX ((int64_t)1 << 53) /* larger ones are rounded by what reads JSON numbers as doubles */

/* --- a pattern as the generation phase reads it ---------------------------------------------------------------------
 */

static void set_text(json_t *object, const char *name, const char *text)
{
	if (*text)
		json_object_set_new(object, name, json_string(text));
}

static void set_length(json_t *object, const char *name, bool is_given, int32_t length)
{
	if (is_given)
		json_object_set_new(object, name, json_integer(length));
}

static void set_texts(json_t *object, const char *name, char *const *texts, size_t count)
{
	json_t *list;

	if (count == 0)
		return;
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(texts[i]));
	json_object_set_new(object, name, list);
}

/* Of both requests that describe one: their fields have the same names. */
#define PATTERN_JSON(in) \
	({ \
		json_t *pattern_ = json_object(); \
		set_text(pattern_, "patternType", (in)->pattern_type); \
		set_length(pattern_, "variableLength", (in)->variable_length_value_case != 0, (in)->variable_length); \
		set_length(pattern_, "prefixVariableLength", (in)->prefix_length_value_case != 0, \
			   (in)->prefix_variable_length); \
		set_length(pattern_, "suffixVariableLength", (in)->suffix_length_value_case != 0, \
			   (in)->suffix_variable_length); \
		set_text(pattern_, "characterSet", (in)->character_set); \
		set_text(pattern_, "constantString", (in)->constant_string); \
		set_text(pattern_, "tld", (in)->tld); \
		set_texts(pattern_, "tlds", (in)->tlds, (in)->n_tlds); \
		pattern_; \
	})

/* --- messages ----------------------------------------------------------------------------------------------------- */

static Domainflow__V2__LineageStats *stats_pb(struct arena *arena, const struct lineage_campaign *campaign)
{
	Domainflow__V2__LineageStats *pb = PB_NEW(arena, Domainflow__V2__LineageStats, domainflow__v2__lineage_stats);

	if (!pb)
		return NULL;
	pb->domains_generated = campaign->domains;
	pb->dns_valid = campaign->dns_ok;
	pb->keyword_matches = campaign->keyword_hits;
	pb->leads = campaign->leads;
	switch (discovery_completeness(campaign)) {
	case COMPLETENESS_PENDING:
		pb->completeness = DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_PENDING;
		break;
	case COMPLETENESS_PARTIAL:
		pb->completeness = DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_PARTIAL;
		break;
	case COMPLETENESS_COMPLETE:
		pb->completeness = DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_COMPLETE;
		break;
	case COMPLETENESS_DEGRADED:
		pb->completeness = DOMAINFLOW__V2__COMPLETENESS__COMPLETENESS_DEGRADED;
		break;
	}
	return pb;
}

static PbLineageCampaign *lineage_campaign_pb(struct arena *arena, const struct lineage_campaign *campaign)
{
	PbLineageCampaign *pb = PB_NEW(arena, PbLineageCampaign, domainflow__v2__lineage_campaign);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &campaign->id);
	pb->name = pb_text(campaign->name);
	pb->created_at = pb_time(arena, campaign->created_at_ms);
	pb->offset_range = PB_NEW(arena, Domainflow__V2__OffsetRange, domainflow__v2__offset_range);
	pb->stats = stats_pb(arena, campaign);
	if (!pb->offset_range || !pb->stats)
		return NULL;
	pb->offset_range->start = campaign->offset_start;
	pb->offset_range->end = campaign->offset_end;
	return pb;
}

static PbLineageCampaign **prior_pb(struct arena *arena, const struct lineage_campaign *campaigns, size_t count)
{
	PbLineageCampaign **list = arena_array(arena, count + 1, sizeof *list);

	for (size_t i = 0; list && i < count; i++) {
		list[i] = lineage_campaign_pb(arena, &campaigns[i]);
		if (!list[i])
			return NULL;
	}
	return list;
}

static Domainflow__V2__PatternPreview *preview_pb(struct arena *arena, const struct discovery_preview *preview)
{
	Domainflow__V2__PatternPreview *pb =
		PB_NEW(arena, Domainflow__V2__PatternPreview, domainflow__v2__pattern_preview);

	if (!pb)
		return NULL;
	pb->config_hash = pb_text(arena_strdup(arena, preview->config_hash));
	pb->total_combinations = preview->total;
	if (preview->total > NUMBER_EXACT_MAX)
		pb->total_combinations_text = pb_text(arena_printf(arena, "%" PRId64, preview->total));
	pb->next_offset = preview->next_offset;
	pb->remaining = preview->remaining;
	pb->exhaustion_warning = preview->exhaustion_warning;
	pb->sample_domains = arena_array(arena, preview->sample_count + 1, sizeof *pb->sample_domains);
	pb->prior_campaigns = prior_pb(arena, preview->prior, preview->prior_count);
	if (!pb->sample_domains || !pb->prior_campaigns)
		return NULL;
	pb->n_prior_campaigns = preview->prior_count;
	for (; pb->n_sample_domains < preview->sample_count; pb->n_sample_domains++)
		pb->sample_domains[pb->n_sample_domains] = pb_text(preview->samples[pb->n_sample_domains]);
	return pb;
}

static Domainflow__V2__DiscoveryLineage *lineage_pb(struct arena *arena, const struct discovery_lineage *lineage)
{
	Domainflow__V2__DiscoveryLineage *pb =
		PB_NEW(arena, Domainflow__V2__DiscoveryLineage, domainflow__v2__discovery_lineage);

	if (!pb)
		return NULL;
	pb->config_hash = pb_text(lineage->config_hash);
	pb->this_campaign = PB_NEW(arena, Domainflow__V2__LineageOffsets, domainflow__v2__lineage_offsets);
	pb->prior_campaigns = prior_pb(arena, lineage->prior, lineage->prior_count);
	pb->n_prior_campaigns = lineage->prior_count;
	if (!pb->this_campaign || !pb->prior_campaigns)
		return NULL;
	if (lineage->config_hash) {
		pb->this_campaign->offset_start_value_case =
			DOMAINFLOW__V2__LINEAGE_OFFSETS__OFFSET_START_VALUE_OFFSET_START;
		pb->this_campaign->offset_start = lineage->offset_start;
		pb->this_campaign->offset_end_value_case = DOMAINFLOW__V2__LINEAGE_OFFSETS__OFFSET_END_VALUE_OFFSET_END;
		pb->this_campaign->offset_end = lineage->offset_end;
	}
	return pb;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static struct status begin(struct rpc_call *call, struct store_tx **tx)
{
	const struct api *api = rpc_call_app(call);

	return store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), tx);
}

static struct status preview_pattern(struct rpc_call *call, const PbPreviewRequest *in, PbPreviewResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	PbPreviewResponse *answer = PB_NEW(arena, PbPreviewResponse, domainflow__v2__preview_pattern_response);
	int32_t samples = in->sample_size_value_case ? in->sample_size : DISCOVERY_SAMPLES_DEFAULT;
	AUTO(json) json_t *pattern = PATTERN_JSON(in);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct discovery_preview preview;

	TRY(begin(call, &tx));
	TRY(discovery_preview(tx, rpc_call_principal(call)->workspace, pattern, samples, arena, &preview));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->success = true;
	answer->request_id = pb_text(rpc_call_request_id(call));
	answer->data = preview_pb(arena, &preview);
	*out = answer;
	return answer->data ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status get_discovery_lineage(struct rpc_call *call, const PbLineageRequest *in, PbLineageResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	PbLineageResponse *answer = PB_NEW(arena, PbLineageResponse, domainflow__v2__get_discovery_lineage_response);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct discovery_lineage lineage;
	struct uuid id;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(begin(call, &tx));
	TRY(api_about(arena, discovery_lineage(tx, rpc_call_principal(call)->workspace, &id, arena, &lineage),
		      "campaign", in->campaign_id));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->success = true;
	answer->request_id = pb_text(rpc_call_request_id(call));
	answer->data = lineage_pb(arena, &lineage);
	*out = answer;
	return answer->data ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status get_pattern_offset(struct rpc_call *call, const PbOffsetRequest *in, PbOffsetResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	PbOffsetResponse *answer = PB_NEW(arena, PbOffsetResponse, domainflow__v2__get_pattern_offset_response);
	AUTO(json) json_t *pattern = PATTERN_JSON(in);
	AUTO(store_tx) struct store_tx *tx = NULL;
	int64_t last;

	TRY(begin(call, &tx));
	TRY(discovery_offset(tx, pattern, arena, &last));
	TRY(store_commit(&tx));
	if (!answer)
		return status_out_of_memory();
	answer->has_state = last >= 0;
	answer->current_offset = last >= 0 ? last : 0;
	*out = answer;
	return STATUS_OK_VALUE;
}

const struct domainflow_v2_discovery_handlers api_discovery_handlers = {
	.preview_pattern = preview_pattern,
	.get_discovery_lineage = get_discovery_lineage,
	.get_pattern_offset = get_pattern_offset,
};
