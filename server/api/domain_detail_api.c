/* DomainService: a domain's keywords, and what its score is made of. */
#include "api/domain_detail_api.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "config/settings.h"
#include "model/campaign.h"
#include "rpc/call.h"
#include "scoring/breakdown.h"
#include "store/domain_detail_store.h"
#include "store/state_store.h"
#include "store/tx.h"

#include <math.h>
#include <string.h>

#define NAME_BYTES_MAX    253
#define KEYWORDS_MAX      10000 /* of STORAGE_MAX_KEYWORDS_PER_DOMAIN */
#define EVIDENCE_KEYWORDS 20
#define JSON_BYTES_MAX    65536
#define DAY_MS            86400000.0

typedef Domainflow__V2__ListDomainKeywordsResponse PbKeywordsResponse;
typedef Domainflow__V2__GetScoreBreakdownResponse PbBreakdown;
typedef Domainflow__V2__ScoreComponent PbComponent;

struct status api_domains_open(struct rpc_call *call, const struct uuid *campaign_id,
			       struct campaign_snapshot *out_campaign, struct store_tx **tx)
{
	const struct api *api = rpc_call_app(call);
	struct campaign_snapshot snapshot;

	TRY(store_begin_snapshot(api->pool, clock_monotonic_ms() + rpc_call_ms_left(call), tx));
	return store_snapshot_get(*tx, campaign_id, rpc_call_principal(call)->workspace, false, rpc_call_arena(call),
				  out_campaign ? out_campaign : &snapshot);
}

struct status api_domain_name(struct arena *arena, const char *domain, char **out)
{
	char *name = text_trim(arena, domain);

	if (!name)
		return status_out_of_memory();
	if (!*name || strlen(name) > NAME_BYTES_MAX)
		return api_bad_field(arena, "domain", "must have 1 to 253 bytes");
	text_lower(name);
	*out = name;
	return STATUS_OK_VALUE;
}

/* --- ListDomainKeywords ---------------------------------------------------------------------------------------- */

static Domainflow__V2__DomainKeyword *keyword_pb(struct arena *arena, const struct keyword_row_record *k)
{
	Domainflow__V2__DomainKeyword *pb =
		PB_NEW(arena, Domainflow__V2__DomainKeyword, domainflow__v2__domain_keyword);

	if (!pb)
		return NULL;
	pb->keyword_id = pb_uuid(arena, &k->keyword_id);
	pb->surface_form = pb_text(k->surface_form);
	pb->signal_type = pb_text(k->signal_type);
	pb->occurrences = k->occurrences;
	pb->base_weight = k->base_weight;
	pb->value_score = k->value_score;
	pb->effective_weight = k->effective_weight;
	pb->source_subphase = pb_text(k->source_subphase);
	if (k->first_seen_position >= 0) {
		pb->first_seen_position_value_case =
			DOMAINFLOW__V2__DOMAIN_KEYWORD__FIRST_SEEN_POSITION_VALUE_FIRST_SEEN_POSITION;
		pb->first_seen_position = k->first_seen_position;
	}
	return pb;
}

struct status api_list_domain_keywords(struct rpc_call *call, const Domainflow__V2__ListDomainKeywordsRequest *in,
				       PbKeywordsResponse **out)
{
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	PbKeywordsResponse *answer = PB_NEW(arena, PbKeywordsResponse, domainflow__v2__list_domain_keywords_response);
	struct keyword_row_record *rows;
	size_t count;
	int64_t offset;
	struct uuid id;
	char *name;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_domain_name(arena, in->domain, &name));
	TRY(api_domains_open(call, &id, NULL, &tx));
	TRY(store_domain_offset(tx, &id, name, &offset));
	TRY(store_domain_keywords(tx, &id, offset, KEYWORDS_MAX, arena, &rows, &count));
	TRY(store_commit(&tx));
	if (answer)
		answer->items = arena_array(arena, count + 1, sizeof *answer->items);
	if (!answer || !answer->items)
		return status_out_of_memory();
	for (; answer->n_items < count; answer->n_items++) {
		answer->items[answer->n_items] = keyword_pb(arena, &rows[answer->n_items]);
		if (!answer->items[answer->n_items])
			return status_out_of_memory();
	}
	*out = answer;
	return STATUS_OK_VALUE;
}

/* --- GetScoreBreakdown ----------------------------------------------------------------------------------------- */

struct detail {
	struct score_inputs stored;
	struct breakdown_input input;
	struct breakdown result;
	struct keyword_row_record *keywords;
	size_t keyword_count;
};

