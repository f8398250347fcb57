/* campaign_report.c: where a campaign stands and what it found. */
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"
#include "views.h"

#include "base/arena.h"

static const struct column phase_record[] = {
	{ "phase", "phase", COLUMN_TEXT, 0 },
	{ "status", "status", COLUMN_TEXT, 0 },
	{ "run", "run_number", COLUMN_TEXT, 0 },
	{ "done", "progress.percent_complete", COLUMN_PERCENT, 0 },
	{ "processed", "progress.processed_items", COLUMN_TEXT, 0 },
	{ "total", "progress.total_items", COLUMN_TEXT, 0 },
	{ "ok", "progress.successful_items", COLUMN_TEXT, 0 },
	{ "failed", "progress.failed_items", COLUMN_TEXT, 0 },
	{ "started", "started_at", COLUMN_TIME, 0 },
	{ "paused at", "paused_at", COLUMN_TIME, 0 },
	{ "completed", "completed_at", COLUMN_TIME, 0 },
	{ "failed at", "failed_at", COLUMN_TIME, 0 },
	{ "error", "errors.code", COLUMN_TEXT, 0 },
	{ "error text", "errors.message", COLUMN_TEXT, 0 },
	{ "configuration", "configuration", COLUMN_TEXT, 0 },
};

static const struct column snapshot_record[] = {
	{ "campaign", "campaign_id", COLUMN_TEXT, 0 },
	{ "status", "status", COLUMN_TEXT, 0 },
	{ "mode", "mode", COLUMN_TEXT, 0 },
	{ "done", "overall_progress_percentage", COLUMN_PERCENT, 0 },
	{ "error", "error_message", COLUMN_TEXT, 0 },
};

static const struct column phase_table[] = {
	{ "PHASE", "phase", COLUMN_TEXT, 0 },
	{ "STATUS", "status", COLUMN_TEXT, 0 },
	{ "RUN", "run_number", COLUMN_NUMBER, 0 },
	{ "DONE", "progress_percentage", COLUMN_PERCENT, 0 },
	{ "PROCESSED", "progress.processed_items", COLUMN_NUMBER, 0 },
	{ "TOTAL", "progress.total_items", COLUMN_NUMBER, 0 },
	{ "OK", "progress.successful_items", COLUMN_NUMBER, 0 },
	{ "FAILED", "progress.failed_items", COLUMN_NUMBER, 0 },
	{ "STARTED", "started_at", COLUMN_TIME, 0 },
	{ "COMPLETED", "completed_at", COLUMN_TIME, 0 },
	{ "ERROR", "error.message", COLUMN_TEXT, 0 },
};

struct status view_phase(struct cli *cli, const ProtobufCMessage *answer)
{
	return record_print(cli, answer, "state", phase_record, ARRAY_LEN(phase_record));
}

struct status view_done(struct cli *cli, const ProtobufCMessage *answer, const char *word)
{
	if (cli_is_json(cli))
		return json_answer(cli, answer);
	if (!cli->is_quiet)
		fprintf(cli->out, "%s\n", word);
	return STATUS_OK_VALUE;
}

/* Who retried a phase wonders where the other domains are. */
static void runs_explain(const struct cli *cli, const PbSnapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_phases; i++) {
		if (snapshot->phases[i]->run_number < 2)
			continue;
		cli_note(cli, "each phase shows its latest run; campaign funnel %s counts the whole campaign",
			 snapshot->campaign_id);
		return;
	}
}

static struct status phase_get(struct cli *cli)
{
	PB(GetPhaseRequest, GET_PHASE_REQUEST, request);
	Domainflow__V2__GetPhaseResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.phase = (Domainflow__V2__Phase)cli_arg_choice(cli, 1);
	TRY(CLI_CALL(cli, domainflow_v2_phase_get_phase, &request, &answer));
	return view_phase(cli, &answer->base);
}

struct status campaign_status(struct cli *cli)
{
	PB(GetCampaignStatusRequest, GET_CAMPAIGN_STATUS_REQUEST, request);
	Domainflow__V2__GetCampaignStatusResponse *answer;

