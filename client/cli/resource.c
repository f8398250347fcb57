#include "resource.h"

#include "cli.h"
#include "command.h"
#include "existing.h"
#include "input.h"
#include "pb.h"
#include "pb_value.h"
#include "views.h"

#include "base/arena.h"
#include "base/uuid.h"

static const struct resource *resource_of(const struct cli *cli)
{
	return cli->options->command->resource;
}

static struct status call(struct cli *cli, const struct method *method, const ProtobufCMessage *in,
			  ProtobufCMessage **out)
{
	struct attempt attempt;
	struct status st = cli_connect(cli);

	attempt_begin(&attempt, cli, method);
	if (status_ok(st))
		do
			st = df_call_unary(cli->connection, &attempt.call, method, in, out);
		while (attempt_again(&attempt, cli, st));
	return st;
}

static void text_set(ProtobufCMessage *request, const char *name, const char *text)
{
	*(char **)pb_place(request, name) = pb_borrow(text);
}

/* Whom a request is about. */
static struct status id_set(struct cli *cli, ProtobufCMessage *request, const char *id)
{
	const char *field = arena_printf(cli->arena, "%s_id", resource_of(cli)->member);

	if (!field || !request)
		return status_out_of_memory();
	text_set(request, field, id);
	return STATUS_OK_VALUE;
}

struct status resource_argument(struct cli *cli, const char **out_id)
{
	const struct resource *r = resource_of(cli);
	const char *text = cli_arg(cli, 0);
	AUTO(json) json_t *ids = json_array();
	struct uuid id;

	*out_id = text;
	if (uuid_parse(text, &id))
		return STATUS_OK_VALUE;
	TRY(reference_resolve(cli, r, &text, 1, ids));
	if (json_array_size(ids) > 1)
		return status_make(STATUS_INVALID_ARGUMENT, "AMBIGUOUS", "more than one %s is named %s; give the id",
				   r->noun, text);
	*out_id = arena_strdup(cli->arena, json_string_value(json_array_get(ids, 0)));
	return *out_id ? STATUS_OK_VALUE : status_out_of_memory();
}

static struct status show(struct cli *cli, const ProtobufCMessage *answer)
{
	const struct resource *r = resource_of(cli);

	TRY(record_print(cli, answer, r->member, r->record_columns, r->record_column_count));
	if (cli->format != OUTPUT_TABLE || !r->print_rest)
		return STATUS_OK_VALUE;
	return r->print_rest(cli, pb_message(answer, r->member));
}

struct status resource_list(struct cli *cli)
{
	const struct resource *r = resource_of(cli);
	ProtobufCMessage *request = pb_make(cli->arena, r->list->input);

	if (!request)
		return status_out_of_memory();
	*(protobuf_c_boolean *)pb_place(request, "only_enabled") = cli->options->is_given[OPTION_ENABLED];
	if (r->narrow)
		r->narrow(cli, NULL, request);
	return list_print(cli, r->list, request, r->items, r->list_columns, r->list_column_count);
}

static struct status read_one(struct cli *cli, const char *id, ProtobufCMessage **out)
{
	const struct resource *r = resource_of(cli);
	ProtobufCMessage *request = pb_make(cli->arena, r->get->input);

	TRY(id_set(cli, request, id));
	TRY(call(cli, r->get, request, out));
	if (!pb_message(*out, r->member))
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "the server's answer has no %s", r->noun);
	return STATUS_OK_VALUE;
}

struct status resource_get(struct cli *cli)
{
	ProtobufCMessage *answer;
	const char *id;

	TRY(resource_argument(cli, &id));
	TRY(read_one(cli, id, &answer));
	return show(cli, answer);
}

/* --- create and update --------------------------------------------------------------------------------------- */

