#include "events/sample.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum sample_way way;
	int64_t interval_ms;
} types[] = {
#define SAMPLE_ROW(name, text, way, interval) [name] = { text, way, interval },
	SAMPLE_TYPES(SAMPLE_ROW)
#undef SAMPLE_ROW
};

const char *sample_type_text(enum sample_type type)
{
	return types[type].text;
}

enum sample_way sample_type_way(enum sample_type type)
{
	return types[type].way;
}

int64_t sample_type_interval_ms(enum sample_type type)
{
	return types[type].interval_ms;
}

bool sample_type_from_text(const char *text, enum sample_type *out)
{
	for (int i = 0; i < SAMPLE_TYPE_COUNT; i++) {
		if (strcmp(types[i].text, text) != 0)
			continue;
		*out = (enum sample_type)i;
		return true;
	}
	return false;
}

void sample_done(struct sample *sample)
{
	json_decref(sample->payload);
	sample->payload = NULL;
}

char *sample_to_text(const struct sample *sample, const struct uuid *sender)
{
	char id[UUID_TEXT_SIZE], from[UUID_TEXT_SIZE], *text;
	AUTO(json) json_t *message = NULL;

	uuid_to_text(&sample->campaign_id, id);
	uuid_to_text(sender, from);
	message = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:O}", "from", from, "type", types[sample->type].text,
			    "campaign", id, "workspace", sample->workspace, "full", (int)sample->is_full, "terminal",
			    (int)sample->is_terminal, "at", (json_int_t)sample->at_ms, "payload", sample->payload);
	text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	if (!text || strlen(text) <= SAMPLE_TEXT_BYTES_MAX)
		return text;
	free(text);
	return NULL;
}

bool sample_from_text(const char *text, size_t length, struct sample *out, struct uuid *out_sender)
{
	const char *from, *type, *id, *workspace;
	AUTO(json) json_t *message = NULL;
	struct sample sample = { 0 };
	int is_full, is_terminal;
	json_int_t at_ms;
	json_t *payload;

	if (!status_ok(json_read(text, length, SAMPLE_TEXT_BYTES_MAX, &message)) ||
	    json_unpack(message, "{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:o}", "from", &from, "type", &type, "campaign",
			&id, "workspace", &workspace, "full", &is_full, "terminal", &is_terminal, "at", &at_ms,
			"payload", &payload) != 0)
		return false;
	if (!uuid_parse(from, out_sender) || !uuid_parse(id, &sample.campaign_id) ||
	    !sample_type_from_text(type, &sample.type) || strlen(workspace) >= sizeof sample.workspace ||
	    !json_is_object(payload))
		return false;
	memcpy(sample.workspace, workspace, strlen(workspace) + 1);
	sample.is_full = is_full;
	sample.is_terminal = is_terminal;
	sample.at_ms = at_ms;
	sample.payload = json_incref(payload);
	*out = sample;
	return true;
}
