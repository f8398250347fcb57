/* fuzz_config.c: any bytes as the JSON of a campaign, a persona or a phase, or as a page token.
 *
 * The first byte picks the reader. What a reader accepts it writes down so that it reads the same again; a token is
 * only accepted when it is the very text that its position makes. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/page_token.h"
#include "campaign/campaign_config.h"
#include "catalog/dns_persona.h"
#include "catalog/http_persona.h"
#include "phase/analysis/analysis_config.h"
#include "phase/dns/dns_config.h"
#include "phase/generation/generation_config.h"
#include "phase/http/http_config.h"
#include "phase/leads/leads_config.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX 8192

static void expect(bool truth)
{
	if (!truth)
		abort();
}

/* Reads `text`; NULL when it is not accepted, else what would be stored. */
typedef const char *(*read_fn)(const char *text, struct arena *arena);

static const char *read_campaign(const char *text, struct arena *arena)
{
	struct campaign_config config;
	struct violations v;

	violations_init(&v, arena);
	if (!status_ok(campaign_config_read(text, "", arena, &v, &config)) || v.count)
		return NULL;
	if (config.has_pattern)
		expect(config.total_combinations > 0 && config.generation.target_domains > 0);
	return config.json;
}

static json_t *value_of(const char *text)
{
	json_t *value = NULL;

	return status_ok(json_read(text, strlen(text), 4 * INPUT_BYTES_MAX, &value)) ? value : NULL;
}

#define READER(name, type, read_call, write_call) \
	static const char *name(const char *text, struct arena *arena) \
	{ \
		AUTO(json) json_t *value = value_of(text); \
		struct type config; \
		struct violations v; \
		violations_init(&v, arena); \
		if (!value || !status_ok(read_call) || v.count) \
			return NULL; \
		const char *written = write_call(&config, arena); \
		expect(written != NULL); \
		return written; \
	}

READER(read_dns_persona, dns_persona, dns_persona_read(value, "c", arena, &v, &config), dns_persona_write)
READER(read_http_persona, http_persona, http_persona_read(value, "c", arena, &v, &config), http_persona_write)
READER(read_generation, generation_config, generation_config_read(value, "c", NULL, arena, &v, &config),
       generation_config_write)
READER(read_dns, dns_config, dns_config_read(value, "c", arena, &v, &config), dns_config_write)
READER(read_http, http_config, http_config_read(value, "c", 1, arena, &v, &config), http_config_write)
READER(read_analysis, analysis_config, analysis_config_read(value, "c", arena, &v, &config), analysis_config_write)
READER(read_leads, leads_config, leads_config_read(value, "c", &LEADS_CONFIG_DEFAULT, arena, &v, &config),
       leads_config_write)

static const char *read_token(const char *text, struct arena *arena)
{
	struct page_position at;

	if (!status_ok(page_token_read(arena, "filter", text, &at)))
		return NULL;
	const char *again = page_token_make(arena, "filter", &at);
	expect(again && strcmp(again, text) == 0);
	return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const read_fn readers[] = { read_campaign,   read_dns_persona, read_http_persona,
					   read_generation, read_dns,         read_http,
					   read_analysis,   read_leads,       read_token };
	struct arena *arena;
	const char *text, *first;
	read_fn read;

	if (size < 1 || size > INPUT_BYTES_MAX || memchr(data, '\0', size))
		return 0;
	read = readers[data[0] % (sizeof readers / sizeof readers[0])];
	arena = arena_create(0);
	if (!arena)
		abort();
	text = arena_strndup(arena, (const char *)data + 1, size - 1);
	expect(text != NULL);
	first = read(text, arena);
	if (first) {
		const char *second = read(first, arena);
		expect(second && strcmp(first, second) == 0);
	}
	arena_destroy(arena);
	return 0;
}
