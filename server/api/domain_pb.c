#include "api/domain_pb.h"

#include "api/convert.h"
#include "config/settings.h"

#include <math.h>

struct classify_limits api_classify_limits(const struct settings *s)
{
	return (struct classify_limits){ .high_potential = s->high_potential_richness,
					 .emerging = s->emerging_richness,
					 .at_risk = s->at_risk_richness,
					 .lead_candidate = s->lead_candidate_richness,
					 .stuffing = s->warning_stuffing_penalty,
					 .repetition = s->warning_repetition_index,
					 .anchor_share = s->warning_anchor_share };
}

/* --- features -------------------------------------------------------------------------------------------------- */

#define MAYBE(pb, NAME, field, number) \
	do { \
		if (!isnan(number)) { \
			(pb)->field##_value_case = DOMAINFLOW__V2__DOMAIN_RICHNESS__##NAME##_VALUE_##NAME; \
			(pb)->field = (number); \
		} \
	} while (0)

static Domainflow__V2__DomainRichness *richness_pb(struct arena *arena, const struct domain_features *f)
{
	Domainflow__V2__DomainRichness *pb =
		PB_NEW(arena, Domainflow__V2__DomainRichness, domainflow__v2__domain_richness);

	if (!pb)
		return NULL;
	pb->score = f->richness;
	pb->version = isnan(f->richness_version) ? 0 : (int32_t)f->richness_version;
	MAYBE(pb, PROMINENCE_NORM, prominence_norm, f->prominence);
	MAYBE(pb, DIVERSITY_EFFECTIVE_UNIQUE, diversity_effective_unique, f->diversity_unique);
	MAYBE(pb, DIVERSITY_NORM, diversity_norm, f->diversity);
	MAYBE(pb, ENRICHMENT_NORM, enrichment_norm, f->enrichment);
	MAYBE(pb, APPLIED_BONUS, applied_bonus, f->bonus);
	MAYBE(pb, APPLIED_DEDUCTIONS_TOTAL, applied_deductions_total, f->deductions);
	MAYBE(pb, STUFFING_PENALTY, stuffing_penalty, f->stuffing_penalty);
	MAYBE(pb, REPETITION_INDEX, repetition_index, f->repetition_index);
	MAYBE(pb, ANCHOR_SHARE, anchor_share, f->anchor_share);
	return pb;
}

static Domainflow__V2__DomainFeatures *features_pb(struct arena *arena, const struct domain_features *f)
{
	Domainflow__V2__DomainFeatures *pb =
		PB_NEW(arena, Domainflow__V2__DomainFeatures, domainflow__v2__domain_features);
	Domainflow__V2__DomainKeywordFeatures *keywords =
		PB_NEW(arena, Domainflow__V2__DomainKeywordFeatures, domainflow__v2__domain_keyword_features);
	Domainflow__V2__DomainMicrocrawl *microcrawl =
		PB_NEW(arena, Domainflow__V2__DomainMicrocrawl, domainflow__v2__domain_microcrawl);

	if (!pb || !keywords || !microcrawl)
		return NULL;
	keywords->unique_count = f->keywords_unique;
	keywords->hits_total = f->keyword_hits;
	keywords->weight_sum = f->keyword_weight_sum;
	keywords->top3 = f->top_keywords;
	keywords->n_top3 = f->top_keyword_count;
	keywords->signal_distribution = pb_text(f->signal_distribution);
	microcrawl->gain_ratio = f->microcrawl_gain;
	microcrawl->pages = f->microcrawl_pages;
	pb->keywords = keywords;
	pb->richness = richness_pb(arena, f);
	pb->microcrawl = microcrawl;
	return pb->richness ? pb : NULL;
}

