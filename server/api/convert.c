#include "api/convert.h"

#include "store/campaign_store.h"

#include <assert.h>

#define PB(list, value) DOMAINFLOW__V2__##list##__##list##_##value

#define SAME_PHASE(name, text)  static_assert((int)PB(PHASE, name) == (int)PHASE_##name + 1, "order");
#define SAME_STATUS(name, text) static_assert((int)PB(PHASE_STATUS, name) == (int)PHASE_STATUS_##name + 1, "order");
#define SAME_CAMPAIGN(name, text) \
	static_assert((int)PB(CAMPAIGN_STATUS, name) == (int)CAMPAIGN_STATUS_##name + 1, "order");
#define SAME_CAMPAIGN_SORT(name, text) \
	static_assert((int)PB(CAMPAIGN_SORT, name) == (int)CAMPAIGN_SORT_##name + 1, "order");
#define SAME_MODE(name, text)      static_assert((int)PB(CAMPAIGN_MODE, name) == (int)CAMPAIGN_MODE_##name + 1, "order");
#define SAME_DNS(name, text)       static_assert((int)PB(DNS_STATUS, name) == (int)DNS_STATUS_##name + 1, "order");
#define SAME_HTTP(name, text)      static_assert((int)PB(HTTP_STATUS, name) == (int)HTTP_STATUS_##name + 1, "order");
#define SAME_LEAD(name, text)      static_assert((int)PB(LEAD_STATUS, name) == (int)LEAD_STATUS_##name + 1, "order");
#define SAME_REJECTION(name, text) static_assert((int)PB(REJECTION_REASON, name) == (int)REJECTION_##name + 1, "order");
#define SAME_PERSONA(name, text)   static_assert((int)PB(PERSONA_TYPE, name) == (int)PERSONA_TYPE_##name + 1, "order");
#define SAME_RULE(name, text)      static_assert((int)PB(RULE_TYPE, name) == (int)RULE_TYPE_##name + 1, "order");

PHASES(SAME_PHASE)
CAMPAIGN_SORTS(SAME_CAMPAIGN_SORT)
PHASE_STATUSES(SAME_STATUS)
CAMPAIGN_STATUSES(SAME_CAMPAIGN)
CAMPAIGN_MODES(SAME_MODE)
DNS_STATUSES(SAME_DNS)
HTTP_STATUSES(SAME_HTTP)
LEAD_STATUSES(SAME_LEAD)
REJECTION_REASONS(SAME_REJECTION)
PERSONA_TYPES(SAME_PERSONA)
RULE_TYPES(SAME_RULE)

struct status api_bad_field(struct arena *arena, const char *field, const char *message)
{
	struct violations violations;
	struct status st;

	violations_init(&violations, arena);
	violations_add(&violations, field, "BAD_REQUEST", "%s", message);
	st = violations_status(&violations);
	st.reason = "BAD_REQUEST";
	return st;
}

struct status api_uuid(struct arena *arena, const char *field, const char *text, struct uuid *out)
{
	if (!uuid_parse(text, out))
		return api_bad_field(arena, field, "must be a UUID");
	return STATUS_OK_VALUE;
}

struct status api_optional_state(struct arena *arena, const char *field, int value, int count, bool *given, int *out)
{
	if (value < 0 || value > count)
		return api_bad_field(arena, field, "is not a value of its enum");
	*given = value != 0;
	if (*given)
		*out = value - 1;
	return STATUS_OK_VALUE;
}

static struct status required_state(struct arena *arena, const char *field, int value, int count, int *out)
{
	bool given = false;

	TRY(api_optional_state(arena, field, value, count, &given, out));
	return given ? STATUS_OK_VALUE : api_bad_field(arena, field, "is required");
}

struct status api_phase(struct arena *arena, Domainflow__V2__Phase value, enum phase *out)
{
	int state = 0;

	TRY(required_state(arena, "phase", (int)value, PHASE_COUNT, &state));
	*out = (enum phase)state;
	return STATUS_OK_VALUE;
}

struct status api_mode(struct arena *arena, const char *field, Domainflow__V2__CampaignMode value,
		       enum campaign_mode *out)
{
	int state = 0;

	TRY(required_state(arena, field, (int)value, CAMPAIGN_MODE_COUNT, &state));
	*out = (enum campaign_mode)state;
	return STATUS_OK_VALUE;
}

Domainflow__V2__Phase pb_phase(enum phase phase)
{
	return phase == PHASE_COUNT ? PB(PHASE, UNSPECIFIED) : (Domainflow__V2__Phase)((int)phase + 1);
}

Domainflow__V2__PhaseStatus pb_phase_status(enum phase_status status)
{
	return (Domainflow__V2__PhaseStatus)((int)status + 1);
}

Domainflow__V2__CampaignStatus pb_campaign_status(enum campaign_status status)
{
	return (Domainflow__V2__CampaignStatus)((int)status + 1);
}

Domainflow__V2__CampaignMode pb_campaign_mode(enum campaign_mode mode)
{
	return (Domainflow__V2__CampaignMode)((int)mode + 1);
}

PbTimestamp *pb_time(struct arena *arena, int64_t ms)
{
	PbTimestamp *time;

	if (ms == 0)
		return NULL;
	time = PB_NEW(arena, PbTimestamp, google__protobuf__timestamp);
	if (time) {
		time->seconds = ms / 1000;
		time->nanos = (int32_t)(ms % 1000) * 1000000;
	}
	return time;
}

char *pb_text(const char *text)
{
	/* protobuf-c fields are char * but are only read when packed. */
	return (char *)(uintptr_t)(text ? text : "");
}

char *pb_uuid(struct arena *arena, const struct uuid *id)
{
	char *text = arena_alloc(arena, UUID_TEXT_SIZE);

	if (!text)
		return pb_text(NULL);
	uuid_to_text(id, text);
	return text;
}

#define PAGE_SIZE_DEFAULT 100
#define PAGE_SIZE_MAX     1000

struct status api_page_size(struct arena *arena, int32_t value, int32_t *out)
{
	if (value < 0)
		return api_bad_field(arena, "pageSize", "must not be negative");
	*out = value == 0 ? PAGE_SIZE_DEFAULT : value > PAGE_SIZE_MAX ? PAGE_SIZE_MAX : value;
	return STATUS_OK_VALUE;
}
