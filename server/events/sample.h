/* events/sample.h: what is said about work and not stored: best effort, thinned out, lost when nobody listens.
 * To add a type: a line here, its name in the contract (EventType), its payload in docs/spec/07-events.md §4.
 * Values; a sample belongs to one thread at a time. */
#ifndef EVENTS_SAMPLE_H
#define EVENTS_SAMPLE_H

#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a type keeps its pace:
 *   EACH    every one is said
 *   THIN    one in an interval, the rest is dropped
 *   NEWEST  one in an interval, the newest
 *   SUM     as NEWEST, with the counts added up
 *   MERGE   as SUM, with the items put together, SAMPLE_ITEMS_MAX of them
 *   BUCKET  so many a second of a campaign and of all, see sample_pace.h */
enum sample_way { SAMPLE_EACH, SAMPLE_THIN, SAMPLE_NEWEST, SAMPLE_SUM, SAMPLE_MERGE, SAMPLE_BUCKET };

/*      enum name             text                               way            interval ms */
#define SAMPLE_TYPES(X) \
	X(SAMPLE_GENERATED, "domain_generated", SAMPLE_SUM, 1000) \
	X(SAMPLE_VALIDATED, "domain_validated", SAMPLE_THIN, 1000) \
	X(SAMPLE_STATUS_DELTA, "domain_status_delta", SAMPLE_MERGE, 500) \
	X(SAMPLE_HTTP_ENRICHMENT, "http_enrichment", SAMPLE_EACH, 0) \
	X(SAMPLE_FEATURES, "domain_features_batch_finalized", SAMPLE_NEWEST, 5000) \
	X(SAMPLE_SCORED, "domain_scored", SAMPLE_EACH, 0) \
	X(SAMPLE_SUBSTEP, "extraction_substep", SAMPLE_BUCKET, 0) \
	X(SAMPLE_SET_CREATED, "keyword_set_created", SAMPLE_EACH, 0) \
	X(SAMPLE_SET_UPDATED, "keyword_set_updated", SAMPLE_EACH, 0) \
	X(SAMPLE_SET_DELETED, "keyword_set_deleted", SAMPLE_EACH, 0)

enum sample_type {
#define SAMPLE_ENUM(name, text, way, interval) name,
	SAMPLE_TYPES(SAMPLE_ENUM)
#undef SAMPLE_ENUM
		SAMPLE_TYPE_COUNT
};

#define SAMPLE_ITEMS_MAX      200
#define SAMPLE_WORKSPACE_SIZE 128
#define SAMPLE_TEXT_BYTES_MAX (128u * 1024)

/* How much somebody wants to hear. */
enum sample_level {
	SAMPLE_NONE,
	SAMPLE_NORMAL,
	SAMPLE_FULL, /* also what succeeded, step by step */
};

struct sample {
	enum sample_type type;
	struct uuid campaign_id;               /* zero: about no campaign, but for */
	char workspace[SAMPLE_WORKSPACE_SIZE]; /* this workspace                   */
	bool is_full;                          /* only for those who want SAMPLE_FULL */
	bool is_terminal;                      /* begins or ends something: no bucket */
	int64_t at_ms;
	json_t *payload; /* owned */
};

const char *sample_type_text(enum sample_type type);
bool sample_type_from_text(const char *text, enum sample_type *out);
enum sample_way sample_type_way(enum sample_type type);
int64_t sample_type_interval_ms(enum sample_type type);

void sample_done(struct sample *sample);

/* As it travels between instances. NULL when memory is short or it is longer than SAMPLE_TEXT_BYTES_MAX; free() it. */
char *sample_to_text(const struct sample *sample, const struct uuid *sender);
/* False when it is not one. */
bool sample_from_text(const char *text, size_t length, struct sample *out, struct uuid *out_sender);

#endif
