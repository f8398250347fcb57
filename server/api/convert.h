/* api/convert.h: between the contract's values and ours. Pure but for the arena. */
#ifndef API_CONVERT_H
#define API_CONVERT_H

#include "api/pb.h"
#include "base/status.h"
#include "base/uuid.h"
#include "model/states.h"

#include <stdint.h>

/* INVALID_ARGUMENT / BAD_REQUEST naming the field when the text is not a UUID. */
struct status api_uuid(struct arena *arena, const char *field, const char *text, struct uuid *out) MUST_CHECK;
/* INVALID_ARGUMENT / BAD_REQUEST naming the field. */
struct status api_bad_field(struct arena *arena, const char *field, const char *message) MUST_CHECK;

/* Lists of the contract begin with _UNSPECIFIED = 0 and then follow model/states.h in the same order; convert.c asserts
 * that at compile time. From the contract: BAD_REQUEST naming the field for a value we don't know, and for unspecified.
 */
struct status api_phase(struct arena *arena, Domainflow__V2__Phase value, enum phase *out) MUST_CHECK;
struct status api_mode(struct arena *arena, const char *field, Domainflow__V2__CampaignMode value,
		       enum campaign_mode *out) MUST_CHECK;

/* An optional value of such a list: 0 → *given false; out of range → BAD_REQUEST. count: the list's _COUNT. */
struct status api_optional_state(struct arena *arena, const char *field, int value, int count, bool *given,
				 int *out) MUST_CHECK;

/* To the contract; PHASE_COUNT becomes unspecified. */
Domainflow__V2__Phase pb_phase(enum phase phase);
Domainflow__V2__PhaseStatus pb_phase_status(enum phase_status status);
Domainflow__V2__CampaignStatus pb_campaign_status(enum campaign_status status);
Domainflow__V2__CampaignMode pb_campaign_mode(enum campaign_mode mode);

/* NULL for 0 (none) and when the arena is full. */
PbTimestamp *pb_time(struct arena *arena, int64_t ms);
/* A protobuf-c string field: never NULL. The text is borrowed. */
char *pb_text(const char *text);
/* A copy in the arena; "" when it is full. */
char *pb_uuid(struct arena *arena, const struct uuid *id);

/* 0 → 100, more than 1000 → 1000, negative → BAD_REQUEST. */
struct status api_page_size(struct arena *arena, int32_t value, int32_t *out) MUST_CHECK;

#endif
