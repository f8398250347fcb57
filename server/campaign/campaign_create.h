/* campaign/campaign_create.h: making campaigns: from a request, or from another campaign.
 *
 * Inside the caller's transaction, which it does not commit. Everything returned lives in the arena. Threads: any. */
#ifndef CAMPAIGN_CREATE_H
#define CAMPAIGN_CREATE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/campaign.h"
#include "model/counters.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct store_tx;

/* Who does it. */
struct campaign_author {
	const char *workspace;
	const char *user_id;
};

struct campaign_create {
	const char *name, *description;
	enum campaign_mode mode;
	const char *scoring_profile_id;             /* "" for none */
	const char *configuration, *pattern_config; /* JSON texts, "" for none */
};

struct campaign_created {
	struct campaign_snapshot snapshot;
	struct counters counters;
	const char *const *warnings; /* accepted, but worth knowing */
	size_t warning_count;
};

/* Stores campaign, counters and five phases. With a pattern, generation is configured; with a dns persona, dns; with an
 * http persona and a keyword set, http. INVALID_ARGUMENT / VALIDATION_ERROR with every wrong field, INVALID_ARGUMENT /
 * BAD_REQUEST for what is no JSON or of a wrong JSON type; nothing is stored then. */
struct status campaign_create(struct store_tx *tx, const struct campaign_author *author,
			      const struct campaign_create *request, struct arena *arena,
			      struct campaign_created *out) MUST_CHECK;

/* A new draft with the same configuration, mode and phase configurations; allowed in any status. name "" means the
 * original's with " (Copy)" after it. NOT_FOUND / CAMPAIGN_UNKNOWN. */
struct status campaign_duplicate(struct store_tx *tx, const struct campaign_author *author, const struct uuid *original,
				 const char *name, struct arena *arena, struct campaign_created *out) MUST_CHECK;

#endif