/* The moment all scores of a run are made at stands in its context (docs/decisions/0014-scoring-moment.md). */
static int64_t scoring_time(const struct campaign_snapshot *campaign, bool has_score)
{
	const char *context = campaign->phases[PHASE_ANALYSIS].run_context;
	AUTO(json) json_t *object = NULL;
	int64_t at = 0;

	if (has_score && context && status_ok(json_read(context, strlen(context), JSON_BYTES_MAX, &object)))
		at = json_integer_value(json_object_get(object, "scoringTime"));
	return at > 0 ? at : clock_wall_ms();
}

static bool read_snapshot(const struct score_inputs *stored, struct score_config *out)
{
	AUTO(json) json_t *weights = NULL;
	AUTO(json) json_t *configuration = NULL;

	return stored->weights && stored->configuration &&
	       status_ok(json_read(stored->weights, strlen(stored->weights), JSON_BYTES_MAX, &weights)) &&
	       status_ok(json_read(stored->configuration, strlen(stored->configuration), JSON_BYTES_MAX,
				   &configuration)) &&
	       breakdown_config_read(weights, configuration, out);
}

static void make_breakdown(const struct settings *settings, const struct campaign_snapshot *campaign, struct detail *d)
{
	const struct score_inputs *s = &d->stored;
	struct score_weights weights = score_weights_default();
	bool wants_profile = campaign->campaign.has_scoring_profile;

	d->input = (struct breakdown_input){
		.has_domain = s->has_domain,
		.has_row = s->has_row,
		.has_features = s->has_features,
		.has_profile = !wants_profile || (s->has_snapshot && s->has_profile),
		.is_config_known = true,
		.has_score = s->has_score,
		.score = s->score,
		.config = { .effective = score_weights_effective(&weights),
			    .parked_penalty_factor = SCORE_PENALTY_FACTOR_DEFAULT,
			    .is_tf_lite_enabled = settings->tf_lite },
		.values = { .unique = s->keywords_unique,
			    .hits = s->keyword_hits,
			    .content_bytes = s->content_bytes,
			    .title_has_keyword = s->title_has_keyword,
			    .is_parked = s->is_parked,
			    .has_parked_confidence = true,
			    .parked_confidence = s->parked_confidence,
			    .has_fetch_time = s->fetched_at_ms != 0,
			    .age_ms = scoring_time(campaign, s->has_score) - s->fetched_at_ms },
	};
	if (s->has_snapshot && d->input.has_profile)
		d->input.is_config_known = read_snapshot(s, &d->input.config);
	breakdown_make(&d->input, &d->result);
}

static PbComponent *component_pb(struct arena *arena, const struct breakdown *b, enum score_component which)
{
	PbComponent *pb = PB_NEW(arena, PbComponent, domainflow__v2__score_component);

	if (!pb)
		return NULL;
	pb->state = (Domainflow__V2__ComponentState)((int)b->components[which].state + 1);
	pb->reason = pb_text(b->components[which].reason);
	if (b->components[which].state == COMPONENT_OK) {
		pb->value_value_case = DOMAINFLOW__V2__SCORE_COMPONENT__VALUE_VALUE_VALUE;
		pb->value = b->components[which].value;
	}
	return pb;
}

static bool fill_components(struct arena *arena, const struct breakdown *b, PbBreakdown *pb)
{
	Domainflow__V2__ScoreComponents *c =
		PB_NEW(arena, Domainflow__V2__ScoreComponents, domainflow__v2__score_components);

	if (!c)
		return false;
	c->density = component_pb(arena, b, SCORE_DENSITY);
	c->coverage = component_pb(arena, b, SCORE_COVERAGE);
	c->non_parked = component_pb(arena, b, SCORE_NON_PARKED);
	c->content_length = component_pb(arena, b, SCORE_CONTENT_LENGTH);
	c->title_keyword = component_pb(arena, b, SCORE_TITLE_KEYWORD);
	c->freshness = component_pb(arena, b, SCORE_FRESHNESS);
	c->tf_lite = component_pb(arena, b, SCORE_TF_LITE);
	pb->components = c;
	return c->density && c->coverage && c->non_parked && c->content_length && c->title_keyword && c->freshness &&
	       c->tf_lite;
}

