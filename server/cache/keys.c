#include "cache/keys.h"

#include "base/text.h"
#include "base/uuid.h"

#include <stdio.h>
#include <string.h>

#define PARAMETERS_PLAIN_MAX 64

static const struct {
	const char *text;
	int64_t ttl_ms;
} kinds[CACHE_KIND_COUNT] = {
#define CACHE_KIND_ROW(name, text, ttl_ms) [name] = { text, ttl_ms },
	CACHE_KINDS(CACHE_KIND_ROW)
#undef CACHE_KIND_ROW
};

const char *cache_kind_text(enum cache_kind kind)
{
	return kinds[kind].text;
}

struct cache_key cache_key_campaign(enum cache_kind kind, const struct uuid *campaign, const char *parameters)
{
	struct cache_key key = { .kind = kind, .ttl_ms = kinds[kind].ttl_ms };
	char id[UUID_TEXT_SIZE], digest[65];

	uuid_to_text(campaign, id);
	if (!parameters)
		parameters = "";
	if (strlen(parameters) > PARAMETERS_PLAIN_MAX) {
		text_sha256_hex(parameters, strlen(parameters), digest);
		parameters = digest;
	}
	snprintf(key.scope, sizeof key.scope, "scope:%s", id);
	snprintf(key.entry, sizeof key.entry, "%s:%s:%s", kinds[kind].text, id, parameters);
	return key;
}
