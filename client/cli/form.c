#include "form.h"

#include "choices.h"
#include "cli.h"
#include "input.h"

#include "base/arena.h"
#include "base/buffer.h"

#include <string.h>

struct status form_open(struct form *f, struct cli *cli, bool is_optional)
{
	memset(f, 0, sizeof *f);
	f->cli = cli;
	violations_init(&f->violations, cli->arena);
	json_input_init(&f->input, cli->arena, &f->violations);
	if (!is_optional || cli->options->value[OPTION_FILE])
		TRY(input_read(cli, &f->document));
	json_fields_open(&f->fields, &f->input, f->document, "");
	return STATUS_OK_VALUE;
}

struct status form_check(struct form *f)
{
	json_fields_close(&f->fields);
	TRY(f->input.failure);
	return violations_status(&f->violations);
}

void form_done(struct form *f)
{
	json_decref(f->document);
	f->document = NULL;
}

const char *form_text(struct form *f, enum option_id option, const char *member)
{
	const char *text = NULL;

	json_get_text(&f->fields, member, FORM_TEXT_BYTES_MAX, &text);
	return f->cli->options->value[option] ? f->cli->options->value[option] : text;
}

const char *form_required_text(struct form *f, enum option_id option, const char *member)
{
	const char *text = form_text(f, option, member);

	if (!text && !json_has(&f->fields, member))
		json_required(&f->fields, member);
	return text;
}

int form_choice(struct form *f, enum option_id option, const char *member)
{
	const char *word = form_text(f, option, member);
	const struct choices *choices = option_rows[option].choices;
	AUTO(buffer) struct buffer all = { 0 };
	int value = choices_value(choices, word);

	if (value >= 0)
		return value;
	choices_text(choices, &all);
	json_violation(&f->fields, member, "is %s", all.data ? all.data : "");
	return 0;
}

const char *form_json(struct form *f, const char *member)
{
	const json_t *object = NULL;
	const char *text;

	if (!json_get_object(&f->fields, member, &object))
		return NULL;
	text = json_to_arena(f->cli->arena, object);
	if (!text)
		f->input.failure = status_out_of_memory();
	return text;
}
