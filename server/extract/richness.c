#include "extract/richness.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

#define JSON_BYTES_MAX 4096

static double clamp(double value)
{
	return value < 0 ? 0 : value > 1 ? 1 : value;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

struct richness_config richness_config_default(void)
{
	return (struct richness_config){
		.diversity = 0.30,
		.prominence = 0.25,
		.density = 0.15,
		.entropy = 0.15,
		.length = 0.15,
		.bonus_max = 0.25,
		.signal_weights = { [SIGNAL_TITLE] = 10,
				    [SIGNAL_H1] = 7,
				    [SIGNAL_META] = 5,
				    [SIGNAL_ANCHOR] = 4,
				    [SIGNAL_BODY] = 2,
				    [SIGNAL_MICROCRAWL] = 1 },
		.diversity_target = 12,
	};
}

/* --- settings ------------------------------------------------------------------------------------------------ */

struct target {
	const char *key;
	double *value;
};

/* Copies the numbers of a JSON object to their targets, all or nothing. */
static struct status numbers_merge(const char *setting, const char *text, const struct target *targets, size_t count)
{
	AUTO(json) json_t *object = NULL;
	const char *key;
	json_t *value;
	size_t i;

	TRY(json_read(text, strlen(text), JSON_BYTES_MAX, &object));
	if (!json_is_object(object))
		return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "%s is not a JSON object", setting);
	json_object_foreach (object, key, value) {
		for (i = 0; i < count && strcmp(targets[i].key, key) != 0; i++)
			;
		if (i == count)
			return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR", "%s: unknown key %.40s",
					   setting, key);
		if (!json_is_number(value) || json_number_value(value) < 0 || json_number_value(value) > 1000)
			return status_make(STATUS_INVALID_ARGUMENT, "VALIDATION_ERROR",
					   "%s: %.40s must be a number from 0 to 1000", setting, key);
	}
	for (i = 0; i < count; i++) {
		value = json_object_get(object, targets[i].key);
		if (value)
			*targets[i].value = json_number_value(value);
	}
	return STATUS_OK_VALUE;
}

struct status richness_config_merge(struct richness_config *config, const char *weight_json,
				    const char *signal_weight_json)
{
	struct richness_config merged = *config;
	const struct target weights[] = {
		{ "V", &merged.diversity }, { "P", &merged.prominence }, { "D", &merged.density },
		{ "S", &merged.entropy },   { "L", &merged.length },     { "bonus_max", &merged.bonus_max },
	};
	struct target signals[SIGNAL_COUNT];
	int s;

	for (s = 0; s < SIGNAL_COUNT; s++)
		signals[s] = (struct target){ signal_text((enum signal)s), &merged.signal_weights[s] };
	if (weight_json && weight_json[0] != '\0')
		TRY(numbers_merge("RICHNESS_WEIGHT_JSON", weight_json, weights, ARRAY_LEN(weights)));
	if (signal_weight_json && signal_weight_json[0] != '\0')
		TRY(numbers_merge("RICHNESS_SIGNAL_WEIGHT_JSON", signal_weight_json, signals, ARRAY_LEN(signals)));
	*config = merged;
	return STATUS_OK_VALUE;
}

/* --- components ---------------------------------------------------------------------------------------------- */

/* What the formulas need of the tallies. */
struct counts {
	uint64_t hits, largest;
	uint64_t by_signal[SIGNAL_COUNT];
	unsigned signal_types;
	unsigned effective_unique; /* ≥ 2 occurrences or ≥ 2 signals; the second implies the first */
};

static struct counts count(const struct keyword_tally *tallies, size_t n)
{
	struct counts c = { 0 };
	size_t i;
	int s;

	for (i = 0; i < n; i++) {
		c.hits += tallies[i].occurrences;
		c.effective_unique += tallies[i].occurrences >= 2;
		if (tallies[i].occurrences > c.largest)
			c.largest = tallies[i].occurrences;
		for (s = 0; s < SIGNAL_COUNT; s++)
			c.by_signal[s] += tallies[i].by_signal[s];
	}
	for (s = 0; s < SIGNAL_COUNT; s++)
		c.signal_types += c.by_signal[s] > 0;
	return c;
}

