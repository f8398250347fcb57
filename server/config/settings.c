#include "config/settings.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum setting_kind { KIND_TEXT, KIND_INT, KIND_NUMBER, KIND_BOOL, KIND_DURATION };

struct setting {
	const char *env;
	enum setting_kind kind;
	size_t offset; /* in struct settings */
	const char *text;
	double number, least, most; /* of every kind but text; a bool's default is 0 or 1 */
	const char *unit, *help;
};

#define AT(field) offsetof(struct settings, field)
static const struct setting table[] = {
#define SETTING_TEXT(field, env, value, help) { env, KIND_TEXT, AT(field), value, 0, 0, 0, "", help },
#define SETTING_INT(field, env, value, least, most, unit, help) \
	{ env, KIND_INT, AT(field), NULL, value, least, most, unit, help },
#define SETTING_NUMBER(field, env, value, least, most, help) \
	{ env, KIND_NUMBER, AT(field), NULL, value, least, most, "", help },
#define SETTING_BOOL(field, env, value, help) { env, KIND_BOOL, AT(field), NULL, value, 0, 1, "", help },
#define SETTING_DURATION(field, env, value, least, most, help) \
	{ env, KIND_DURATION, AT(field), NULL, value, least, most, "", help },
#include "config/settings.def"
};

static void set_number(struct settings *s, const struct setting *row, double value)
{
	char *at = (char *)s + row->offset;

	switch (row->kind) {
	case KIND_INT:
	case KIND_DURATION:
		*(int64_t *)(void *)at = (int64_t)value;
		break;
	case KIND_NUMBER:
		*(double *)(void *)at = value;
		break;
	case KIND_BOOL:
		*(bool *)(void *)at = value != 0;
		break;
	case KIND_TEXT:
		break;
	}
}

static void set_text(struct settings *s, const struct setting *row, const char *text)
{
	*(const char **)(void *)((char *)s + row->offset) = text;
}

void settings_defaults(struct settings *s)
{
	memset(s, 0, sizeof *s);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].kind == KIND_TEXT)
			set_text(s, &table[i], table[i].text);
		else
			set_number(s, &table[i], table[i].number);
	}
}

static bool read_bool(const char *text, double *out)
{
	static const char *const yes[] = { "true", "1", "yes", "on" }, *const no[] = { "false", "0", "no", "off" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return *out = 1, true;
		if (strcasecmp(text, no[i]) == 0)
			return *out = 0, true;
	}
	return false;
}

static bool read_number(enum setting_kind kind, const char *text, double *out)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = { { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 }, { "d", 8.64e7 } };
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || errno || value != value)
		return false;
	if (kind == KIND_DURATION) {
		for (size_t i = 0; i < ARRAY_LEN(units); i++)
			if (strcmp(end, units[i].unit) == 0)
				return *out = value * units[i].ms, true;
		return false;
	}
	if (kind == KIND_INT && value != (double)(int64_t)value)
		return false;
	*out = value;
	return *end == '\0';
}

/* NULL when it fits, else what is wrong with it. */
static const char *apply(struct settings *s, const struct setting *row, const char *text)
{
	double value;

	if (row->kind == KIND_TEXT) {
		set_text(s, row, text);
		return NULL;
	}
	if (row->kind == KIND_BOOL ? !read_bool(text, &value) : !read_number(row->kind, text, &value))
		return row->kind == KIND_BOOL       ? "is not true or false"
		       : row->kind == KIND_DURATION ? "is not a duration such as 250ms, 30s, 2m or 1h"
						    : "is not a number";
	if (value < row->least || value > row->most)
		return "is out of range";
	set_number(s, row, value);
	return NULL;
}

/* --http-target-port ⇔ HTTP_TARGET_PORT */
static bool flag_matches(const char *flag, size_t n, const char *env)
{
	if (strlen(env) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = env[i];
		if (c == '_')
			c = '-';
		else if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (flag[i] != c)
			return false;
	}
	return true;
}

static struct status apply_flags(struct settings *s, int count, char **args)
{
	for (int i = 0; i < count; i++) {
		const char *name = args[i], *value;
		const struct setting *row = NULL;
		size_t n;

		if (strncmp(name, "--", 2) != 0)
			return status_make(STATUS_INVALID_ARGUMENT, "UNKNOWN_FLAG", "unexpected argument '%.60s'",
					   name);
		name += 2;
		n = strcspn(name, "=");
		for (size_t r = 0; r < ARRAY_LEN(table) && !row; r++)
			if (flag_matches(name, n, table[r].env))
				row = &table[r];
		if (!row)
			return status_make(STATUS_INVALID_ARGUMENT, "UNKNOWN_FLAG", "unknown flag --%.60s", name);
		if (name[n] == '=')
			value = name + n + 1;
		else if (i + 1 < count)
			value = args[++i];
		else
			return status_make(STATUS_INVALID_ARGUMENT, "FLAG_VALUE_MISSING", "--%.60s needs a value",
					   name);
		const char *problem = apply(s, row, value);
		if (problem)
			return status_make(STATUS_INVALID_ARGUMENT, "FLAG_VALUE_INVALID",
					   "--%.*s: '%.60s' %s (%.15g to %.15g)", (int)n, name, value, problem,
					   row->least, row->most);
	}
	return STATUS_OK_VALUE;
}

struct status settings_load(struct settings *s, int arg_count, char **args)
{
	settings_defaults(s);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *text = getenv(table[i].env), *problem;

		if (!text)
			continue;
		problem = apply(s, &table[i], text);
		if (problem)
			LOG_WARN("setting_ignored", LOG_STR("name", table[i].env), LOG_STR("problem", problem));
	}
	return apply_flags(s, arg_count, args);
}

bool settings_has_role(const struct settings *s, const char *role)
{
	size_t n = strlen(role);

	for (const char *p = s->roles; *p; p += strspn(p, ",")) {
		size_t word = strcspn(p, ",");
		if (word == n && memcmp(p, role, n) == 0)
			return true;
		p += word;
	}
	return false;
}

static void print_duration(FILE *out, double ms)
{
	if (ms >= 3600000 && (int64_t)ms % 3600000 == 0)
		fprintf(out, "%" PRId64 "h", (int64_t)ms / 3600000);
	else if (ms >= 60000 && (int64_t)ms % 60000 == 0)
		fprintf(out, "%" PRId64 "m", (int64_t)ms / 60000);
	else if (ms >= 1000 && (int64_t)ms % 1000 == 0)
		fprintf(out, "%" PRId64 "s", (int64_t)ms / 1000);
	else
		fprintf(out, "%" PRId64 "ms", (int64_t)ms);
}

static void print_value(FILE *out, const struct setting *row, double value)
{
	if (row->kind == KIND_DURATION)
		print_duration(out, value);
	else
		fprintf(out, "%.12g", value);
}

void settings_print(FILE *out)
{
	fprintf(out, "| environment | default | range | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct setting *row = &table[i];

		fprintf(out, "| `%s` | ", row->env);
		if (row->kind == KIND_TEXT)
			fprintf(out, "%s%s%s | |", *row->text ? "`" : "", row->text, *row->text ? "`" : "");
		else if (row->kind == KIND_BOOL)
			fprintf(out, "%s | true, false |", row->number != 0 ? "true" : "false");
		else {
			print_value(out, row, row->number);
			fprintf(out, "%s%s | ", *row->unit ? " " : "", row->unit);
			print_value(out, row, row->least);
			fprintf(out, "…");
			print_value(out, row, row->most);
			fprintf(out, " |");
		}
		fprintf(out, " %s |\n", row->help);
	}
}
