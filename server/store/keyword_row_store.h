/* store/keyword_row_store.h: what was found on which page: the rows of domain_extracted_keywords.
 * Threads: any; each call uses the transaction it is given. */
#ifndef STORE_KEYWORD_ROW_STORE_H
#define STORE_KEYWORD_ROW_STORE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

struct keyword_row_record {
	int64_t offset; /* of the domain */
	struct uuid keyword_id;
	const char *surface_form, *signal_type, *source_subphase;
	int32_t occurrences;
	double base_weight, value_score, effective_weight;
	int32_t first_seen_position; /* -1: unknown */
};

/* Makes `rows` the keyword rows of the domains at `offsets`; a domain without rows ends with none. */
struct status store_keyword_rows_replace(struct store_tx *tx, const struct uuid *campaign_id, const int64_t *offsets,
					 size_t domain_count, const struct keyword_row_record *rows, size_t row_count,
					 struct arena *arena) MUST_CHECK;

#endif
