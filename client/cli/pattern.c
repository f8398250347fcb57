/* pattern.c: what a pattern would yield, before a campaign is made of it, and which campaigns had its names. */
#include "cli.h"
#include "command.h"
#include "form.h"
#include "output.h"
#include "pb.h"

#include "base/arena.h"

#include <string.h>

#define LENGTH_MAX 64
#define SAMPLE_MAX 50
#define TLDS_MAX   64

static const struct column record_columns[] = {
	{ "names", "total_combinations", COLUMN_TEXT, 0 },
	{ "left", "remaining", COLUMN_TEXT, 0 },
	{ "next offset", "next_offset", COLUMN_TEXT, 0 },
	{ "nearly exhausted", "exhaustion_warning", COLUMN_TEXT, 0 },
	{ "next names", "sample_domains", COLUMN_TEXT, 0 },
	{ "hash", "config_hash", COLUMN_TEXT, 0 },
};

static const struct column campaign_columns[] = {
	{ "CAMPAIGN", "id", COLUMN_TEXT, 0 },
	{ "NAME", "name", COLUMN_TEXT, 32 },
	{ "CREATED", "created_at", COLUMN_TIME, 0 },
	{ "FIRST", "offset_range.start", COLUMN_NUMBER, 0 },
	{ "LAST", "offset_range.end", COLUMN_NUMBER, 0 },
	{ "NAMES", "stats.domains_generated", COLUMN_NUMBER, 0 },
	{ "LEADS", "stats.leads", COLUMN_NUMBER, 0 },
	{ "STATE", "stats.completeness", COLUMN_TEXT, 0 },
};

/* The pattern in a campaign's file (the one at top level wins, as on the server), or the whole document. */
static json_t *pattern_of(json_t *document)
{
	json_t *top = json_object_get(document, "patternConfig");
	json_t *inner = json_object_get(json_object_get(document, "configuration"), "patternConfig");

	return json_is_object(top) ? top : json_is_object(inner) ? inner : document;
}

/* Members that don't matter for the names are passed over: a campaign's file has more of them. */
static struct status document_read(struct form *f, const json_t *pattern, Domainflow__V2__PreviewPatternRequest *out)
{
	const char *const *tlds = NULL, *text;
	struct json_fields fields;
	int64_t length;

	json_fields_open(&fields, &f->input, pattern, pattern == f->document ? "" : "patternConfig");
	if (json_get_text(&fields, "type", FORM_TEXT_BYTES_MAX, &text))
		out->pattern_type = pb_borrow(text);
	if (json_get_text(&fields, "charset", FORM_TEXT_BYTES_MAX, &text))
		out->character_set = pb_borrow(text);
	if (json_get_text(&fields, "constant", FORM_TEXT_BYTES_MAX, &text))
		out->constant_string = pb_borrow(text);
	if (json_get_int(&fields, "variableLength", 0, LENGTH_MAX, &length)) {
		out->variable_length_value_case =
			DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__VARIABLE_LENGTH_VALUE_VARIABLE_LENGTH;
		out->variable_length = (int32_t)length;
	}
	if (json_get_int(&fields, "prefixVariableLength", 0, LENGTH_MAX, &length)) {
		out->prefix_length_value_case =
			DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__PREFIX_LENGTH_VALUE_PREFIX_VARIABLE_LENGTH;
		out->prefix_variable_length = (int32_t)length;
	}
	if (json_get_int(&fields, "suffixVariableLength", 0, LENGTH_MAX, &length)) {
		out->suffix_length_value_case =
			DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__SUFFIX_LENGTH_VALUE_SUFFIX_VARIABLE_LENGTH;
		out->suffix_variable_length = (int32_t)length;
	}
	if (json_get_texts(&fields, "tlds", TLDS_MAX, FORM_TEXT_BYTES_MAX, &tlds, &out->n_tlds))
		out->tlds = (char **)(uintptr_t)tlds;
	TRY(f->input.failure);
	return violations_status(&f->violations);
}

