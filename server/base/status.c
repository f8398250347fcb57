#include "base/status.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef status_make /* see status.h */
struct status status_make(enum status_code code, const char *reason, const char *format, ...)
{
	struct status st = { .code = code, .reason = reason };
	va_list args;

	va_start(args, format);
	vsnprintf(st.detail, sizeof st.detail, format, args);
	va_end(args);
	return st;
}

struct status status_wrap(struct status st, const char *context)
{
	char detail[sizeof st.detail];

	if (status_ok(st))
		return st;
	memcpy(detail, st.detail, sizeof detail);
	int n = snprintf(st.detail, sizeof st.detail, "%s: ", context);
	if (n > 0 && (size_t)n < sizeof st.detail) {
		size_t room = sizeof st.detail - (size_t)n - 1;
		size_t len = strnlen(detail, room);
		memcpy(st.detail + n, detail, len);
		st.detail[(size_t)n + len] = '\0';
	}
	return st;
}

void status_ignore(struct status st)
{
	(void)st;
}

bool status_is_transient(struct status st)
{
	return st.code == STATUS_UNAVAILABLE || st.code == STATUS_DEADLINE_EXCEEDED || st.code == STATUS_ABORTED ||
	       st.code == STATUS_CANCELLED;
}

struct status status_for_clients(struct status st)
{
	if (st.code != STATUS_INTERNAL && st.code != STATUS_UNKNOWN && st.code != STATUS_DATA_LOSS)
		return st;
	return status_make(st.code, "INTERNAL", "an internal error; the server's log tells more");
}

struct status_extra *status_extra_of(struct status *st, struct arena *arena)
{
	static _Thread_local struct status_extra discarded;
	struct status_extra *extra;

	/* extra is const for readers; whoever builds the status made it in this arena and may extend it. */
	if (st->extra)
		return (struct status_extra *)(uintptr_t)st->extra;
	extra = arena_alloc(arena, sizeof *extra);
	if (!extra) {
		memset(&discarded, 0, sizeof discarded);
		return &discarded;
	}
	st->extra = extra;
	return extra;
}

void status_add_meta(struct status *st, struct arena *arena, const char *key, const char *value)
{
	struct status_extra *extra = status_extra_of(st, arena);
	struct status_meta *meta = arena_alloc(arena, sizeof *meta);

	if (!meta)
		return;
	meta->key = key;
	meta->value = arena_strdup(arena, value);
	if (!meta->value)
		return;
	if (extra->metas_tail)
		extra->metas_tail->next = meta;
	else
		extra->metas = meta;
	extra->metas_tail = meta;
}

const char *status_code_name(enum status_code code)
{
	static const char *const names[] = {
		"OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
		"NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
		"ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
		"DATA_LOSS", "UNAUTHENTICATED",
	};

	return (unsigned)code < ARRAY_LEN(names) ? names[code] : "UNKNOWN";
}

void violations_init(struct violations *v, struct arena *arena)
{
	*v = (struct violations){ .arena = arena };
}

void violations_add(struct violations *v, const char *field, const char *reason, const char *format, ...)
{
	struct status_field *entry;
	va_list args;

	v->count++;
	if (v->count > VIOLATIONS_MAX)
		return;
	entry = arena_alloc(v->arena, sizeof *entry);
	if (!entry)
		return;
	entry->field = arena_strdup(v->arena, field);
	entry->reason = reason;
	va_start(args, format);
	entry->message = arena_vprintf(v->arena, format, args);
	va_end(args);
	if (!entry->field || !entry->message)
		return;
	if (v->tail)
		v->tail->next = entry;
	else
		v->head = entry;
	v->tail = entry;
}

struct status violations_status(const struct violations *v)
{
	struct status st;
	struct status_extra *extra;

	if (v->count == 0)
		return STATUS_OK_VALUE;
	if (v->count == 1 && v->head)
		st = status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "%s: %s", v->head->field,
				 v->head->message);
	else
		st = status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "%u fields are invalid", v->count);
	extra = status_extra_of(&st, v->arena);
	extra->fields = v->head;
	extra->fields_tail = v->tail;
	return st;
}
