/* catalog/references.h: whether what a configuration names exists and may be used. Runs inside the caller's transaction
 * and keeps what was found from being deleted until it ends. Semantic mistakes become violations; the status is about
 * storage. Threads: any. */
#ifndef CATALOG_REFERENCES_H
#define CATALOG_REFERENCES_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/states.h"

#include <stddef.h>
#include <stdint.h>

struct store_tx;

/* Each must exist in the workspace and be enabled; violations at field[i]. With a type other than PERSONA_TYPE_COUNT,
 * be of that type. out_types[i] (may be NULL) is the type of ids[i], PERSONA_TYPE_COUNT when it can't be used. */
struct status references_check_personas(struct store_tx *tx, const char *workspace, const struct uuid *ids,
					size_t count, enum persona_type type, const char *field,
					struct violations *violations, enum persona_type *out_types) MUST_CHECK;

/* Each must exist in the workspace; violations at field[i]. *out_rules (may be NULL): rules of those that are enabled.
 */
struct status references_check_keyword_sets(struct store_tx *tx, const char *workspace, const struct uuid *ids,
					    size_t count, const char *field, struct violations *violations,
					    int64_t *out_rules) MUST_CHECK;

#endif