static double prominence(const struct richness_config *config, const struct counts *c)
{
	double sum = 0, p;
	int s;

	for (s = 0; s < SIGNAL_COUNT; s++) {
		double occurrences = (double)c->by_signal[s];

		if (s == SIGNAL_TITLE)
			occurrences = smaller(occurrences, 2);
		sum += config->signal_weights[s] * occurrences;
	}
	p = smaller(sum / ((double)c->hits * 10), 1);
	return c->hits < 3 && p < 0.15 ? 0.5 * p + 0.075 : p;
}

static double entropy(const struct counts *c)
{
	double sum = 0;
	int s;

	if (c->signal_types < 2)
		return 0;
	for (s = 0; s < SIGNAL_COUNT; s++) {
		double share = (double)c->by_signal[s] / (double)c->hits;

		if (share > 0)
			sum -= share * log2(share);
	}
	return smaller(sum / log2(c->signal_types), 1);
}

static double length_quality(double kb)
{
	double quality = smaller(smaller(kb, 200) / 80, 1);

	if (kb > 160)
		return quality * 0.8;
	return kb > 80 ? quality * 0.9 : quality;
}

static double enrichment(const struct richness_crawl *crawl)
{
	double relative, absolute, g;

	if (!crawl || !crawl->has_run)
		return 0;
	relative = smaller((double)crawl->added / ((double)crawl->base + 4), 1);
	absolute = smaller((double)crawl->added / 40, 1);
	g = 0.5 * relative + 0.5 * absolute;
	return crawl->is_diminishing ? g * 0.7 : g;
}

static void penalties(const struct counts *c, struct richness *out)
{
	out->repetition_index = (double)c->largest / (double)c->hits;
	out->anchor_share = (double)c->by_signal[SIGNAL_ANCHOR] / (double)c->hits;
	if (out->repetition_index > 0.30)
		out->stuffing_penalty = smaller((out->repetition_index - 0.30) * 0.5, 0.15);
	if (out->repetition_index > 0.35)
		out->repetition_penalty = 0.04;
	if (out->anchor_share > 0.55)
		out->anchor_penalty = 0.03;
	out->deductions = out->stuffing_penalty + out->repetition_penalty + out->anchor_penalty;
}

void richness_compute(const struct richness_config *config, const struct keyword_tally *tallies, size_t n,
		      uint64_t content_bytes, const struct richness_crawl *crawl, struct richness *out)
{
	struct counts c = count(tallies, n);
	double kb = (double)content_bytes / 1024, base;

	*out = (struct richness){ 0 };
	if (content_bytes == 0 || c.hits == 0)
		return;
	kb = kb < 1 ? 1 : kb;
	out->has_components = true;
	out->effective_unique = c.effective_unique;
	out->diversity = 1 - exp(-out->effective_unique / config->diversity_target);
	out->prominence = prominence(config, &c);
	out->density = smaller((double)c.hits / kb, 6) / 6;
	out->entropy = entropy(&c);
	out->length = length_quality(kb);
	out->enrichment = enrichment(crawl);
	out->bonus = config->bonus_max * out->enrichment;
	penalties(&c, out);
	base = config->diversity * out->diversity + config->prominence * out->prominence +
	       config->density * out->density + config->entropy * out->entropy + config->length * out->length;
	out->value = clamp(base * (1 + out->bonus) - out->deductions);
}

double richness_legacy(uint64_t content_bytes, uint64_t hits, unsigned signal_types)
{
	double kb = (double)content_bytes / 1024, r;

	if (content_bytes == 0)
		return 0;
	r = smaller((double)hits / (kb < 1 ? 1 : kb), 5) / 5;
	return smaller(signal_types > 3 ? r * 1.05 : r, 1);
}
