/* store/persona_store.h: personas in PostgreSQL. Which changes are allowed is catalog/persona.c's question.
 * Threads: any; each call uses the transaction it is given. Strings live in the arena the caller passes. */
#ifndef STORE_PERSONA_STORE_H
#define STORE_PERSONA_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/catalog.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct store_tx;

/* id, name, type, description, is_enabled and config_details are written, the times are read back.
 * ALREADY_EXISTS / PERSONA_NAME_TAKEN. */
struct status store_persona_insert(struct store_tx *tx, const char *workspace, struct persona *persona) MUST_CHECK;
/* workspace NULL: any. NOT_FOUND / PERSONA_UNKNOWN. */
struct status store_persona_get(struct store_tx *tx, const struct uuid *id, const char *workspace, struct arena *arena,
				struct persona *out) MUST_CHECK;
/* The same, locked until the transaction ends. */
struct status store_persona_lock(struct store_tx *tx, const struct uuid *id, const char *workspace, struct arena *arena,
				 struct persona *out) MUST_CHECK;
/* Writes name, description, is_enabled, config_details of a locked persona. ALREADY_EXISTS / PERSONA_NAME_TAKEN. */
struct status store_persona_save(struct store_tx *tx, struct persona *persona) MUST_CHECK;
struct status store_persona_in_use(struct store_tx *tx, const struct uuid *id, const char *workspace,
				   bool *out) MUST_CHECK;
struct status store_persona_delete(struct store_tx *tx, const struct uuid *id) MUST_CHECK;

struct persona_filter {
	bool has_type;
	enum persona_type type;
	enum enabled_filter enabled;
	const char *after_name; /* NULL: from the start */
	struct uuid after_id;
	int32_t limit, skip;
};

/* By name. */
struct status store_persona_list(struct store_tx *tx, const char *workspace, const struct persona_filter *filter,
				 struct arena *arena, struct persona **out, size_t *out_count) MUST_CHECK;
/* How many match, whatever the page. */
struct status store_persona_count(struct store_tx *tx, const char *workspace, const struct persona_filter *filter,
				  int32_t *out) MUST_CHECK;

/* Id, type and is_enabled of those personas that exist; they can't be deleted until the transaction ends. */
struct status store_persona_reference(struct store_tx *tx, const struct uuid *ids, size_t count, const char *workspace,
				      struct arena *arena, struct persona **out, size_t *out_count) MUST_CHECK;

#endif