static bool fill_weights(struct arena *arena, const struct score_weights *weights, PbBreakdown *pb)
{
	Domainflow__V2__ScoreWeights *w = PB_NEW(arena, Domainflow__V2__ScoreWeights, domainflow__v2__score_weights);

	if (!w)
		return false;
	w->keyword_density_weight = weights->of[SCORE_DENSITY];
	w->unique_keyword_coverage_weight = weights->of[SCORE_COVERAGE];
	w->non_parked_weight = weights->of[SCORE_NON_PARKED];
	w->content_length_quality_weight = weights->of[SCORE_CONTENT_LENGTH];
	w->title_keyword_weight = weights->of[SCORE_TITLE_KEYWORD];
	w->freshness_weight = weights->of[SCORE_FRESHNESS];
	w->tf_lite_weight = weights->of[SCORE_TF_LITE];
	pb->weights = w;
	return true;
}

static bool fill_evidence(struct arena *arena, const struct detail *d, PbBreakdown *pb)
{
	Domainflow__V2__ScoreEvidence *e = PB_NEW(arena, Domainflow__V2__ScoreEvidence, domainflow__v2__score_evidence);

	if (e)
		e->keyword_hits = arena_array(arena, d->keyword_count + 1, sizeof *e->keyword_hits);
	if (!e || !e->keyword_hits)
		return false;
	for (; e->n_keyword_hits < d->keyword_count; e->n_keyword_hits++)
		e->keyword_hits[e->n_keyword_hits] = pb_text(d->keywords[e->n_keyword_hits].surface_form);
	e->parked_penalty_applied = d->result.is_penalty_applied;
	e->parked_penalty_factor = d->input.config.parked_penalty_factor;
	if (d->stored.has_features) {
		e->content_length_bytes_value_case =
			DOMAINFLOW__V2__SCORE_EVIDENCE__CONTENT_LENGTH_BYTES_VALUE_CONTENT_LENGTH_BYTES;
		e->content_length_bytes = d->stored.content_bytes;
	}
	if (d->stored.has_features && d->stored.fetched_at_ms != 0) {
		e->freshness_days_old_value_case =
			DOMAINFLOW__V2__SCORE_EVIDENCE__FRESHNESS_DAYS_OLD_VALUE_FRESHNESS_DAYS_OLD;
		e->freshness_days_old = round((double)d->input.values.age_ms / DAY_MS * 100) / 100;
	}
	pb->evidence = e;
	return true;
}

static PbBreakdown *breakdown_pb(struct arena *arena, const struct uuid *campaign_id, const char *name,
				 const struct detail *d)
{
	PbBreakdown *pb = PB_NEW(arena, PbBreakdown, domainflow__v2__get_score_breakdown_response);

	if (!pb)
		return NULL;
	pb->campaign_id = pb_uuid(arena, campaign_id);
	pb->domain = pb_text(name);
	pb->state = (Domainflow__V2__BreakdownState)((int)d->result.state + 1);
	pb->reason = pb_text(d->result.reason);
	if (d->result.has_overall) {
		pb->overall_score_value_case =
			DOMAINFLOW__V2__GET_SCORE_BREAKDOWN_RESPONSE__OVERALL_SCORE_VALUE_OVERALL_SCORE;
		pb->overall_score = d->result.overall;
	}
	if (d->stored.has_snapshot)
		pb->snapshot_id = pb_uuid(arena, &d->stored.snapshot_id);
	if (!fill_components(arena, &d->result, pb) || !fill_weights(arena, &d->input.config.effective, pb) ||
	    !fill_evidence(arena, d, pb))
		return NULL;
	return pb;
}

struct status api_get_score_breakdown(struct rpc_call *call, const Domainflow__V2__GetScoreBreakdownRequest *in,
				      PbBreakdown **out)
{
	const struct api *api = rpc_call_app(call);
	struct arena *arena = rpc_call_arena(call);
	AUTO(store_tx) struct store_tx *tx = NULL;
	struct campaign_snapshot campaign;
	struct detail d = { .keyword_count = 0 };
	struct uuid id;
	char *name;

	TRY(api_uuid(arena, "campaignId", in->campaign_id, &id));
	TRY(api_domain_name(arena, in->domain, &name));
	TRY(api_domains_open(call, &id, &campaign, &tx));
	TRY(store_score_inputs(tx, &id, name, arena, &d.stored));
	if (d.stored.has_domain)
		TRY(store_domain_keywords(tx, &id, d.stored.offset, EVIDENCE_KEYWORDS, arena, &d.keywords,
					  &d.keyword_count));
	TRY(store_commit(&tx));
	make_breakdown(api->settings, &campaign, &d);
	*out = breakdown_pb(arena, &id, name, &d);
	return *out ? STATUS_OK_VALUE : status_out_of_memory();
}
