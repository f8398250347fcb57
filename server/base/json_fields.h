/* base/json_fields.h: reading the members of a JSON object from outside, every mistake named.
 *
 *   struct json_input in;
 *   struct json_fields f;
 *   json_input_init(&in, arena, violations);
 *   json_fields_open(&f, &in, object, "configuration");
 *   json_get_int(&f, "batchSize", 1, 1000, &batch_size);     // outside 1..1000: a violation at configuration.batchSize
 *   json_fields_close(&f);                                   // members nobody asked for: a violation each
 *   return in.failure;                                       // a wrong JSON type: BAD_REQUEST
 *
 * A wrong value is a violation (422 at the gateway), a wrong JSON type is a failure (400): reading goes on after both,
 * and the first failure is kept. null counts as absent. Getters return true when the member was there and good, and
 * leave `out` alone otherwise. What they return lives in the arena, or borrows from the object where it says so.
 * Threads: one at a time. */
#ifndef BASE_JSON_FIELDS_H
#define BASE_JSON_FIELDS_H

#include "base/status.h"
#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define JSON_FIELDS_MAX 48 /* members one object may be asked for */

struct json_input {
	struct arena *arena;
	struct violations *violations;
	struct status failure; /* OK, BAD_REQUEST (first wrong type), or out of memory */
	bool accepts_snake;    /* batch_size is read where batchSize is asked for */
};

struct json_fields {
	struct json_input *in;
	const json_t *object; /* NULL when there is none to read: every member is absent */
	const char *path;     /* where the object stands, "" for the top */
	const char *known[JSON_FIELDS_MAX];
	unsigned known_count;
};

void json_input_init(struct json_input *in, struct arena *arena, struct violations *violations);

/* Anything but an object is a failure. object NULL or null: everything is absent. `path` is borrowed. */
void json_fields_open(struct json_fields *f, struct json_input *in, const json_t *object, const char *path);
/* A violation for each member that no getter asked for. Leave it out where unknown members are kept. */
void json_fields_close(struct json_fields *f);

/* "path.name", in the arena. */
const char *json_field_path(struct json_fields *f, const char *name);
/* "path.name[i]", in the arena. */
const char *json_element_path(struct json_fields *f, const char *name, size_t i);
bool json_has(struct json_fields *f, const char *name);
/* Violations at path.name. */
void json_violation(struct json_fields *f, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void json_required(struct json_fields *f, const char *name);
/* The member may be there, and is not read. */
void json_ignore(struct json_fields *f, const char *name);
/* A violation with this message when the member is there (and not null). */
void json_refuse(struct json_fields *f, const char *name, const char *message);

bool json_get_bool(struct json_fields *f, const char *name, bool *out);
/* A number with a fraction is a failure, one outside least..most a violation. */
bool json_get_int(struct json_fields *f, const char *name, int64_t least, int64_t most, int64_t *out);
bool json_get_number(struct json_fields *f, const char *name, double least, double most, double *out);
bool json_get_text(struct json_fields *f, const char *name, size_t bytes_max, const char **out);
/* Malformed ids are violations at path.name[i], and then there are no ids at all; repeated ones are dropped. */
bool json_get_uuid(struct json_fields *f, const char *name, struct uuid *out);
bool json_get_uuids(struct json_fields *f, const char *name, size_t items_max, struct uuid **out, size_t *out_count);
bool json_get_texts(struct json_fields *f, const char *name, size_t items_max, size_t bytes_max,
		    const char *const **out, size_t *out_count);
/* Borrowed from the object. */
bool json_get_object(struct json_fields *f, const char *name, const json_t **out);
bool json_get_array(struct json_fields *f, const char *name, size_t items_max, const json_t **out);

#endif
