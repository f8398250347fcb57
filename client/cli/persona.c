/* persona.c: personas: how lookups and fetches are made. */
#include "resource.h"

#include "cli.h"
#include "command.h"
#include "pb.h"
#include "pb_value.h"

static const struct column list_columns[] = {
	{ "ID", "id", COLUMN_TEXT, 0 },
	{ "NAME", "name", COLUMN_TEXT, 40 },
	{ "TYPE", "persona_type", COLUMN_TEXT, 0 },
	{ "ENABLED", "is_enabled", COLUMN_TEXT, 0 },
	{ "UPDATED", "updated_at", COLUMN_TIME, 0 },
};

static const struct column record_columns[] = {
	{ "id", "id", COLUMN_TEXT, 0 },
	{ "name", "name", COLUMN_TEXT, 0 },
	{ "type", "persona_type", COLUMN_TEXT, 0 },
	{ "description", "description", COLUMN_TEXT, 0 },
	{ "enabled", "is_enabled", COLUMN_TEXT, 0 },
	{ "created", "created_at", COLUMN_TIME, 0 },
	{ "updated", "updated_at", COLUMN_TIME, 0 },
	{ "settings", "config_details", COLUMN_TEXT, 0 },
};

static void fill(struct form *f, ProtobufCMessage *request, bool is_update)
{
	const char *settings = form_json(f, "configDetails");

	if (settings)
		*(char **)pb_place(request, "config_details") = pb_borrow(settings);
	if (is_update) {
		json_has(&f->fields, "personaType"); /* a file made for create may be used again */
		return;
	}
	*(int *)pb_place(request, "persona_type") = form_choice(f, OPTION_TYPE, "personaType");
	if (!json_has(&f->fields, "personaType") && !f->cli->options->value[OPTION_TYPE])
		json_required(&f->fields, "personaType");
}

/* A dns and an http persona may share a name. */
static void narrow(const struct cli *cli, const ProtobufCMessage *create, ProtobufCMessage *list)
{
	int type = create ? (int)((const Domainflow__V2__CreatePersonaRequest *)create)->persona_type
			  : cli_choice(cli, OPTION_TYPE);

	*(int *)pb_place(list, "persona_type") = type;
}

struct status persona_test(struct cli *cli)
{
	static const struct column columns[] = {
		{ "persona", "persona_name", COLUMN_TEXT, 0 }, { "type", "persona_type", COLUMN_TEXT, 0 },
		{ "passed", "test_passed", COLUMN_TEXT, 0 },   { "message", "message", COLUMN_TEXT, 0 },
		{ "results", "test_results", COLUMN_TEXT, 0 },
	};
	PB(TestPersonaRequest, TEST_PERSONA_REQUEST, request);
	Domainflow__V2__TestPersonaResponse *answer;
	const char *id;

	TRY(resource_argument(cli, &id));
	request.persona_id = pb_borrow(id);
	request.target = pb_borrow(cli_arg(cli, 1));
	TRY(CLI_CALL(cli, domainflow_v2_persona_test_persona, &request, &answer));
	TRY(record_print(cli, &answer->base, "", columns, ARRAY_LEN(columns)));
	if (answer->test_passed)
		return STATUS_OK_VALUE;
	return status_make(STATUS_UNKNOWN, "TEST_FAILED", "%s", answer->message);
}

const struct resource resource_persona = {
	.noun = "persona",
	.member = "persona",
	.items = "personas",
	.unknown = "PERSONA_UNKNOWN",
	.list = &domainflow_v2_persona_list_personas_method,
	.get = &domainflow_v2_persona_get_persona_method,
	.create = &domainflow_v2_persona_create_persona_method,
	.update = &domainflow_v2_persona_update_persona_method,
	.remove = &domainflow_v2_persona_delete_persona_method,
	.list_columns = list_columns,
	.list_column_count = ARRAY_LEN(list_columns),
	.record_columns = record_columns,
	.record_column_count = ARRAY_LEN(record_columns),
	.fill = fill,
	.narrow = narrow,
};
