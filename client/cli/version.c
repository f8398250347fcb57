/* version.c: this program, the server it talks to, and the servers beside that. */
#include "cli.h"
#include "command.h"
#include "output.h"
#include "pb.h"
#include "pb_json.h"

#include "base/buffer.h"

static const struct column server_columns[] = {
	{ "server", "version", COLUMN_TEXT, 0 },        { "schema", "schema_version", COLUMN_TEXT, 0 },
	{ "roles", "roles", COLUMN_TEXT, 0 },           { "started", "started_at", COLUMN_TIME, 0 },
	{ "cache", "cache_available", COLUMN_TEXT, 0 },
};

static struct status json_both(struct cli *cli, const Domainflow__V2__GetServerInfoResponse *answer)
{
	AUTO(json)
	json_t *both =
		json_pack("{s:s, s:o?}", "client", DFCTL_VERSION, "server", answer ? pb_json(&answer->base) : NULL);
	AUTO(buffer) struct buffer b = { 0 };

	if (!both || !json_print(both, cli->format == OUTPUT_JSONL ? JSON_COMPACT_TEXT : 2, &b))
		return status_make(STATUS_INTERNAL, "OUTPUT", "%s", "the answer could not be written");
	fprintf(cli->out, "%s\n", b.data);
	return STATUS_OK_VALUE;
}

/* The client's own version is shown also when no server answers; the exit code then says so. */
struct status show_version(struct cli *cli)
{
	PB(GetServerInfoRequest, GET_SERVER_INFO_REQUEST, request);
	Domainflow__V2__GetServerInfoResponse *answer = NULL;
	struct status st = CLI_CALL(cli, domainflow_v2_server_get_server_info, &request, &answer);

	if (cli_is_json(cli)) {
		TRY(json_both(cli, status_ok(st) ? answer : NULL));
		return st;
	}
	fprintf(cli->out, "client   %s\n", DFCTL_VERSION);
	if (!status_ok(st))
		return st;
	return record_print(cli, &answer->base, "", server_columns, ARRAY_LEN(server_columns));
}

struct status show_instances(struct cli *cli)
{
	static const struct column columns[] = {
		{ "INSTANCE", "id", COLUMN_TEXT, 0 },           { "ALIVE", "is_alive", COLUMN_TEXT, 0 },
		{ "ROLES", "roles", COLUMN_TEXT, 0 },           { "VERSION", "version", COLUMN_TEXT, 0 },
		{ "ADDRESS", "address", COLUMN_TEXT, 0 },       { "STARTED", "started_at", COLUMN_TIME, 0 },
		{ "HEARD OF", "heartbeat_at", COLUMN_TIME, 0 },
	};
	PB(ListInstancesRequest, LIST_INSTANCES_REQUEST, request);
	Domainflow__V2__ListInstancesResponse *answer;

	TRY(CLI_CALL(cli, domainflow_v2_server_list_instances, &request, &answer));
	return rows_print(cli, &answer->base, "instances", columns, ARRAY_LEN(columns));
}
