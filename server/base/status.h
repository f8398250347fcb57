/* base/status.h: every failure is a value with a code, a reason and a sentence.
 *
 * Inner code returns it, outer code logs it, rpc/ puts it on the wire.
 * Threads: a value; copy freely. `extra` is borrowed and lives in the arena of the call that made it. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* The numbers are gRPC's canonical codes, so rpc/ needs no table. */
enum status_code {
	STATUS_OK = 0,
	STATUS_CANCELLED = 1,
	STATUS_UNKNOWN = 2,
	STATUS_INVALID_ARGUMENT = 3,
	STATUS_DEADLINE_EXCEEDED = 4,
	STATUS_NOT_FOUND = 5,
	STATUS_ALREADY_EXISTS = 6,
	STATUS_PERMISSION_DENIED = 7,
	STATUS_RESOURCE_EXHAUSTED = 8,
	STATUS_FAILED_PRECONDITION = 9,
	STATUS_ABORTED = 10,
	STATUS_OUT_OF_RANGE = 11,
	STATUS_UNIMPLEMENTED = 12,
	STATUS_INTERNAL = 13,
	STATUS_UNAVAILABLE = 14,
	STATUS_DATA_LOSS = 15,
	STATUS_UNAUTHENTICATED = 16,
};

/* One offending field of a request. `field` is its path as the caller wrote it
 * (`configuration.patternConfig.tlds[1]`), `reason` REQUIRED_FIELD or VALIDATION_ERROR. */
struct status_field {
	const char *field;
	const char *reason;
	const char *message;
	struct status_field *next;
};

/* One key/value of ErrorInfo.metadata (`current_state` → `paused`). */
struct status_meta {
	const char *key;
	const char *value;
	struct status_meta *next;
};

/* What some errors carry beyond a sentence. Becomes google.rpc details on the wire: BadRequest from `fields`,
 * PreconditionFailure when the code is FAILED_PRECONDITION, RetryInfo when retry_after_ms > 0, ResourceInfo
 * when resource_type is set; ErrorInfo always. */
struct status_extra {
	struct status_field *fields, *fields_tail;
	struct status_meta *metas, *metas_tail;
	int64_t retry_after_ms;
	const char *resource_type; /* "campaign" */
	const char *resource_name; /* its id     */
};

struct status {
	enum status_code code;
	const char *reason;               /* static UPPER_SNAKE word; clients may test it; NULL when OK */
	const struct status_extra *extra; /* NULL for most */
	char detail[200];                 /* one sentence for a person, no secrets */
};

#define STATUS_OK_VALUE ((struct status){ .code = STATUS_OK })

static inline bool status_ok(struct status st)
{
	return st.code == STATUS_OK;
}

/* `reason` must be static text. */
struct status status_make(enum status_code code, const char *reason, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;

/* The same status with `context: ` put before its sentence. */
struct status status_wrap(struct status st, const char *context) MUST_CHECK;

/* Marks a result as ignored on purpose; say why beside the call. */
void status_ignore(struct status st);

/* Returns the extra of `st`, making it in `arena` first when there is none. Never NULL: on a full arena a
 * shared, discarded extra is returned and the details are lost, not the error. */
struct status_extra *status_extra_of(struct status *st, struct arena *arena);

/* Adds one key/value; `key` static, `value` is copied into the arena. */
void status_add_meta(struct status *st, struct arena *arena, const char *key, const char *value);

/* The moment is to blame, not the request: UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED, CANCELLED. */
bool status_is_transient(struct status st);
/* The same failure as people outside may read it: internal ones lose their reason and sentence. Log it first. */
struct status status_for_clients(struct status st) MUST_CHECK;

/* Lower-case name for logs and metrics: "OK", "NOT_FOUND"… */
const char *status_code_name(enum status_code code);

/* --- collecting every field error of one request ------------------------------------------------------------ */

/* Lives on the stack of whoever validates; entries live in `arena`. */
struct violations {
	struct arena *arena;
	struct status_field *head, *tail;
	unsigned count; /* at most VIOLATIONS_MAX are kept, all are counted */
};

#define VIOLATIONS_MAX 100

void violations_init(struct violations *v, struct arena *arena);
/* `reason` is static text; `field` and the message are copied. */
void violations_add(struct violations *v, const char *field, const char *reason, const char *format, ...)
	PRINTF_LIKE(4, 5);
/* OK when nothing was added, else INVALID_ARGUMENT / VALIDATION_ERROR with every field. */
struct status violations_status(const struct violations *v) MUST_CHECK;

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time; here it learns that a status that was made is a failure. */
void status_analyzed(const char *format, ...);
#define status_make(code_, reason_, ...) \
	(status_analyzed(__VA_ARGS__), (struct status){ .code = (code_), .reason = (reason_) })
#endif

/* Returns early when a call fails. */
#define TRY(call) \
	do { \
		struct status try_status_ = (call); \
		if (!status_ok(try_status_)) \
			return try_status_; \
	} while (0)

#endif
