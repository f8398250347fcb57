/* catalog/persona.h: personas of a workspace: create, read, change, remove.
 *
 * Each function runs inside the caller's transaction and does not commit it. Strings of results live in the arena.
 * Threads: any. Another workspace's persona is NOT_FOUND / PERSONA_UNKNOWN. */
#ifndef CATALOG_PERSONA_H
#define CATALOG_PERSONA_H

#include "base/page_token.h"
#include "base/status.h"
#include "base/uuid.h"
#include "catalog/dns_persona.h"
#include "catalog/http_persona.h"
#include "model/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

struct persona_create {
	const char *name;
	bool has_type;
	enum persona_type type;
	const char *description;
	bool is_disabled;
	const char *config_details; /* JSON text; "" counts as {} */
};

/* NULL members stay as they are. */
struct persona_update {
	const char *name, *description, *config_details;
	const bool *is_enabled;
};

struct persona_query {
	bool has_type;
	enum persona_type type;
	enum enabled_filter enabled;
	struct page_request page;
};

struct persona_page {
	struct persona *personas;
	size_t count;
	const char *next_page_token; /* "" on the last page */
	int32_t total;               /* all pages together */
};

/* INVALID_ARGUMENT / VALIDATION_ERROR with every wrong field, INVALID_ARGUMENT / BAD_REQUEST for JSON of a wrong shape,
 * ALREADY_EXISTS / PERSONA_NAME_TAKEN. */
struct status persona_create(struct store_tx *tx, const char *workspace, const struct persona_create *request,
			     struct arena *arena, struct persona *out) MUST_CHECK;
struct status persona_get(struct store_tx *tx, const char *workspace, const struct uuid *id, struct arena *arena,
			  struct persona *out) MUST_CHECK;
/* By name. INVALID_ARGUMENT / PAGE_TOKEN_INVALID. */
struct status persona_list(struct store_tx *tx, const char *workspace, const struct persona_query *query,
			   struct arena *arena, struct persona_page *out) MUST_CHECK;
/* As persona_create. Runs that have begun keep the settings they read. */
struct status persona_update(struct store_tx *tx, const char *workspace, const struct uuid *id,
			     const struct persona_update *request, struct arena *arena, struct persona *out) MUST_CHECK;
/* FAILED_PRECONDITION / PERSONA_IN_USE while a configured, running or paused phase names it. */
struct status persona_delete(struct store_tx *tx, const char *workspace, const struct uuid *id,
			     struct arena *arena) MUST_CHECK;

/* --- for the phases ------------------------------------------------------------------------------------------ */

/* FAILED_PRECONDITION / PERSONA_UNUSABLE when the persona is gone, disabled, or of the other type. */
struct status persona_load_dns(struct store_tx *tx, const struct uuid *id, struct arena *arena,
			       struct dns_persona *out) MUST_CHECK;
struct status persona_load_http(struct store_tx *tx, const struct uuid *id, struct arena *arena,
				struct http_persona *out) MUST_CHECK;

#endif
