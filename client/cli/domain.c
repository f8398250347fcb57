/* domain.c: the domains of a campaign. */
#include "choices.h"
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"

#define REASONS_MAX 9

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
	{ "score", "domain_score", COLUMN_TEXT, 0 },
	{ "lead", "lead_status", COLUMN_TEXT, 0 },
	{ "lead score", "lead_score", COLUMN_TEXT, 0 },
	{ "reason", "rejection_reason", COLUMN_TEXT, 0 },
};

struct status domain_list(struct cli *cli)
{
	PB(ListDomainsRequest, LIST_DOMAINS_REQUEST, request);
	Domainflow__V2__RejectionReason reasons[REASONS_MAX];
	const struct options *o = cli->options;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.dns_status = (Domainflow__V2__DnsStatus)cli_choice(cli, OPTION_DNS_STATUS);
	request.http_status = (Domainflow__V2__HttpStatus)cli_choice(cli, OPTION_HTTP_STATUS);
	request.lead_status = (Domainflow__V2__LeadStatus)cli_choice(cli, OPTION_LEAD_STATUS);
	request.sort = (Domainflow__V2__DomainSort)cli_choice(cli, OPTION_SORT);
	request.rejection_reasons = reasons;
	for (size_t i = 0; i < o->value_count; i++) {
		if (o->values[i].option != OPTION_REASON)
			continue;
		if (request.n_rejection_reasons == REASONS_MAX)
			return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "at most %d --reason", REASONS_MAX);
		reasons[request.n_rejection_reasons++] =
			(Domainflow__V2__RejectionReason)choices_value(&choices_rejection_reason, o->values[i].value);
	}
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
