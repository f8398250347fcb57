#include "base/json_fields.h"

#include "base/arena.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void json_input_init(struct json_input *in, struct arena *arena, struct violations *violations)
{
	*in = (struct json_input){ .arena = arena, .violations = violations, .failure = STATUS_OK_VALUE };
}

static void keep_failure(struct json_input *in, struct status st)
{
	if (status_ok(in->failure))
		in->failure = st;
}

static void wrong_type(struct json_fields *f, const char *path, const char *wanted)
{
	keep_failure(f->in, status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "%s must be %s", path, wanted));
}

void json_fields_open(struct json_fields *f, struct json_input *in, const json_t *object, const char *path)
{
	*f = (struct json_fields){ .in = in, .path = path };
	if (!object || json_is_null(object))
		return;
	if (json_is_object(object))
		f->object = object;
	else
		wrong_type(f, *path ? path : "the body", "a JSON object");
}

/* batchSize → batch_size; false when it does not fit. */
static bool snake_of(const char *name, char *out, size_t size)
{
	size_t n = 0;

	for (; *name; name++) {
		if (n + 3 > size)
			return false;
		if (isupper((unsigned char)*name))
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*name);
	}
	out[n] = '\0';
	return true;
}

static bool is_known(const struct json_fields *f, const char *key)
{
	char snake[64];

	for (unsigned i = 0; i < f->known_count; i++) {
		if (strcmp(f->known[i], key) == 0)
			return true;
		if (f->in->accepts_snake && snake_of(f->known[i], snake, sizeof snake) && strcmp(snake, key) == 0)
			return true;
	}
	return false;
}

void json_fields_close(struct json_fields *f)
{
	json_t *object =
		json_incref((json_t *)(uintptr_t)f->object); /* iteration wants it writable, and changes nothing */
	const char *key;
	json_t *value;

	if (object) {
		json_object_foreach (object, key, value)
			if (!is_known(f, key))
				json_violation(f, key, "is not a known setting");
	}
	json_decref(object);
}

/* The member, NULL when absent or null. */
static const json_t *member(struct json_fields *f, const char *name)
{
	const json_t *value;
	char snake[64];

	if (!is_known(f, name)) {
		assert(f->known_count < JSON_FIELDS_MAX);
		f->known[f->known_count++] = name;
	}
	value = json_object_get(f->object, name);
	if (!value && f->in->accepts_snake && snake_of(name, snake, sizeof snake))
		value = json_object_get(f->object, snake);
	return json_is_null(value) ? NULL : value;
}

static const char *in_arena(struct json_fields *f, const char *text)
{
	if (!text)
		keep_failure(f->in, status_out_of_memory());
	return text ? text : "?";
}

const char *json_field_path(struct json_fields *f, const char *name)
{
	if (!*f->path)
		return name;
	return in_arena(f, arena_printf(f->in->arena, "%s.%s", f->path, name));
}

const char *json_element_path(struct json_fields *f, const char *name, size_t i)
{
	return in_arena(f, arena_printf(f->in->arena, "%s[%zu]", json_field_path(f, name), i));
}

bool json_has(struct json_fields *f, const char *name)
{
	return member(f, name) != NULL;
}

void json_violation(struct json_fields *f, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *message = in_arena(f, arena_vprintf(f->in->arena, format, args));
	va_end(args);
	violations_add(f->in->violations, json_field_path(f, name), "VALIDATION_ERROR", "%s", message);
}

void json_required(struct json_fields *f, const char *name)
{
	violations_add(f->in->violations, json_field_path(f, name), "REQUIRED_FIELD", "is required");
}

void json_ignore(struct json_fields *f, const char *name)
{
	(void)member(f, name); /* asking is what makes it known */
}

void json_refuse(struct json_fields *f, const char *name, const char *message)
{
	if (json_has(f, name))
		json_violation(f, name, "%s", message);
}

bool json_get_bool(struct json_fields *f, const char *name, bool *out)
{
	const json_t *value = member(f, name);

	if (!value)
		return false;
	if (!json_is_boolean(value)) {
		wrong_type(f, json_field_path(f, name), "true or false");
		return false;
	}
	*out = json_is_true(value);
	return true;
}

/* JSON has one kind of number: 5.0 is the integer 5. */
static bool integer_of(const json_t *value, int64_t *out)
{
	double number;

	if (json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	if (!json_is_real(value))
		return false;
	number = json_real_value(value);
	if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0) || (double)(int64_t)number != number)
		return false;
	*out = (int64_t)number;
	return true;
}

