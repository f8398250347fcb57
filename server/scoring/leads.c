#include "scoring/leads.h"

#include "base/compiler.h"

typedef bool (*condition_fn)(const struct leads_thresholds *t, const struct leads_input *d);

static bool dns_timed_out(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->dns_status == DNS_STATUS_TIMEOUT;
}

static bool dns_failed(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->dns_status == DNS_STATUS_ERROR;
}

static bool is_unfinished(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->dns_status == DNS_STATUS_PENDING || d->http_status == HTTP_STATUS_PENDING;
}

static bool http_timed_out(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->http_status == HTTP_STATUS_TIMEOUT;
}

static bool http_failed(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->http_status == HTTP_STATUS_ERROR;
}

static bool looks_parked(const struct leads_thresholds *t, const struct leads_input *d)
{
	return d->is_parked || d->parked_confidence >= t->parked_confidence_floor;
}

static bool lacks_structure(const struct leads_thresholds *t, const struct leads_input *d)
{
	return t->needs_structure && !d->has_structural_signals;
}

static bool lacks_keywords(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return d->kw_unique == 0 && d->kw_hits_total == 0;
}

static bool lacks_score(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	return !d->has_score;
}

static bool scores_match(const struct leads_thresholds *t, const struct leads_input *d)
{
	return d->score >= t->match_score;
}

static bool is_too_small(const struct leads_thresholds *t, const struct leads_input *d)
{
	return d->content_bytes < t->content_bytes_least;
}

static bool scores_grace(const struct leads_thresholds *t, const struct leads_input *d)
{
	return d->score >= t->grace_score;
}

static bool otherwise(const struct leads_thresholds *t, const struct leads_input *d)
{
	(void)t;
	(void)d;
	return true;
}

/* In order; the first whose condition holds decides. The last always holds. */
static const struct {
	condition_fn holds;
	enum lead_status status;
	enum rejection rejection;
	const char *text;
} rules[] = {
	{ dns_timed_out, LEAD_STATUS_NO_MATCH, REJECTION_DNS_TIMEOUT, "resolution timed out" },
	{ dns_failed, LEAD_STATUS_NO_MATCH, REJECTION_DNS_ERROR, "the name does not resolve" },
	{ is_unfinished, LEAD_STATUS_PENDING, REJECTION_PENDING, "dns or http is still pending" },
	{ http_timed_out, LEAD_STATUS_TIMEOUT, REJECTION_HTTP_TIMEOUT, "the fetch timed out" },
	{ http_failed, LEAD_STATUS_ERROR, REJECTION_HTTP_ERROR, "the fetch failed" },
	{ looks_parked, LEAD_STATUS_NO_MATCH, REJECTION_PARKED, "parked, or as good as" },
	{ lacks_structure, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS, "no heading and no link" },
	{ lacks_keywords, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS, "no keyword found" },
	{ lacks_score, LEAD_STATUS_NO_MATCH, REJECTION_NO_KEYWORDS, "never scored" },
	{ scores_match, LEAD_STATUS_MATCH, REJECTION_QUALIFIED, "score at or above the match threshold" },
	{ is_too_small, LEAD_STATUS_NO_MATCH, REJECTION_LOW_SCORE, "score too low and little content" },
	{ scores_grace, LEAD_STATUS_MATCH, REJECTION_QUALIFIED, "score within grace and enough content" },
	{ otherwise, LEAD_STATUS_NO_MATCH, REJECTION_LOW_SCORE, "score too low" },
};

struct leads_verdict leads_decide(const struct leads_thresholds *thresholds, const struct leads_input *input)
{
	unsigned i = 0;

	while (i + 1 < ARRAY_LEN(rules) && !rules[i].holds(thresholds, input))
		i++;
	return (struct leads_verdict){ .status = rules[i].status,
				       .rejection = rules[i].rejection,
				       .has_lead_score = input->has_score,
				       .lead_score = input->has_score ? input->score : 0,
				       .rule = i + 1 };
}

const char *leads_rule_text(unsigned rule)
{
	return rule >= 1 && rule <= ARRAY_LEN(rules) ? rules[rule - 1].text : NULL;
}
