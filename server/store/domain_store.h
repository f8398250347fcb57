/* store/domain_store.h: reading a batch of domains for work, and writing back what a phase found.
 *
 * Every write names the batch's range besides its offsets (it keeps the plan right whatever the statistics say),
 * changes only rows that are still in the state the phase started from, and reports what really changed, so that
 * counters computed from the answer are exact even when a batch is written twice.
 * Lists are in offset order. Threads: any; each call uses the transaction it is given. */
#ifndef STORE_DOMAIN_STORE_H
#define STORE_DOMAIN_STORE_H

#include "base/status.h"
#include "base/uuid.h"
#include "model/counters.h"
#include "model/states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

/* Offsets from first to last, both included, of one campaign. */
struct domain_range {
	struct uuid campaign_id;
	int64_t first, last;
};

struct domain_cut {
	int64_t first, last;
	int32_t count; /* 0: nothing left */
	bool is_last;
};

/* The next at most `limit` domains that `phase` (dns, http or leads) still has to do. */
struct status store_domain_cut(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase, int64_t after,
			       int32_t limit, struct domain_cut *out) MUST_CHECK;

/* A domain to look up or to fetch. */
struct domain_work {
	int64_t offset;
	const char *name;
	const char *address; /* found by dns; NULL when unknown or not asked for */
};

/* Still pending in `phase` (dns or http); the list is in the arena. */
struct status store_domains_pending(struct store_tx *tx, const struct domain_range *range, enum phase phase,
				    struct arena *arena, struct domain_work **out, size_t *out_count) MUST_CHECK;

/* --- dns ---------------------------------------------------------------------------------------------------- */

/* Columns of equal length; offsets ascending. */
struct domain_dns_rows {
	size_t count;
	const int64_t *offsets;
	const char *const *statuses;  /* ok, error, timeout */
	const char *const *reasons;   /* NULL elements when ok */
	const char *const *addresses; /* NULL elements when none */
};

struct domain_dns_change {
	int32_t ok, error, timeout; /* rows changed */
};

struct status store_domains_finish_dns(struct store_tx *tx, const struct domain_range *range,
				       const struct domain_dns_rows *rows, struct domain_dns_change *out) MUST_CHECK;

/* --- http --------------------------------------------------------------------------------------------------- */

struct domain_http_rows {
	size_t count;
	const int64_t *offsets;
	const char *const *statuses; /* ok, error, timeout */
	const int32_t *codes;
	const bool *code_nulls; /* true: nobody answered */
	const char *const *reasons, *const *titles;
	const char *const *keywords; /* JSON */
	const bool *is_parked;
	const double *parked_confidence;
	const bool *has_keywords;
};

struct domain_http_change {
	int32_t ok, error, timeout; /* rows changed */
	int32_t keyword_hits;       /* of the ok ones, those with a keyword */
};

struct status store_domains_finish_http(struct store_tx *tx, const struct domain_range *range,
					const struct domain_http_rows *rows, struct domain_http_change *out) MUST_CHECK;

/* --- analysis ----------------------------------------------------------------------------------------------- */

struct domain_score_change {
	int32_t scored;         /* rows changed */
	int32_t newly_analyzed; /* of them fetched ones that had no score before */
};

struct status store_domains_score(struct store_tx *tx, const struct domain_range *range, const int64_t *offsets,
				  const double *scores, size_t count, struct domain_score_change *out) MUST_CHECK;

/* --- leads -------------------------------------------------------------------------------------------------- */

struct lead_projection {
	int64_t offset;
	enum dns_status dns_status;
	enum http_status http_status;
	bool is_parked;
	double parked_confidence;
	bool has_score;
	double score;
	enum lead_status lead_status; /* the decision stored so far */
	enum rejection rejection;
	bool has_lead_score;
	double lead_score;
	bool has_structure; /* this and the next three: of the feature row, else zero */
	int32_t keywords_unique, keyword_hits, content_bytes;
};

struct status store_lead_projections(struct store_tx *tx, const struct domain_range *range, struct arena *arena,
				     struct lead_projection **out, size_t *out_count) MUST_CHECK;

/* The decisions that change something. */
struct domain_lead_rows {
	size_t count;
	const int64_t *offsets;
	const char *const *old_statuses, *const *old_reasons; /* as read: rows that differ from them are left alone */
	const char *const *statuses, *const *reasons;
	const double *scores; /* NaN: unscored */
};

/* So many domains went from one lead status and reason to another. */
struct lead_change {
	enum lead_status old_status, new_status;
	enum rejection old_reason, new_reason;
	int32_t count;
};

struct status store_domains_finish_leads(struct store_tx *tx, const struct domain_range *range,
					 const struct domain_lead_rows *rows, struct arena *arena,
					 struct lead_change **out, size_t *out_count) MUST_CHECK;

/* --- doing it again ----------------------------------------------------------------------------------------- */

/* Puts every domain back to where dns or http starts, together with all that was built on their results, and tells
 * what that does to the counters. The campaign is locked. */
struct status store_domains_reset(struct store_tx *tx, const struct uuid *campaign_id, enum phase phase,
				  struct counters *out_deltas) MUST_CHECK;

#endif
