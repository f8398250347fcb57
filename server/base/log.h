/* base/log.h: one event a line, named, with fields. JSON when stderr is not a terminal, readable text when it is.
 *
 *   LOG_INFO("phase_done", LOG_STR("campaign", id), LOG_STR("phase", "dns"), LOG_INT("took_ms", ms));
 *
 * Threads: any; a line is written with one write(2). Bodies, tokens and connection strings never appear. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log_field {
	const char *key;
	const char *text; /* NULL: the number counts */
	int64_t number;
};

static inline struct log_field log_field_text(const char *key, const char *text)
{
	return (struct log_field){ .key = key, .text = text ? text : "" };
}

#define LOG_STR(k, v) log_field_text((k), (v))
#define LOG_INT(k, v) ((struct log_field){ .key = (k), .number = (int64_t)(v) })

/* Settable once at start, before threads. Default: INFO, JSON unless stderr is a terminal. */
void log_setup(enum log_level least, bool json);
void log_setup_default(void);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count);
/* The common failure line: event, status code, reason, detail, and the given fields. */
void log_failure(const char *event, struct status st, const struct log_field *fields, size_t count);

#define LOG_FIELDS_(...) \
	((const struct log_field[]){ __VA_ARGS__ }), \
		sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field)
#define LOG_DEBUG(event, ...)       log_write(LOG_LEVEL_DEBUG, event, LOG_FIELDS_(__VA_ARGS__))
#define LOG_INFO(event, ...)        log_write(LOG_LEVEL_INFO, event, LOG_FIELDS_(__VA_ARGS__))
#define LOG_WARN(event, ...)        log_write(LOG_LEVEL_WARN, event, LOG_FIELDS_(__VA_ARGS__))
#define LOG_ERROR(event, ...)       log_write(LOG_LEVEL_ERROR, event, LOG_FIELDS_(__VA_ARGS__))
#define LOG_FAILURE(event, st, ...) log_failure(event, st, LOG_FIELDS_(__VA_ARGS__))

#endif
