/* model/domain.h: one generated name, as read for work and for answers. Strings live in the reader's arena. */
#ifndef MODEL_DOMAIN_H
#define MODEL_DOMAIN_H

#include "base/uuid.h"
#include "model/states.h"

#include <stddef.h>
#include <stdint.h>

/* What was read from the page. Numbers that the page's vector does not hold are NaN. */
struct domain_features {
	double richness, richness_version;
	double prominence, diversity, diversity_unique, enrichment, bonus, deductions;
	double stuffing_penalty, repetition_index, anchor_share;
	int32_t keywords_unique, keyword_hits;
	double keyword_weight_sum;
	char **top_keywords; /* surface forms, heaviest first */
	size_t top_keyword_count;
	const char *signal_distribution; /* JSON object: hits by signal */
	double microcrawl_gain;
	int32_t microcrawl_pages;
	bool is_stale_score;
};

struct domain {
	int64_t offset;
	const char *name;
	enum dns_status dns_status;
	enum http_status http_status;
	enum lead_status lead_status;
	enum rejection rejection;
	const char *dns_reason, *dns_ip; /* NULL when none */
	const char *http_reason, *http_title, *http_keywords;
	int32_t http_status_code; /* 0 when none */
	bool is_parked;
	double parked_confidence;
	bool has_domain_score, has_lead_score;
	double domain_score, lead_score;
	const struct domain_features *features; /* NULL: no page was read */
	int64_t created_at_ms;
};

/* The public id: a version 8 UUID made of the campaign's id and the offset, so it need not be stored.
 * Unique within an installation as far as SHA-256 is. */
struct uuid domain_id(const struct uuid *campaign_id, int64_t offset);

#endif
