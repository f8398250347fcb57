/* model/catalog.h: personas and keyword sets as plain structs. Strings live in the arena of whoever read them. Times
 * are milliseconds since 1970 UTC. No behaviour. */
#ifndef MODEL_CATALOG_H
#define MODEL_CATALOG_H

#include "base/uuid.h"
#include "model/states.h"

#include <stddef.h>
#include <stdint.h>

/* Which of the things that can be switched off. */
enum enabled_filter { ENABLED_OR_NOT, ONLY_ENABLED, ONLY_DISABLED };

/* How DNS queries or HTTP requests are made. */
struct persona {
	struct uuid id;
	const char *name;
	enum persona_type type;
	const char *description;
	bool is_enabled;
	const char *config_details; /* JSON object, normalised: catalog/dns_persona.h, catalog/http_persona.h */
	int64_t created_at_ms, updated_at_ms;
};

/* One thing to look for in a page. */
struct keyword_rule {
	struct uuid id;
	struct uuid keyword_set_id;
	const char *pattern;
	enum rule_type type;
	bool is_case_sensitive;
	const char *category;  /* "" when none */
	int32_t context_chars; /* bytes kept around a match */
	double weight;         /* what one occurrence counts */
	int32_t position;      /* in its set, as stored */
	int64_t created_at_ms, updated_at_ms;
};

struct keyword_set {
	struct uuid id;
	const char *name;
	const char *description;
	bool is_enabled;
	struct keyword_rule *rules; /* in their order; NULL when only counted */
	int32_t rule_count;
	int64_t created_at_ms, updated_at_ms;
};

#endif
