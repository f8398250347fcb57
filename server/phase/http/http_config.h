/* phase/http/http_config.h: what the http phase is told. Pure; any thread.
 *
 * Members: personaIds, keywordSetIds, keywords, adHocKeywords (literal, case ignored), enrichmentEnabled,
 * microCrawlEnabled, microCrawlMaxPages 1..10, microCrawlByteBudget 1024..500000, microCrawlDepth 1..5,
 * batchSize 1..500, maxRetries 0..5. proxyPoolId is refused: there are no proxies. Whether personas and sets exist, and
 * whether the sets have an active rule, is catalog/references.h's question. */
#ifndef PHASE_HTTP_CONFIG_H
#define PHASE_HTTP_CONFIG_H

#include "base/status.h"
#include "base/uuid.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define HTTP_BATCH_MAX           500
#define HTTP_KEYWORD_SETS_MAX    50
#define HTTP_AD_HOC_KEYWORDS_MAX 500
#define HTTP_KEYWORD_BYTES_MAX   500

struct http_config {
	struct uuid *persona_ids; /* 1..PHASE_PERSONAS_MAX, in the arena */
	size_t persona_count;
	struct uuid *keyword_set_ids;
	size_t keyword_set_count;
	const char *const *keywords; /* keywords and adHocKeywords, trimmed, not empty; with the sets at least one */
	size_t keyword_count;
	bool enrichment_enabled;
	bool microcrawl_enabled;
	int32_t microcrawl_pages_max;
	int32_t microcrawl_bytes_max;
	int32_t microcrawl_depth; /* links away from the root, 1..5 */
	int32_t batch_size;       /* 0: the server chooses */
	int32_t retries_max;
};

/* No personas and nothing to look for yet. crawl_depth is the campaign's: 0 turns the microcrawl off, more is its
 * depth. */
struct http_config http_config_default(int32_t crawl_depth);

/* As generation_config_read, over http_config_default. */
struct status http_config_read(const json_t *object, const char *path, int32_t crawl_depth, struct arena *arena,
			       struct violations *violations, struct http_config *out) MUST_CHECK;
struct status http_config_parse(const char *json, struct arena *arena, struct http_config *out) MUST_CHECK;
char *http_config_write(const struct http_config *config, struct arena *arena) MUST_CHECK;

#endif