bool json_get_int(struct json_fields *f, const char *name, int64_t least, int64_t most, int64_t *out)
{
	const json_t *value = member(f, name);
	int64_t number;

	if (!value)
		return false;
	if (!integer_of(value, &number)) {
		wrong_type(f, json_field_path(f, name), "an integer");
		return false;
	}
	if (number < least || number > most) {
		if (most == INT64_MAX)
			json_violation(f, name, "must be at least %" PRId64, least);
		else
			json_violation(f, name, "must be between %" PRId64 " and %" PRId64, least, most);
		return false;
	}
	*out = number;
	return true;
}

bool json_get_number(struct json_fields *f, const char *name, double least, double most, double *out)
{
	const json_t *value = member(f, name);
	double number;

	if (!value)
		return false;
	if (!json_is_number(value)) {
		wrong_type(f, json_field_path(f, name), "a number");
		return false;
	}
	number = json_number_value(value);
	if (!(number >= least && number <= most)) {
		json_violation(f, name, "must be between %.15g and %.15g", least, most);
		return false;
	}
	*out = number;
	return true;
}

bool json_get_text(struct json_fields *f, const char *name, size_t bytes_max, const char **out)
{
	const json_t *value = member(f, name);
	const char *text;

	if (!value)
		return false;
	if (!json_is_string(value)) {
		wrong_type(f, json_field_path(f, name), "a string");
		return false;
	}
	if (json_string_length(value) > bytes_max) {
		json_violation(f, name, "must have at most %zu bytes", bytes_max);
		return false;
	}
	text = arena_strdup(f->in->arena, json_string_value(value));
	if (!text) {
		keep_failure(f->in, status_out_of_memory());
		return false;
	}
	*out = text;
	return true;
}

bool json_get_uuid(struct json_fields *f, const char *name, struct uuid *out)
{
	const json_t *value = member(f, name);

	if (!value)
		return false;
	if (!json_is_string(value)) {
		wrong_type(f, json_field_path(f, name), "a string");
		return false;
	}
	if (!uuid_parse(json_string_value(value), out)) {
		json_violation(f, name, "must be a UUID");
		return false;
	}
	return true;
}

bool json_get_array(struct json_fields *f, const char *name, size_t items_max, const json_t **out)
{
	const json_t *value = member(f, name);

	if (!value)
		return false;
	if (!json_is_array(value)) {
		wrong_type(f, json_field_path(f, name), "an array");
		return false;
	}
	if (json_array_size(value) > items_max) {
		json_violation(f, name, "must have at most %zu elements", items_max);
		return false;
	}
	*out = value;
	return true;
}

bool json_get_uuids(struct json_fields *f, const char *name, size_t items_max, struct uuid **out, size_t *out_count)
{
	const json_t *array = NULL;
	struct uuid *ids;
	size_t n = 0, bad = 0;

	if (!json_get_array(f, name, items_max, &array))
		return false;
	ids = arena_array(f->in->arena, json_array_size(array) + 1, sizeof *ids);
	if (!ids) {
		keep_failure(f->in, status_out_of_memory());
		return false;
	}
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));
		size_t seen = 0;
		if (!text) {
			wrong_type(f, json_element_path(f, name, i), "a string");
			bad++;
			continue;
		}
		if (!uuid_parse(text, &ids[n])) {
			bad++;
			violations_add(f->in->violations, json_element_path(f, name, i), "VALIDATION_ERROR",
				       "must be a UUID");
			continue;
		}
		while (seen < n && !uuid_equal(&ids[seen], &ids[n]))
			seen++;
		if (seen == n)
			n++;
	}
	if (bad > 0) /* half a list would have its elements found faulty by others, at the wrong index */
		return false;
	*out = ids;
	*out_count = n;
	return true;
}

bool json_get_texts(struct json_fields *f, const char *name, size_t items_max, size_t bytes_max,
		    const char *const **out, size_t *out_count)
{
	const json_t *array = NULL;
	const char **texts;
	size_t n = 0;

	if (!json_get_array(f, name, items_max, &array))
		return false;
	texts = arena_array(f->in->arena, json_array_size(array) + 1, sizeof *texts);
	for (size_t i = 0; texts && i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);
		if (!json_is_string(value)) {
			wrong_type(f, json_element_path(f, name, i), "a string");
		} else if (json_string_length(value) > bytes_max) {
			violations_add(f->in->violations, json_element_path(f, name, i), "VALIDATION_ERROR",
				       "must have at most %zu bytes", bytes_max);
		} else {
			texts[n] = arena_strdup(f->in->arena, json_string_value(value));
			if (!texts[n++])
				texts = NULL;
		}
	}
	if (!texts) {
		keep_failure(f->in, status_out_of_memory());
		return false;
	}
	*out = texts;
	*out_count = n;
	return true;
}

bool json_get_object(struct json_fields *f, const char *name, const json_t **out)
{
	const json_t *value = member(f, name);

	if (!value)
		return false;
	if (!json_is_object(value)) {
		wrong_type(f, json_field_path(f, name), "an object");
		return false;
	}
	*out = value;
	return true;
}