/* Shows the one that has the name already; *out_is_shown false when there is none. */
static struct status existing_show(struct cli *cli, struct form *f, const ProtobufCMessage *create, const char *name,
				   bool *out_is_shown)
{
	const struct resource *r = resource_of(cli);
	ProtobufCMessage *list = pb_make(cli->arena, r->list->input), *answer;
	const char *id;

	if (!list || json_object_set_new(f->document, "name", json_string(name)) != 0)
		return status_out_of_memory();
	if (r->narrow)
		r->narrow(cli, create, list);
	TRY(existing_find(cli, r->list, list, r->items, name, &id));
	*out_is_shown = id != NULL;
	if (!id)
		return STATUS_OK_VALUE;
	TRY(read_one(cli, id, &answer));
	if (r->unfold)
		TRY(r->unfold(f->document));
	TRY(existing_same(f->document, pb_message(answer, r->member)));
	return show(cli, answer);
}

static struct status create(struct cli *cli, struct form *f)
{
	const struct resource *r = resource_of(cli);
	ProtobufCMessage *request = pb_make(cli->arena, r->create->input), *answer;
	const char *name = form_required_text(f, OPTION_NAME, "name");
	bool is_enabled = true, is_shown = false;

	if (!request)
		return status_out_of_memory();
	text_set(request, "name", name);
	text_set(request, "description", form_text(f, OPTION_DESCRIPTION, "description"));
	json_get_bool(&f->fields, "isEnabled", &is_enabled);
	*(protobuf_c_boolean *)pb_place(request, "is_disabled") = !is_enabled;
	r->fill(f, request, false);
	TRY(form_check(f));
	if (cli->options->is_given[OPTION_IF_MISSING])
		TRY(existing_show(cli, f, request, name, &is_shown));
	if (is_shown)
		return STATUS_OK_VALUE;
	TRY(call(cli, r->create, request, &answer));
	return show(cli, answer);
}

struct status resource_create(struct cli *cli)
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
	const struct resource *r = resource_of(cli);
	const char *name = form_text(f, OPTION_NAME, "name"), *id;
	const char *description = form_text(f, OPTION_DESCRIPTION, "description");
	bool is_enabled = cli->options->is_given[OPTION_ENABLE], has_enabled;
	ProtobufCMessage *request = pb_make(cli->arena, r->update->input), *answer;

	has_enabled = json_get_bool(&f->fields, "isEnabled", &is_enabled) || cli->options->is_given[OPTION_ENABLE] ||
		      cli->options->is_given[OPTION_DISABLE];
	is_enabled = (is_enabled || cli->options->is_given[OPTION_ENABLE]) && !cli->options->is_given[OPTION_DISABLE];
	if (!request)
		return status_out_of_memory();
	if (name)
		text_set(request, "name", name);
	if (description)
		text_set(request, "description", description);
	if (has_enabled)
		*(protobuf_c_boolean *)pb_place(request, "is_enabled") = is_enabled;
	r->fill(f, request, true);
	TRY(form_check(f));
	TRY(resource_argument(cli, &id));
	TRY(id_set(cli, request, id));
	TRY(call(cli, r->update, request, &answer));
	return show(cli, answer);
}

struct status resource_update(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, true);

	if (status_ok(st))
		st = update(cli, &f);
	form_done(&f);
	return st;
}

struct status resource_delete(struct cli *cli)
{
	const struct resource *r = resource_of(cli);
	const char *question = arena_printf(cli->arena, "Delete the %s %s?", r->noun, cli_arg(cli, 0)), *id;
	ProtobufCMessage *request = pb_make(cli->arena, r->remove->input), *answer;

	if (!question)
		return status_out_of_memory();
	if (!cli_confirm(cli, question))
		return status_make(STATUS_CANCELLED, "NOT_CONFIRMED", "%s", "nothing was deleted");
	TRY(resource_argument(cli, &id));
	TRY(id_set(cli, request, id));
	TRY(call(cli, r->remove, request, &answer));
	return view_done(cli, answer, "deleted");
}
