/* model/domain.h: one generated name, as read for work and for answers. Strings live in the reader's arena. */
#ifndef MODEL_DOMAIN_H
#define MODEL_DOMAIN_H

#include "base/uuid.h"
#include "model/states.h"

#include <stdint.h>

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
	bool has_domain_score, has_lead_score, has_features;
	double domain_score, lead_score;
	double richness; /* with has_features */
	int32_t keywords_unique, keyword_hits;
	int64_t created_at_ms;
};

/* The public id: a version 8 UUID made of the campaign's id and the offset, so it need not be stored.
 * Unique within an installation as far as SHA-256 is. */
struct uuid domain_id(const struct uuid *campaign_id, int64_t offset);

#endif
