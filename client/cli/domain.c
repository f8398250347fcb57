/* domain.c: the domains of a campaign. */
#include "domain.h"

#include "choices.h"
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"

#include <stdlib.h>

static const struct column list_columns[] = {
	{ "DOMAIN", "domain", COLUMN_TEXT, 64 },          { "DNS", "dns_status", COLUMN_TEXT, 0 },
	{ "HTTP", "http_status", COLUMN_TEXT, 0 },        { "CODE", "http_status_code", COLUMN_NUMBER, 0 },
	{ "LEAD", "lead_status", COLUMN_TEXT, 0 },        { "REASON", "rejection_reason", COLUMN_TEXT, 0 },
	{ "SCORE", "domain_score", COLUMN_NUMBER, 0 },    { "LEAD SCORE", "lead_score", COLUMN_NUMBER, 0 },
	{ "KEYWORDS", "keyword_hits", COLUMN_NUMBER, 0 }, { "TITLE", "http_title", COLUMN_TEXT, 40 },
};

static const struct column record_columns[] = {
	{ "domain", "domain", COLUMN_TEXT, 0 },
	{ "id", "id", COLUMN_TEXT, 0 },
	{ "offset", "offset", COLUMN_TEXT, 0 },
	{ "created", "created_at", COLUMN_TIME, 0 },
	{ "dns", "dns_status", COLUMN_TEXT, 0 },
	{ "dns reason", "dns_reason", COLUMN_TEXT, 0 },
	{ "address", "dns_ip", COLUMN_TEXT, 0 },
	{ "http", "http_status", COLUMN_TEXT, 0 },
	{ "http reason", "http_reason", COLUMN_TEXT, 0 },
	{ "http code", "http_status_code", COLUMN_TEXT, 0 },
	{ "title", "http_title", COLUMN_TEXT, 0 },
	{ "parked", "is_parked", COLUMN_TEXT, 0 },
	{ "parked confidence", "parked_confidence", COLUMN_TEXT, 0 },
	{ "keywords", "keywords_unique", COLUMN_TEXT, 0 },
	{ "keyword hits", "keyword_hits", COLUMN_TEXT, 0 },
	{ "top keywords", "http_keywords", COLUMN_TEXT, 0 },
	{ "richness", "richness", COLUMN_TEXT, 0 },
	{ "bucket", "bucket", COLUMN_TEXT, 0 },
	{ "warnings", "warnings", COLUMN_TEXT, 0 },
	{ "score", "domain_score", COLUMN_TEXT, 0 },
	{ "score is stale", "is_stale_score", COLUMN_TEXT, 0 },
	{ "lead", "lead_status", COLUMN_TEXT, 0 },
	{ "lead score", "lead_score", COLUMN_TEXT, 0 },
	{ "reason", "rejection_reason", COLUMN_TEXT, 0 },
};

/* A score of 0..1, or of 0..100 in per cent: the server tells them apart. */
static struct status min_score_read(const char *text, double *out)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0 && value <= 100))
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "--min-score is a number from 0 to 100, not %s",
				   text);
	*out = value;
	return STATUS_OK_VALUE;
}

static struct status reasons_read(const struct options *o, Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX],
				  size_t *out_count)
{
	for (size_t i = 0; i < o->value_count; i++) {
		if (o->values[i].option != OPTION_REASON)
			continue;
		if (*out_count == DOMAIN_REASONS_MAX)
			return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "at most %d --reason", DOMAIN_REASONS_MAX);
		reasons[(*out_count)++] =
			(Domainflow__V2__RejectionReason)choices_value(&choices_rejection_reason, o->values[i].value);
	}
	return STATUS_OK_VALUE;
}

