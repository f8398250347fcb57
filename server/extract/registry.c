#include "extract/registry.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

#define INT(key)    { #key, FEATURE_INT, false },
#define NUMBER(key) { #key, FEATURE_NUMBER, false },
#define SHARE(key)  { #key, FEATURE_NUMBER, true },
#define BOOL(key)   { #key, FEATURE_BOOL, false },
#define STRING(key) { #key, FEATURE_STRING, false },
#define ARRAY(key)  { #key, FEATURE_ARRAY, false },
#define OBJECT(key) { #key, FEATURE_OBJECT, false },

/* Sorted by name. */
static const struct feature_key keys[] = {
	/* clang-format off */
	INT(ad_hoc_hits)
	SHARE(anchor_share)
	NUMBER(applied_bonus)
	NUMBER(applied_deductions_total)
	INT(content_bytes)
	NUMBER(content_richness_score)
	STRING(content_snippet)
	SHARE(density_norm)
	BOOL(diminishing_returns)
	NUMBER(diversity_effective_unique)
	SHARE(diversity_norm)
	NUMBER(diversity_target)
	SHARE(enrichment_norm)
	STRING(fetched_at)
	INT(h1_count)
	BOOL(has_structural_signals)
	BOOL(is_parked)
	INT(keyword_set_hits)
	OBJECT(keyword_snippets)
	NUMBER(kw_growth_ratio)
	INT(kw_hits_total)
	OBJECT(kw_signal_distribution)
	ARRAY(kw_top3)
	INT(kw_unique)
	INT(kw_unique_added)
	INT(kw_unique_root)
	NUMBER(kw_weight_sum)
	SHARE(lang_confidence)
	SHARE(length_quality_norm)
	INT(link_external_count)
	INT(link_internal_count)
	SHARE(link_internal_ratio)
	BOOL(microcrawl_exhausted)
	NUMBER(microcrawl_gain_ratio)
	INT(microcrawl_pages)
	BOOL(microcrawl_planned)
	BOOL(microcrawl_used)
	STRING(page_archetype)
	STRING(page_title)
	SHARE(parked_confidence)
	BOOL(partial_coverage)
	STRING(primary_lang)
	SHARE(prominence_norm)
	SHARE(repetition_index)
	SHARE(richness)
	NUMBER(richness_legacy_canary)
	OBJECT(richness_weight_profile)
	INT(richness_weights_version)
	INT(secondary_pages_examined)
	SHARE(signal_entropy_norm)
	INT(status_code)
	NUMBER(stuffing_penalty)
	BOOL(title_has_keyword)
	/* clang-format on */
};

static const char *const type_texts[] = {
	[FEATURE_INT] = "int",       [FEATURE_NUMBER] = "number", [FEATURE_BOOL] = "bool",
	[FEATURE_STRING] = "string", [FEATURE_ARRAY] = "array",   [FEATURE_OBJECT] = "object",
};

const struct feature_key *registry_keys(size_t *count)
{
	*count = ARRAY_LEN(keys);
	return keys;
}

static int by_name(const void *name, const void *key)
{
	return strcmp(name, ((const struct feature_key *)key)->name);
}

const struct feature_key *registry_find(const char *name)
{
	return bsearch(name, keys, ARRAY_LEN(keys), sizeof(keys[0]), by_name);
}

bool registry_is_experimental(const char *name)
{
	return strncmp(name, "exp_", 4) == 0 && name[4] != '\0' &&
	       strspn(name + 4, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name + 4);
}

const char *feature_type_text(enum feature_type type)
{
	return type_texts[type];
}