static bool fill_features(struct arena *arena, const struct classify_limits *limits, const struct domain_features *f,
			  PbDomain *pb)
{
	unsigned warnings = classify_warnings(limits, f->stuffing_penalty, f->repetition_index, f->anchor_share);

	pb->richness_value_case = DOMAINFLOW__V2__DOMAIN__RICHNESS_VALUE_RICHNESS;
	pb->richness = f->richness;
	pb->keywords_unique = f->keywords_unique;
	pb->keyword_hits = f->keyword_hits;
	pb->is_stale_score = f->is_stale_score;
	pb->bucket = (Domainflow__V2__DomainBucket)((int)classify_richness(limits, f->richness) + 1);
	pb->warnings = arena_array(arena, WARNING_COUNT, sizeof *pb->warnings);
	pb->features = features_pb(arena, f);
	if (!pb->warnings || !pb->features)
		return false;
	for (unsigned i = 0; i < WARNING_COUNT; i++)
		if (warnings & 1u << i)
			pb->warnings[pb->n_warnings++] = (Domainflow__V2__DomainWarning)(i + 1);
	return true;
}

/* --- a domain -------------------------------------------------------------------------------------------------- */

PbDomain *pb_domain(struct arena *arena, const struct uuid *campaign_id, const struct classify_limits *limits,
		    const struct domain *d)
{
	PbDomain *pb = PB_NEW(arena, PbDomain, domainflow__v2__domain);
	struct uuid id = domain_id(campaign_id, d->offset);

	if (!pb)
		return NULL;
	pb->id = pb_uuid(arena, &id);
	pb->domain = pb_text(d->name);
	pb->offset = d->offset;
	pb->created_at = pb_time(arena, d->created_at_ms);
	pb->dns_status = (Domainflow__V2__DnsStatus)((int)d->dns_status + 1);
	pb->dns_reason = pb_text(d->dns_reason);
	pb->dns_ip = pb_text(d->dns_ip);
	pb->http_status = (Domainflow__V2__HttpStatus)((int)d->http_status + 1);
	pb->http_reason = pb_text(d->http_reason);
	pb->http_status_code = d->http_status_code;
	pb->http_title = pb_text(d->http_title);
	pb->http_keywords = pb_text(d->http_keywords);
	pb->is_parked = d->is_parked;
	pb->parked_confidence = d->parked_confidence;
	pb->lead_status = (Domainflow__V2__LeadStatus)((int)d->lead_status + 1);
	pb->rejection_reason = (Domainflow__V2__RejectionReason)((int)d->rejection + 1);
	if (d->has_domain_score) {
		pb->domain_score_value_case = DOMAINFLOW__V2__DOMAIN__DOMAIN_SCORE_VALUE_DOMAIN_SCORE;
		pb->domain_score = d->domain_score;
	}
	if (d->has_lead_score) {
		pb->lead_score_value_case = DOMAINFLOW__V2__DOMAIN__LEAD_SCORE_VALUE_LEAD_SCORE;
		pb->lead_score = d->lead_score;
	}
	pb->bucket = DOMAINFLOW__V2__DOMAIN_BUCKET__DOMAIN_BUCKET_OTHER;
	if (d->features && !fill_features(arena, limits, d->features, pb))
		return NULL;
	return pb;
}

/* --- aggregates ------------------------------------------------------------------------------------------------ */

Domainflow__V2__DomainAggregates *pb_domain_aggregates(struct arena *arena, const struct counters *c)
{
	Domainflow__V2__DomainAggregates *pb =
		PB_NEW(arena, Domainflow__V2__DomainAggregates, domainflow__v2__domain_aggregates);

	if (!pb)
		return NULL;
	pb->dns = PB_NEW(arena, Domainflow__V2__DnsStatusCounts, domainflow__v2__dns_status_counts);
	pb->http = PB_NEW(arena, Domainflow__V2__HttpStatusCounts, domainflow__v2__http_status_counts);
	pb->lead = PB_NEW(arena, Domainflow__V2__LeadStatusCounts, domainflow__v2__lead_status_counts);
	if (!pb->dns || !pb->http || !pb->lead)
		return NULL;
	pb->dns->pending = c->dns_pending;
	pb->dns->ok = c->dns_ok;
	pb->dns->error = c->dns_error;
	pb->dns->timeout = c->dns_timeout;
	pb->http->pending = c->http_pending;
	pb->http->ok = c->http_ok;
	pb->http->error = c->http_error;
	pb->http->timeout = c->http_timeout;
	pb->lead->pending = c->lead_pending;
	pb->lead->match = c->lead_match;
	pb->lead->no_match = c->lead_no_match;
	pb->lead->error = c->lead_error;
	pb->lead->timeout = c->lead_timeout;
	return pb;
}