struct status domain_selection_read(const struct cli *cli, Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX],
				    Domainflow__V2__ListDomainsRequest *out)
{
	const struct options *o = cli->options;

	out->campaign_id = pb_borrow(cli_arg(cli, 0));
	out->dns_status = (Domainflow__V2__DnsStatus)cli_choice(cli, OPTION_DNS_STATUS);
	out->http_status = (Domainflow__V2__HttpStatus)cli_choice(cli, OPTION_HTTP_STATUS);
	out->lead_status = (Domainflow__V2__LeadStatus)cli_choice(cli, OPTION_LEAD_STATUS);
	out->dns_reason = pb_borrow(o->value[OPTION_DNS_REASON]);
	out->http_reason = pb_borrow(o->value[OPTION_HTTP_REASON]);
	if (o->value[OPTION_MIN_SCORE]) {
		out->min_score_value_case = DOMAINFLOW__V2__LIST_DOMAINS_REQUEST__MIN_SCORE_VALUE_MIN_SCORE;
		TRY(min_score_read(o->value[OPTION_MIN_SCORE], &out->min_score));
	}
	out->not_parked = o->is_given[OPTION_NOT_PARKED];
	out->has_contact = o->is_given[OPTION_HAS_CONTACT];
	out->keyword = pb_borrow(o->value[OPTION_KEYWORD]);
	out->warnings = (Domainflow__V2__WarningFilter)cli_choice(cli, OPTION_WARNINGS);
	out->search = pb_borrow(o->value[OPTION_SEARCH]);
	out->bucket = (Domainflow__V2__DomainBucket)cli_choice(cli, OPTION_BUCKET);
	out->sort = (Domainflow__V2__DomainSort)cli_choice(cli, OPTION_SORT);
	out->dir = (Domainflow__V2__SortDirection)cli_choice(cli, OPTION_DIR);
	out->rejection_reasons = reasons;
	return reasons_read(o, reasons, &out->n_rejection_reasons);
}

struct status domain_list(struct cli *cli)
{
	PB(ListDomainsRequest, LIST_DOMAINS_REQUEST, request);
	Domainflow__V2__RejectionReason reasons[DOMAIN_REASONS_MAX];

	TRY(domain_selection_read(cli, reasons, &request));
	return list_print(cli, &domainflow_v2_domain_list_domains_method, &request.base, "domains", list_columns,
			  ARRAY_LEN(list_columns));
}

struct status domain_get(struct cli *cli)
{
	PB(GetDomainRequest, GET_DOMAIN_REQUEST, request);
	Domainflow__V2__GetDomainResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.domain = pb_borrow(cli_arg(cli, 1));
	TRY(CLI_CALL(cli, domainflow_v2_domain_get_domain, &request, &answer));
	return record_print(cli, &answer->base, "domain", record_columns, ARRAY_LEN(record_columns));
}

struct status domain_keywords(struct cli *cli)
{
	static const struct column columns[] = {
		{ "KEYWORD", "surface_form", COLUMN_TEXT, 40 },
		{ "WEIGHT", "effective_weight", COLUMN_NUMBER, 0 },
		{ "HITS", "occurrences", COLUMN_NUMBER, 0 },
		{ "WHERE", "signal_type", COLUMN_TEXT, 0 },
		{ "FIRST AT", "first_seen_position", COLUMN_NUMBER, 0 },
		{ "FROM", "source_subphase", COLUMN_TEXT, 0 },
	};
	PB(ListDomainKeywordsRequest, LIST_DOMAIN_KEYWORDS_REQUEST, request);
	Domainflow__V2__ListDomainKeywordsResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.domain = pb_borrow(cli_arg(cli, 1));
	TRY(CLI_CALL(cli, domainflow_v2_domain_list_domain_keywords, &request, &answer));
	return rows_print(cli, &answer->base, "items", columns, ARRAY_LEN(columns));
}

struct status domain_breakdown(struct cli *cli)
{
	static const struct column columns[] = {
		{ "domain", "domain", COLUMN_TEXT, 0 },
		{ "state", "state", COLUMN_TEXT, 0 },
		{ "reason", "reason", COLUMN_TEXT, 0 },
		{ "score", "overall_score", COLUMN_TEXT, 0 },
		{ "density", "components.density.value", COLUMN_TEXT, 0 },
		{ "coverage", "components.coverage.value", COLUMN_TEXT, 0 },
		{ "not parked", "components.non_parked.value", COLUMN_TEXT, 0 },
		{ "content length", "components.content_length.value", COLUMN_TEXT, 0 },
		{ "title keyword", "components.title_keyword.value", COLUMN_TEXT, 0 },
		{ "freshness", "components.freshness.value", COLUMN_TEXT, 0 },
		{ "variety", "components.tf_lite.value", COLUMN_TEXT, 0 },
		{ "keywords", "evidence.keyword_hits", COLUMN_TEXT, 0 },
		{ "page bytes", "evidence.content_length_bytes", COLUMN_TEXT, 0 },
		{ "days old", "evidence.freshness_days_old", COLUMN_TEXT, 0 },
		{ "parking penalty", "evidence.parked_penalty_applied", COLUMN_TEXT, 0 },
	};
	PB(GetScoreBreakdownRequest, GET_SCORE_BREAKDOWN_REQUEST, request);
	Domainflow__V2__GetScoreBreakdownResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.domain = pb_borrow(cli_arg(cli, 1));
	TRY(CLI_CALL(cli, domainflow_v2_domain_get_score_breakdown, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}
