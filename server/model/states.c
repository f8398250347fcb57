#include "model/states.h"

#include "base/compiler.h"

#include <string.h>

static bool find(const char *const *texts, int count, const char *text, int *out)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(texts[i], text) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

#define TEXT(name, text) text,
#define DEFINE_STATES(noun, LIST) \
	static const char *const noun##_texts[] = { LIST(TEXT) }; \
	const char *noun##_to_text(enum noun value) \
	{ \
		return (unsigned)value < ARRAY_LEN(noun##_texts) ? noun##_texts[value] : "?"; \
	} \
	bool noun##_from_text(const char *text, enum noun *out) \
	{ \
		int at; \
		if (!find(noun##_texts, (int)ARRAY_LEN(noun##_texts), text, &at)) \
			return false; \
		*out = (enum noun)at; \
		return true; \
	}

DEFINE_STATES(phase, PHASES)
DEFINE_STATES(phase_status, PHASE_STATUSES)
DEFINE_STATES(campaign_status, CAMPAIGN_STATUSES)
DEFINE_STATES(campaign_mode, CAMPAIGN_MODES)
DEFINE_STATES(dns_status, DNS_STATUSES)
DEFINE_STATES(http_status, HTTP_STATUSES)
DEFINE_STATES(lead_status, LEAD_STATUSES)
DEFINE_STATES(rejection, REJECTION_REASONS)
DEFINE_STATES(bucket, BUCKETS)
DEFINE_STATES(warning, WARNINGS)
DEFINE_STATES(persona_type, PERSONA_TYPES)
DEFINE_STATES(rule_type, RULE_TYPES)
