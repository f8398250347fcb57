/* persona.c: personas. */
#include "cli.h"
#include "command.h"
#include "existing.h"
#include "form.h"
#include "output.h"
#include "pb.h"
#include "views.h"

#include "base/arena.h"

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

static struct status persona_show(struct cli *cli, const ProtobufCMessage *answer)
{
	return record_print(cli, answer, "persona", record_columns, ARRAY_LEN(record_columns));
}

static struct status persona_read(struct cli *cli, const char *id, Domainflow__V2__GetPersonaResponse **out)
{
	PB(GetPersonaRequest, GET_PERSONA_REQUEST, request);

	request.persona_id = pb_borrow(id);
	TRY(CLI_CALL(cli, domainflow_v2_persona_get_persona, &request, out));
	if (!(*out)->persona)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no persona");
	return STATUS_OK_VALUE;
}

struct status persona_list(struct cli *cli)
{
	PB(ListPersonasRequest, LIST_PERSONAS_REQUEST, request);
	int type;

	TRY(cli_enum(cli, &domainflow__v2__persona_type__descriptor, cli->options->value[OPTION_TYPE], "--type",
		     &type));
	request.persona_type = (Domainflow__V2__PersonaType)type;
	request.only_enabled = cli->options->is_given[OPTION_ENABLED];
	return list_print(cli, &domainflow_v2_persona_list_personas_method, &request.base, "personas", list_columns,
			  ARRAY_LEN(list_columns));
}

struct status persona_get(struct cli *cli)
{
	Domainflow__V2__GetPersonaResponse *answer;

	TRY(persona_read(cli, cli_arg(cli, 0), &answer));
	return persona_show(cli, &answer->base);
}

/* Shows the persona that has the name already; *out_is_shown false when there is none. */
static struct status existing_show(struct cli *cli, const json_t *wanted,
				   const Domainflow__V2__CreatePersonaRequest *create, bool *out_is_shown)
{
	PB(ListPersonasRequest, LIST_PERSONAS_REQUEST, list);
	Domainflow__V2__GetPersonaResponse *answer;
	const char *id;

	list.persona_type = create->persona_type;
	TRY(existing_find(cli, &domainflow_v2_persona_list_personas_method, &list.base, "personas", create->name, &id));
	*out_is_shown = id != NULL;
	if (!id)
		return STATUS_OK_VALUE;
	TRY(persona_read(cli, id, &answer));
	TRY(existing_same(wanted, &answer->persona->base));
	return persona_show(cli, &answer->base);
}

static struct status create(struct cli *cli, struct form *f)
{
	PB(CreatePersonaRequest, CREATE_PERSONA_REQUEST, request);
	Domainflow__V2__CreatePersonaResponse *answer;
	bool is_enabled = true, is_shown = false;

	request.name = pb_borrow(form_required_text(f, OPTION_NAME, "name"));
	request.persona_type = (Domainflow__V2__PersonaType)form_enum(f, OPTION_TYPE, "personaType",
								      &domainflow__v2__persona_type__descriptor);
	if (!json_has(&f->fields, "personaType"))
		json_required(&f->fields, "personaType");
	request.description = pb_borrow(form_text(f, OPTION_DESCRIPTION, "description"));
	json_get_bool(&f->fields, "isEnabled", &is_enabled);
	request.is_disabled = !is_enabled;
	request.config_details = pb_borrow(form_json(f, "configDetails"));
	TRY(form_check(f));
	if (cli->options->is_given[OPTION_IF_MISSING]) {
		if (json_object_set_new(f->document, "name", json_string(request.name)) != 0)
			return status_out_of_memory();
		TRY(existing_show(cli, f->document, &request, &is_shown));
		if (is_shown)
			return STATUS_OK_VALUE;
	}
	TRY(CLI_CALL(cli, domainflow_v2_persona_create_persona, &request, &answer));
	return persona_show(cli, &answer->base);
}

struct status persona_create(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, false);

	if (status_ok(st))
		st = create(cli, &f);
	form_done(&f);
	return st;
}

static struct status update(struct cli *cli, struct form *f)
{
	PB(UpdatePersonaRequest, UPDATE_PERSONA_REQUEST, request);
	Domainflow__V2__UpdatePersonaResponse *answer;
	const char *name = form_text(f, OPTION_NAME, "name"), *settings = form_json(f, "configDetails");
	const char *description = form_text(f, OPTION_DESCRIPTION, "description");
	bool is_enabled = cli->options->is_given[OPTION_ENABLE], has_enabled;

	has_enabled = json_get_bool(&f->fields, "isEnabled", &is_enabled) || is_enabled ||
		      cli->options->is_given[OPTION_DISABLE];
	json_has(&f->fields, "personaType"); /* a file made for create may be used again */
	TRY(form_check(f));
	request.persona_id = pb_borrow(cli_arg(cli, 0));
	if (name) {
		request.name_change_case = DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__NAME_CHANGE_NAME;
		request.name = pb_borrow(name);
	}
	if (description) {
		request.description_change_case =
			DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__DESCRIPTION_CHANGE_DESCRIPTION;
		request.description = pb_borrow(description);
	}
	if (has_enabled) {
		request.enabled_change_case = DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__ENABLED_CHANGE_IS_ENABLED;
		request.is_enabled = is_enabled && !cli->options->is_given[OPTION_DISABLE];
	}
	if (settings) {
		request.config_change_case = DOMAINFLOW__V2__UPDATE_PERSONA_REQUEST__CONFIG_CHANGE_CONFIG_DETAILS;
		request.config_details = pb_borrow(settings);
	}
	TRY(CLI_CALL(cli, domainflow_v2_persona_update_persona, &request, &answer));
	return persona_show(cli, &answer->base);
}

struct status persona_update(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, true);

	if (status_ok(st))
		st = update(cli, &f);
	form_done(&f);
	return st;
}

struct status persona_delete(struct cli *cli)
{
	PB(DeletePersonaRequest, DELETE_PERSONA_REQUEST, request);
	Domainflow__V2__DeletePersonaResponse *answer;

	if (!cli_confirm(cli, "Delete the persona?"))
		return status_make(STATUS_CANCELLED, "NOT_CONFIRMED", "%s", "nothing was deleted");
	request.persona_id = pb_borrow(cli_arg(cli, 0));
	TRY(CLI_CALL(cli, domainflow_v2_persona_delete_persona, &request, &answer));
	return view_done(cli, &answer->base, "deleted");
}
