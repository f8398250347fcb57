#include "catalog/details.h"

#include "base/json.h"
#include "base/json_fields.h"

#include <math.h>
#include <string.h>

struct status details_load(const char *json, json_t **out)
{
	struct status st = json_read(json, strlen(json), STORED_DETAILS_BYTES_MAX, out);

	if (!status_ok(st))
		return status_make(STATUS_INTERNAL, "CONFIG_UNREADABLE", "stored settings can't be read: %s",
				   st.detail);
	return st;
}

void details_read_type(struct json_fields *f, enum persona_type type)
{
	const char *word = NULL;

	if (json_get_text(f, "personaType", 16, &word) && strcmp(word, persona_type_to_text(type)) != 0)
		json_violation(f, "personaType", "must be the persona's type, %s", persona_type_to_text(type));
}

void details_read_rate(struct json_fields *f, double per_s, double burst, double *out_per_s, double *out_burst)
{
	*out_per_s = per_s;
	*out_burst = burst;
	json_get_number(f, "rateLimitDps", 0, 1000000, out_per_s);
	json_get_number(f, "rateLimitBurst", 0, 1000000, out_burst);
}

json_t *details_number(double number)
{
	return number == floor(number) ? json_integer((json_int_t)number) : json_real(number);
}