	if (cli_arg(cli, 1))
		return phase_get(cli);
	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_phase_get_campaign_status, &request, &answer));
	if (!answer->snapshot)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no snapshot");
	if (cli->format == OUTPUT_CSV)
		return csv_print(cli, phase_table, ARRAY_LEN(phase_table),
				 (const ProtobufCMessage *const *)answer->snapshot->phases, answer->snapshot->n_phases,
				 true);
	TRY(record_print(cli, &answer->base, "snapshot", snapshot_record, ARRAY_LEN(snapshot_record)));
	if (cli_is_json(cli))
		return STATUS_OK_VALUE;
	fputc('\n', cli->out);
	TRY(table_print(cli, phase_table, ARRAY_LEN(phase_table),
			(const ProtobufCMessage *const *)answer->snapshot->phases, answer->snapshot->n_phases, NULL));
	runs_explain(cli, answer->snapshot);
	return STATUS_OK_VALUE;
}

struct status campaign_funnel(struct cli *cli)
{
	static const struct column columns[] = {
		{ "generated", "generated", COLUMN_TEXT, 0 },   { "dns valid", "dns_valid", COLUMN_TEXT, 0 },
		{ "http valid", "http_valid", COLUMN_TEXT, 0 }, { "keyword hits", "keyword_hits", COLUMN_TEXT, 0 },
		{ "analyzed", "analyzed", COLUMN_TEXT, 0 },     { "high potential", "high_potential", COLUMN_TEXT, 0 },
		{ "leads", "leads", COLUMN_TEXT, 0 },
	};
	PB(GetFunnelRequest, GET_FUNNEL_REQUEST, request);
	Domainflow__V2__GetFunnelResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_insight_get_funnel, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}

struct status campaign_rejections(struct cli *cli)
{
	static const struct column columns[] = {
		{ "qualified", "counts.qualified", COLUMN_TEXT, 0 },
		{ "low score", "counts.low_score", COLUMN_TEXT, 0 },
		{ "no keywords", "counts.no_keywords", COLUMN_TEXT, 0 },
		{ "parked", "counts.parked", COLUMN_TEXT, 0 },
		{ "dns error", "counts.dns_error", COLUMN_TEXT, 0 },
		{ "dns timeout", "counts.dns_timeout", COLUMN_TEXT, 0 },
		{ "http error", "counts.http_error", COLUMN_TEXT, 0 },
		{ "http timeout", "counts.http_timeout", COLUMN_TEXT, 0 },
		{ "pending", "counts.pending", COLUMN_TEXT, 0 },
		{ "total", "totals.total", COLUMN_TEXT, 0 },
		{ "balanced", "balanced", COLUMN_TEXT, 0 },
		{ "audit note", "audit_note", COLUMN_TEXT, 0 },
	};
	PB(GetRejectionSummaryRequest, GET_REJECTION_SUMMARY_REQUEST, request);
	Domainflow__V2__GetRejectionSummaryResponse *answer;

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_insight_get_rejection_summary, &request, &answer));
	return record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns));
}

struct status campaign_executions(struct cli *cli)
{
	static const struct column columns[] = {
		{ "PHASE", "phase", COLUMN_TEXT, 0 },
		{ "RUN", "run_number", COLUMN_NUMBER, 0 },
		{ "STATUS", "status", COLUMN_TEXT, 0 },
		{ "DONE", "progress.percent_complete", COLUMN_PERCENT, 0 },
		{ "PROCESSED", "progress.processed_items", COLUMN_NUMBER, 0 },
		{ "OK", "progress.successful_items", COLUMN_NUMBER, 0 },
		{ "FAILED", "progress.failed_items", COLUMN_NUMBER, 0 },
		{ "STARTED", "started_at", COLUMN_TIME, 0 },
		{ "COMPLETED", "completed_at", COLUMN_TIME, 0 },
		{ "ERROR", "error.message", COLUMN_TEXT, 0 },
	};
	PB(ListPhaseExecutionsRequest, LIST_PHASE_EXECUTIONS_REQUEST, request);

	request.campaign_id = pb_borrow(cli_arg(cli, 0));
	request.phase = (Domainflow__V2__Phase)cli_choice(cli, OPTION_PHASE);
	return list_print(cli, &domainflow_v2_phase_list_phase_executions_method, &request.base, "executions", columns,
			  ARRAY_LEN(columns));
}
