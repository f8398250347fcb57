/* store/lineage_store.h: which campaigns have names of a pattern. Threads: any; each call uses the transaction it is
 * given. Strings live in the arena the caller passes. */
#ifndef STORE_LINEAGE_STORE_H
#define STORE_LINEAGE_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

struct lineage_campaign {
	struct uuid id;
	const char *name;
	enum campaign_status status;
	int64_t created_at_ms;
	int64_t offset_start, offset_end; /* inclusive */
	int32_t domains, dns_ok, keyword_hits, leads;
	bool is_generated; /* generation completed */
	bool has_failed;   /* a phase has failed */
	bool is_completed; /* every phase has */
};

/* Newest first. before: only those created before this campaign; NULL: all. */
struct status store_pattern_campaigns(struct store_tx *tx, const char *workspace, const char *config_hash,
				      const struct uuid *before, int32_t limit, struct arena *arena,
				      struct lineage_campaign **out, size_t *out_count) MUST_CHECK;

#endif
