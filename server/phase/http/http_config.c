#include "phase/http/http_config.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/text.h"
#include "phase/config_json.h"

/* Appends the texts of one member to `keywords`, trimmed. */
static void read_keywords(struct json_fields *f, const char *name, const char **keywords, size_t *count)
{
	const char *const *texts = NULL;
	size_t n = 0;

	if (!json_get_texts(f, name, HTTP_AD_HOC_KEYWORDS_MAX, HTTP_KEYWORD_BYTES_MAX, &texts, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		char *text = text_trim(f->in->arena, texts[i]);
		if (!text)
			f->in->failure = status_out_of_memory();
		else if (!*text)
			violations_add(f->in->violations, json_element_path(f, name, i), "VALIDATION_ERROR",
				       "must not be empty");
		else
			keywords[(*count)++] = text;
	}
}

static void read_what_to_look_for(struct json_fields *f, struct http_config *config)
{
	const char **keywords = arena_array(f->in->arena, 2 * HTTP_AD_HOC_KEYWORDS_MAX, sizeof *keywords);
	bool has_any = json_has(f, "keywordSetIds") || json_has(f, "keywords") || json_has(f, "adHocKeywords");

	if (!keywords) {
		f->in->failure = status_out_of_memory();
		return;
	}
	json_get_uuids(f, "keywordSetIds", HTTP_KEYWORD_SETS_MAX, &config->keyword_set_ids, &config->keyword_set_count);
	read_keywords(f, "keywords", keywords, &config->keyword_count);
	read_keywords(f, "adHocKeywords", keywords, &config->keyword_count);
	config->keywords = keywords;
	if (!has_any || (f->in->violations->count == 0 && config->keyword_set_count + config->keyword_count == 0))
		violations_add(f->in->violations, json_field_path(f, "keywordSetIds"), "REQUIRED_FIELD",
			       "needs a keyword set, or keywords, or ad hoc keywords to look for");
}

struct http_config http_config_default(int32_t crawl_depth)
{
	return (struct http_config){ .enrichment_enabled = true,
				     .microcrawl_enabled = crawl_depth > 0,
				     .microcrawl_pages_max = 3,
				     .microcrawl_bytes_max = 150000,
				     .microcrawl_depth = crawl_depth > 0 ? crawl_depth : 1,
				     .retries_max = 1 };
}

struct status http_config_read(const json_t *object, const char *path, int32_t crawl_depth, struct arena *arena,
			       struct violations *violations, struct http_config *out)
{
	struct http_config config = http_config_default(crawl_depth);
	int64_t pages = config.microcrawl_pages_max, bytes = config.microcrawl_bytes_max;
	int64_t depth = config.microcrawl_depth, batch = 0, retries = config.retries_max;
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	in.accepts_snake = true;
	json_fields_open(&f, &in, object, path);
	config_read_personas(&f, &config.persona_ids, &config.persona_count);
	read_what_to_look_for(&f, &config);
	json_get_bool(&f, "enrichmentEnabled", &config.enrichment_enabled);
	json_get_bool(&f, "microCrawlEnabled", &config.microcrawl_enabled);
	json_get_int(&f, "microCrawlMaxPages", 1, 10, &pages);
	json_get_int(&f, "microCrawlByteBudget", 1024, 500000, &bytes);
	json_get_int(&f, "microCrawlDepth", 1, 5, &depth);
	json_get_int(&f, "batchSize", 1, HTTP_BATCH_MAX, &batch);
	json_get_int(&f, "maxRetries", 0, 5, &retries);
	json_refuse(&f, "proxyPoolId", "proxies are not available in this installation");
	json_fields_close(&f);
	TRY(in.failure);
	config.microcrawl_pages_max = (int32_t)pages;
	config.microcrawl_bytes_max = (int32_t)bytes;
	config.microcrawl_depth = (int32_t)depth;
	config.batch_size = (int32_t)batch;
	config.retries_max = (int32_t)retries;
	*out = config;
	return STATUS_OK_VALUE;
}

struct status http_config_parse(const char *json, struct arena *arena, struct http_config *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	TRY(config_json_load(json, &object));
	TRY(http_config_read(object, "configuration", 0, arena, &violations, out));
	return violations_status(&violations);
}

char *http_config_write(const struct http_config *config, struct arena *arena)
{
	AUTO(json)
	json_t *object =
		json_pack("{s:o, s:o, s:o, s:b, s:b, s:i, s:i, s:i, s:i}", "personaIds",
			  config_json_uuids(config->persona_ids, config->persona_count), "keywordSetIds",
			  config_json_uuids(config->keyword_set_ids, config->keyword_set_count), "keywords",
			  config_json_texts(config->keywords, config->keyword_count), "enrichmentEnabled",
			  (int)config->enrichment_enabled, "microCrawlEnabled", (int)config->microcrawl_enabled,
			  "microCrawlMaxPages", (int)config->microcrawl_pages_max, "microCrawlByteBudget",
			  (int)config->microcrawl_bytes_max, "microCrawlDepth", (int)config->microcrawl_depth,
			  "maxRetries", (int)config->retries_max);

	config_json_batch_size(object, config->batch_size);
	return object ? json_to_arena(arena, object) : NULL;
}
