#include "phase/config_json.h"

#include "base/json_fields.h"

#include <string.h>

struct status config_json_load(const char *json, json_t **out)
{
	struct status st = json_read(json, strlen(json), STORED_CONFIG_BYTES_MAX, out);

	if (!status_ok(st))
		return status_make(STATUS_INTERNAL, "CONFIG_UNREADABLE", "a stored configuration can't be read: %s",
				   st.detail);
	return st;
}

void config_read_personas(struct json_fields *f, struct uuid **out, size_t *out_count)
{
	struct uuid *ids = NULL;
	size_t count = 0;

	if (!json_has(f, "personaIds")) {
		json_required(f, "personaIds");
	} else if (json_get_uuids(f, "personaIds", PHASE_PERSONAS_MAX, &ids, &count)) {
		if (count == 0)
			json_required(f, "personaIds");
		*out = ids;
		*out_count = count;
	}
}

json_t *config_json_texts(const char *const *texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		if (json_array_append_new(array, json_string(texts[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

json_t *config_json_uuids(const struct uuid *ids, size_t count)
{
	json_t *array = json_array();
	char text[UUID_TEXT_SIZE];

	for (size_t i = 0; array && i < count; i++) {
		uuid_to_text(&ids[i], text);
		if (json_array_append_new(array, json_string(text)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

void config_json_batch_size(json_t *object, int32_t batch_size)
{
	if (object && batch_size > 0)
		json_object_set_new(object, "batchSize", json_integer(batch_size));
}
