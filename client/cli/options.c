#include "options.h"

#include "choices.h"
#include "command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MS_MAX   (24LL * 60 * 60 * 1000)
#define NEAR_WORD_MAX     64
#define NEAR_DISTANCE_MAX 2

const struct option_row option_rows[OPTION_COUNT] = {
#define X(name, text, letter, metavar, values, help) \
	[OPTION_##name] = { text, letter, metavar, &choices_##values, help },
	GLOBAL_OPTIONS(X) COMMAND_OPTIONS(X)
#undef X
};

const uint64_t option_globals = 0
#define X(name, text, letter, metavar, values, help) | OPTION_BIT(name)
	GLOBAL_OPTIONS(X)
#undef X
	;

static struct status usage(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;

static struct status usage(const char *format, ...)
{
	char text[sizeof((struct status *)0)->detail];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return status_make(STATUS_INVALID_ARGUMENT, "USAGE", "%s", text);
}

/* --- near misses --------------------------------------------------------------------------------------------- */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, by rows; words longer than NEAR_WORD_MAX are far from everything. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NEAR_WORD_MAX + 1];
	size_t n = strlen(b);

	if (n > NEAR_WORD_MAX || strlen(a) > NEAR_WORD_MAX)
		return NEAR_WORD_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; *a; a++, i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *nearest_word(const char *word, const char *(*word_at)(size_t i, const void *context), const void *context,
			 size_t count)
{
	unsigned best = NEAR_DISTANCE_MAX + 1;
	size_t found = count;

	for (size_t i = 0; i < count; i++) {
		const char *candidate = word_at(i, context);
		size_t n = strlen(word);
		unsigned d = n >= 3 && strncmp(candidate, word, n) == 0 ? 0 : distance(word, candidate);

		if (d < best && d < strlen(candidate)) {
			best = d;
			found = i;
		}
	}
	return found < count ? word_at(found, context) : NULL;
}

/* --- values -------------------------------------------------------------------------------------------------- */

bool duration_parse(const char *text, int64_t *out_ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "h", 3600000 } };
	char *end;
	double value;

	if (!isdigit((unsigned char)*text))
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		value *= units[i].ms;
		if (!(value >= 1 && value <= (double)DURATION_MS_MAX))
			return false;
		*out_ms = (int64_t)value;
		return true;
	}
	return false;
}

bool format_parse(const struct command *command, const char *word, enum output_format *out)
{
	unsigned formats = command->formats ? command->formats : ~0u;
	char text[PB_ENUM_TEXT_SIZE];

	for (unsigned i = 0; choices_word(&choices_format, i, text); i++) {
		if (strcmp(text, word) != 0 || !(formats >> i & 1))
			continue;
		*out = (enum output_format)i;
		return true;
	}
	return false;
}

enum output_format format_default(const struct command *command)
{
	return command->formats == FORMATS_ROWS ? OUTPUT_CSV : OUTPUT_TABLE;
}

/* --- the line ------------------------------------------------------------------------------------------------ */

struct reading {
	struct options *out;
	int argc, at;
	char *const *argv;
	bool is_only_args; /* after -- */
};

/* The options that may stand here: all of them until the command is known, since they may come before it. */
static uint64_t allowed(const struct options *o)
{
	return o->command ? option_globals | o->command->options : ~UINT64_C(0);
}

static const char *allowed_name(size_t i, const void *context)
{
	return *(const uint64_t *)context >> i & 1 ? option_rows[i].name : "";
}

static struct status unknown_option(const char *text, size_t n, uint64_t mask)
{
	char name[NEAR_WORD_MAX];
	const char *near;

	snprintf(name, sizeof name, "%.*s", (int)n, text);
	near = nearest_word(name, allowed_name, &mask, OPTION_COUNT);
	if (near)
		return usage("unknown option --%s; did you mean --%s?", name, near);
	return usage("unknown option --%s", name);
}

static struct status option_take(struct reading *r, enum option_id id, const char *value)
{
	struct options *o = r->out;

	o->is_given[id] = true;
	if (!option_rows[id].metavar)
		return value ? usage("--%s takes no value", option_rows[id].name) : STATUS_OK_VALUE;
	if (!value && r->at + 1 < r->argc)
		value = r->argv[++r->at];
	if (!value)
		return usage("--%s needs a value (%s)", option_rows[id].name, option_rows[id].metavar);
	if (o->value_count == OPTION_VALUES_MAX)
		return usage("more than %d options", OPTION_VALUES_MAX);
	o->value[id] = value;
	o->values[o->value_count].option = id;
	o->values[o->value_count++].value = value;
	return STATUS_OK_VALUE;
}

