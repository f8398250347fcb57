/* extract/registry.h: the only keys a feature vector may hold, with their types and ranges (03 §9). Any thread. */
#ifndef EXTRACT_REGISTRY_H
#define EXTRACT_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#define REGISTRY_VERSION     1
#define FEATURE_KEYS_MAX     100
#define FEATURE_VECTOR_BYTES 16384
#define FEATURE_STRING_BYTES 512

enum feature_type { FEATURE_INT, FEATURE_NUMBER, FEATURE_BOOL, FEATURE_STRING, FEATURE_ARRAY, FEATURE_OBJECT };

struct feature_key {
	const char *name;
	enum feature_type type;
	bool is_share; /* must lie in 0..1 */
};

/* The table, sorted by name; sets *count. */
const struct feature_key *registry_keys(size_t *count);
/* NULL when the key is not allowed. Keys ^exp_[a-z0-9_]+$ are allowed with any type: see registry_is_experimental. */
const struct feature_key *registry_find(const char *name);
bool registry_is_experimental(const char *name);
/* "int", "number" … */
const char *feature_type_text(enum feature_type type);

#endif
