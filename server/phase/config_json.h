/* phase/config_json.h: what the five phase configurations share when they are stored and read back. Pure; any thread.
 */
#ifndef PHASE_CONFIG_JSON_H
#define PHASE_CONFIG_JSON_H

#include "base/json.h"
#include "base/status.h"
#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>

struct json_fields;

#define PHASE_CONFIG_BYTES_MAX  65536
#define STORED_CONFIG_BYTES_MAX (4 * PHASE_CONFIG_BYTES_MAX) /* defaults filled in, and jsonb spreads its text out */
#define PHASE_PERSONAS_MAX      5                            /* personas of one type a phase may use */

/* Stored configuration text as a value. INTERNAL / CONFIG_UNREADABLE when it is none: only we write it. */
struct status config_json_load(const char *json, json_t **out) MUST_CHECK;

/* Reads personaIds: required, 1..PHASE_PERSONAS_MAX; what is wrong becomes a violation. */
void config_read_personas(struct json_fields *f, struct uuid **out, size_t *out_count);

/* New arrays; NULL when memory is short. */
json_t *config_json_texts(const char *const *texts, size_t count) MUST_CHECK;
json_t *config_json_uuids(const struct uuid *ids, size_t count) MUST_CHECK;

/* Adds batchSize unless it is 0, the server's choice. object may be NULL. */
void config_json_batch_size(json_t *object, int32_t batch_size);

#endif