static struct status options_read_pattern(const struct options *o, Domainflow__V2__PreviewPatternRequest *out)
{
	int64_t number;

	if (o->value[OPTION_PATTERN])
		out->pattern_type = pb_borrow(o->value[OPTION_PATTERN]);
	if (o->value[OPTION_CHARSET])
		out->character_set = pb_borrow(o->value[OPTION_CHARSET]);
	if (o->value[OPTION_CONSTANT])
		out->constant_string = pb_borrow(o->value[OPTION_CONSTANT]);
	if (o->value[OPTION_TLD]) {
		out->tld = pb_borrow(o->value[OPTION_TLD]);
		out->n_tlds = 0;
	}
	if (o->value[OPTION_LENGTH]) {
		TRY(cli_number(o->value[OPTION_LENGTH], "--length", 0, LENGTH_MAX, &number));
		out->variable_length_value_case =
			DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__VARIABLE_LENGTH_VALUE_VARIABLE_LENGTH;
		out->variable_length = (int32_t)number;
		out->prefix_length_value_case = DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__PREFIX_LENGTH_VALUE__NOT_SET;
		out->suffix_length_value_case = DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__SUFFIX_LENGTH_VALUE__NOT_SET;
	}
	if (o->value[OPTION_SAMPLE]) {
		TRY(cli_number(o->value[OPTION_SAMPLE], "--sample", 0, SAMPLE_MAX, &number));
		out->sample_size_value_case = DOMAINFLOW__V2__PREVIEW_PATTERN_REQUEST__SAMPLE_SIZE_VALUE_SAMPLE_SIZE;
		out->sample_size = (int32_t)number;
	}
	return STATUS_OK_VALUE;
}

static struct status campaigns_print(struct cli *cli, Domainflow__V2__LineageCampaign **campaigns, size_t count)
{
	if (cli->format != OUTPUT_TABLE || count == 0)
		return STATUS_OK_VALUE;
	fputs("\ncampaigns that had names of the pattern before\n", cli->out);
	return table_print(cli, campaign_columns, ARRAY_LEN(campaign_columns),
			   (const ProtobufCMessage *const *)campaigns, count, NULL);
}

static struct status preview(struct cli *cli, struct form *f)
{
	PB(PreviewPatternRequest, PREVIEW_PATTERN_REQUEST, request);
	Domainflow__V2__PreviewPatternResponse *answer;

	if (!cli->options->value[OPTION_FILE] && !cli->options->value[OPTION_PATTERN])
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s",
				   "which pattern? give -f FILE, or --pattern with --length and --constant");
	if (f->document)
		TRY(document_read(f, pattern_of(f->document), &request));
	TRY(options_read_pattern(cli->options, &request));
	TRY(CLI_CALL(cli, domainflow_v2_discovery_preview_pattern, &request, &answer));
	TRY(record_print(cli, &answer->base, "data", record_columns, ARRAY_LEN(record_columns)));
	return campaigns_print(cli, answer->data->prior_campaigns, answer->data->n_prior_campaigns);
}

struct status pattern_preview(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, true);

	if (status_ok(st))
		st = preview(cli, &f);
	form_done(&f);
	return st;
}

struct status campaign_lineage(struct cli *cli)
{
	static const struct column columns[] = {
		{ "first offset", "this_campaign.offset_start", COLUMN_TEXT, 0 },
		{ "last offset", "this_campaign.offset_end", COLUMN_TEXT, 0 },
		{ "pattern", "config_hash", COLUMN_TEXT, 0 },
	};
	PB(GetDiscoveryLineageRequest, GET_DISCOVERY_LINEAGE_REQUEST, request);
	Domainflow__V2__GetDiscoveryLineageResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_discovery_get_discovery_lineage, &request, &answer));
	TRY(record_print(cli, &answer->base, "data", columns, ARRAY_LEN(columns)));
	return campaigns_print(cli, answer->data->prior_campaigns, answer->data->n_prior_campaigns);
}
