#include "choices.h"

#include "options.h"
#include "pb.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

#define LIST_SHOWN_MAX 110 /* a longer list does not fit into a status */

const struct choices choices_none, choices_file;
const struct choices choices_format = { .more = "table json jsonl csv" };
const struct choices choices_shell = { .more = "bash zsh fish" };
const struct choices choices_phase = { .type = &domainflow__v2__phase__descriptor };
const struct choices choices_until = { .type = &domainflow__v2__phase__descriptor, .more = "completed" };
const struct choices choices_mode = { .type = &domainflow__v2__campaign_mode__descriptor };
const struct choices choices_campaign_status = { .type = &domainflow__v2__campaign_status__descriptor };
const struct choices choices_dns_status = { .type = &domainflow__v2__dns_status__descriptor };
const struct choices choices_http_status = { .type = &domainflow__v2__http_status__descriptor };
const struct choices choices_lead_status = { .type = &domainflow__v2__lead_status__descriptor };
const struct choices choices_rejection_reason = { .type = &domainflow__v2__rejection_reason__descriptor };
const struct choices choices_domain_sort = { .type = &domainflow__v2__domain_sort__descriptor };
const struct choices choices_persona_type = { .type = &domainflow__v2__persona_type__descriptor };
const struct choices choices_event_types = { .type = &domainflow__v2__event_type__descriptor, .is_list = true };

const struct choices choices_event_detail = { .type = &domainflow__v2__event_detail__descriptor };
const struct choices choices_warnings = { .type = &domainflow__v2__warning_filter__descriptor };
const struct choices choices_bucket = { .type = &domainflow__v2__domain_bucket__descriptor };
const struct choices choices_direction = { .type = &domainflow__v2__sort_direction__descriptor };
const struct choices choices_pattern = { .more = "constant variable prefix suffix both" };

const struct choices *choices_of_argument(const char *metavar)
{
	static const struct {
		const char *metavar;
		const struct choices *choices;
	} arguments[] = { { "PHASE", &choices_phase }, { "MODE", &choices_mode }, { "SHELL", &choices_shell } };

	for (size_t i = 0; i < ARRAY_LEN(arguments); i++)
		if (strcmp(arguments[i].metavar, metavar) == 0)
			return arguments[i].choices;
	return &choices_none;
}

bool choices_are_words(const struct choices *c)
{
	return c->type || c->more;
}

bool choices_word(const struct choices *c, size_t i, char out[PB_ENUM_TEXT_SIZE])
{
	size_t at = 0;

	for (unsigned v = 0; c->type && v < c->type->n_values; v++) {
		pb_enum_text(c->type, c->type->values[v].value, out);
		if (*out && at++ == i)
			return true;
	}
	for (const char *p = c->more; p && *p; at++) {
		size_t n = strcspn(p, " ");

		snprintf(out, PB_ENUM_TEXT_SIZE, "%.*s", (int)n, p);
		if (at == i)
			return true;
		p += n + (p[n] ? 1 : 0);
	}
	return false;
}

int choices_value(const struct choices *c, const char *word)
{
	char text[PB_ENUM_TEXT_SIZE];
	int value = 0;

	if (!word || (c->type && pb_enum_parse(c->type, word, &value)))
		return value;
	for (size_t i = 0; choices_word(c, i, text); i++)
		if (strcmp(text, word) == 0)
			return 0;
	return -1;
}

void choices_text(const struct choices *c, struct buffer *out)
{
	char word[PB_ENUM_TEXT_SIZE], next[PB_ENUM_TEXT_SIZE];

	for (size_t i = 0; choices_word(c, i, word); i++) {
		bool is_last = !choices_word(c, i + 1, next);

		buffer_printf(out, "%s%s", i == 0 ? "" : is_last ? " or " : ", ", word);
	}
}

struct words {
	const struct choices *choices;
	char word[PB_ENUM_TEXT_SIZE];
};

static const char *word_at(size_t i, const void *context)
{
	struct words *w = (struct words *)(uintptr_t)context;

	return choices_word(w->choices, i, w->word) ? w->word : "";
}

static struct status refuse(const struct choices *c, const char *what, const char *text)
{
	struct words words = { .choices = c };
	AUTO(buffer) struct buffer all = { 0 };
	const char *near;
	size_t count = 0;

	while (choices_word(c, count, words.word))
		count++;
	near = nearest_word(text, word_at, &words, count);
	choices_text(c, &all);
	if (near)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s can't be %s; did you mean %s?", what, text,
				   near);
	if (all.len > LIST_SHOWN_MAX)
		return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s can't be %s; --help lists the words", what,
				   text);
	return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s can't be %s; it is %s", what, text,
			   all.data ? all.data : "");
}

struct status choices_check(const struct choices *c, const char *what, const char *text)
{
	char word[PB_ENUM_TEXT_SIZE];

	if (!choices_are_words(c))
		return STATUS_OK_VALUE;
	if (!c->is_list)
		return choices_value(c, text) >= 0 ? STATUS_OK_VALUE : refuse(c, what, text);
	for (;;) {
		size_t n = strcspn(text, ",");

		snprintf(word, sizeof word, "%.*s", (int)n, text);
		if (choices_value(c, word) < 0)
			return refuse(c, what, word);
		if (!text[n])
			return STATUS_OK_VALUE;
		text += n + 1;
	}
}
