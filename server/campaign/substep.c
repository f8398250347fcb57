#include "campaign/substep.h"

#include "base/clock.h"
#include "events/samples.h"

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_string(text));
}

static void set_id(json_t *object, const char *key, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_to_text(id, text);
	json_object_set_new(object, key, json_string(text));
}

void substep_say(struct samples *samples, struct substep *step)
{
	struct sample sample = { .type = SAMPLE_SUBSTEP,
				 .campaign_id = step->campaign_id,
				 .is_full = step->is_full,
				 .is_terminal = step->is_terminal,
				 .at_ms = step->at_ms,
				 .payload = json_object() };
	struct uuid event_id = uuid_make();
	char at[CLOCK_TEXT_SIZE];

	clock_to_text(step->at_ms, at);
	set_id(sample.payload, "event_id", &event_id);
	set_id(sample.payload, "campaign_id", &step->campaign_id);
	if (!uuid_is_zero(&step->domain_id))
		set_id(sample.payload, "domain_id", &step->domain_id);
	set_text(sample.payload, "event_type", step->event_type);
	set_text(sample.payload, "phase", step->phase);
	set_text(sample.payload, "sub_step", step->sub_step);
	set_text(sample.payload, "status", step->status);
	if (step->progress > 0)
		json_object_set_new(sample.payload, "progress", json_real(step->progress));
	set_text(sample.payload, "message", step->message);
	json_object_set_new(sample.payload, "metadata", step->metadata ? step->metadata : json_object());
	step->metadata = NULL;
	if (step->took_ms > 0)
		json_object_set_new(sample.payload, "processing_time_ms", json_integer(step->took_ms));
	set_text(sample.payload, "timestamp", at);
	samples_say(samples, &sample);
}