static struct status long_option(struct reading *r, const char *text)
{
	size_t n = strcspn(text, "=");
	uint64_t mask = allowed(r->out);

	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if ((mask >> i & 1) && strlen(option_rows[i].name) == n && strncmp(option_rows[i].name, text, n) == 0)
			return option_take(r, (enum option_id)i, text[n] ? text + n + 1 : NULL);
	return unknown_option(text, n, mask);
}

/* "-q", "-qo json", "-ojson" */
static struct status short_options(struct reading *r, const char *text)
{
	uint64_t mask = allowed(r->out);

	for (; *text; text++) {
		unsigned i = 0;

		while (i < OPTION_COUNT && !((mask >> i & 1) && option_rows[i].letter == *text))
			i++;
		if (i == OPTION_COUNT)
			return usage("unknown option -%c", isprint((unsigned char)*text) ? *text : '?');
		if (option_rows[i].metavar)
			return option_take(r, (enum option_id)i, text[1] ? text + 1 : NULL);
		TRY(option_take(r, (enum option_id)i, NULL));
	}
	return STATUS_OK_VALUE;
}

static struct status word_take(struct reading *r, const char *word)
{
	struct options *o = r->out;

	if (o->command) {
		if (o->arg_count == COMMAND_ARGS_MAX)
			return usage("too many arguments");
		o->args[o->arg_count++] = word;
		return STATUS_OK_VALUE;
	}
	if (!o->words[0])
		o->words[0] = word;
	else
		o->words[1] = word;
	o->command = command_find(o->words[0], o->words[1]);
	if (!o->command && o->words[1])
		return command_unknown(o->words[0], o->words[1]);
	if (!o->command && !command_is_group(o->words[0]))
		return command_unknown(o->words[0], NULL);
	return STATUS_OK_VALUE;
}

static struct status output_check(const struct options *o)
{
	char all[64] = "", word[PB_ENUM_TEXT_SIZE];
	const char *text = o->value[OPTION_OUTPUT];
	enum output_format format;
	size_t n = 0;

	if (!text || format_parse(o->command, text, &format))
		return STATUS_OK_VALUE;
	if (o->command->writes_file && strpbrk(text, "./"))
		return STATUS_OK_VALUE; /* the name of a file */
	TRY(choices_check(&choices_format, "--output", text));
	for (unsigned i = 0; choices_word(&choices_format, i, word); i++)
		if (format_parse(o->command, word, &format))
			n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", word);
	return usage("%s can't be written as %s, only as %s", o->command->name, text, all);
}

static struct status values_check(const struct options *o)
{
	for (size_t i = 0; i < o->value_count; i++) {
		const struct option_row *row = &option_rows[o->values[i].option];
		char what[48];

		snprintf(what, sizeof what, "--%s", row->name);
		if (o->values[i].option != OPTION_OUTPUT)
			TRY(choices_check(row->choices, what, o->values[i].value));
	}
	for (size_t i = 0; i < o->arg_count; i++) {
		char name[COMMAND_ARGUMENT_SIZE];

		command_argument(o->command, i, name);
		TRY(choices_check(choices_of_argument(name), name, o->args[i]));
	}
	return output_check(o);
}

static struct status check(const struct options *o)
{
	if (!o->command)
		return STATUS_OK_VALUE;
	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (o->is_given[i] && !(allowed(o) >> i & 1))
			return usage("%s takes no option --%s", o->command->name, option_rows[i].name);
	if (o->is_given[OPTION_HELP] || o->is_given[OPTION_VERSION])
		return STATUS_OK_VALUE;
	if (o->arg_count < o->command->args_min)
		return usage("%s needs %s", o->command->name, o->command->args);
	if (o->arg_count > o->command->args_max)
		return usage("%s takes no argument %s", o->command->name, o->args[o->command->args_max]);
	return values_check(o);
}

struct status options_read(int argc, char *const argv[], struct options *out)
{
	struct reading r = { .out = out, .argc = argc, .at = 1, .argv = argv };

	memset(out, 0, sizeof *out);
	for (; r.at < argc; r.at++) {
		const char *text = argv[r.at];

		if (r.is_only_args || text[0] != '-' || !text[1])
			TRY(word_take(&r, text));
		else if (strcmp(text, "--") == 0)
			r.is_only_args = true;
		else if (text[1] == '-')
			TRY(long_option(&r, text + 2));
		else
			TRY(short_options(&r, text + 1));
	}
	return check(out);
}
