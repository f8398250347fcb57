/* catalog/details.h: what the two kinds of configDetails share. Internal to catalog/. Pure. */
#ifndef CATALOG_DETAILS_H
#define CATALOG_DETAILS_H

#include "base/status.h"
#include "model/states.h"

#include <jansson.h>
#include <stddef.h>

struct json_fields;

#define DETAILS_BYTES_MAX        65536
#define STORED_DETAILS_BYTES_MAX (4 * DETAILS_BYTES_MAX) /* defaults filled in, and jsonb spreads its text out */

/* Stored text as a value. INTERNAL / CONFIG_UNREADABLE when it is none: only we write it. */
struct status details_load(const char *json, json_t **out) MUST_CHECK;
/* personaType, when given, must be the persona's. */
void details_read_type(struct json_fields *f, enum persona_type type);
/* rateLimitDps and rateLimitBurst. */
void details_read_rate(struct json_fields *f, double per_s, double burst, double *out_per_s, double *out_burst);
/* A new number, without a fraction when it has none. */
json_t *details_number(double number) MUST_CHECK;

#endif
