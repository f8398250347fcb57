#include "events/sample_pace.h"

#include <stdlib.h>

struct bucket {
	double tokens;
	int64_t at_ms;
};

struct paced {
	int64_t said_at_ms;
	bool was_said;
	struct sample waiting; /* payload NULL: none */
};

struct pace_campaign {
	struct uuid id;
	bool is_used;
	int64_t used_at_ms;
	struct bucket bucket;
	struct paced types[SAMPLE_TYPE_COUNT];
};

struct sample_pace {
	struct bucket all;
	struct pace_campaign campaigns[SAMPLE_CAMPAIGNS_MAX];
};

struct sample_pace *sample_pace_create(void)
{
	return calloc(1, sizeof(struct sample_pace));
}

void sample_pace_destroy(struct sample_pace *pace)
{
	if (!pace)
		return;
	for (size_t i = 0; i < SAMPLE_CAMPAIGNS_MAX; i++)
		for (int t = 0; t < SAMPLE_TYPE_COUNT; t++)
			sample_done(&pace->campaigns[i].types[t].waiting);
	free(pace);
}

static bool waits(const struct pace_campaign *c)
{
	for (int t = 0; t < SAMPLE_TYPE_COUNT; t++)
		if (c->types[t].waiting.payload)
			return true;
	return false;
}

/* NULL when every campaign that is remembered has something waiting. */
static struct pace_campaign *campaign_of(struct sample_pace *pace, const struct uuid *id, int64_t now_ms)
{
	struct pace_campaign *oldest = NULL;

	for (size_t i = 0; i < SAMPLE_CAMPAIGNS_MAX; i++) {
		struct pace_campaign *c = &pace->campaigns[i];

		if (c->is_used && uuid_equal(&c->id, id)) {
			c->used_at_ms = now_ms;
			return c;
		}
		if (!c->is_used || ((!oldest || (oldest->is_used && c->used_at_ms < oldest->used_at_ms)) && !waits(c)))
			oldest = c;
	}
	if (oldest)
		*oldest = (struct pace_campaign){ .id = *id,
						  .is_used = true,
						  .used_at_ms = now_ms,
						  .bucket = { 2.0 * SAMPLE_CAMPAIGN_PER_S, now_ms } };
	return oldest;
}

static void refill(struct bucket *bucket, double per_s, int64_t now_ms)
{
	bucket->tokens += (double)(now_ms - bucket->at_ms) / 1000.0 * per_s;
	if (bucket->at_ms == 0 || bucket->tokens > 2.0 * per_s)
		bucket->tokens = 2.0 * per_s;
	bucket->at_ms = now_ms;
}

static bool has_tokens(struct sample_pace *pace, struct pace_campaign *c, int64_t now_ms)
{
	refill(&pace->all, SAMPLE_INSTALLATION_PER_S, now_ms);
	refill(&c->bucket, SAMPLE_CAMPAIGN_PER_S, now_ms);
	if (pace->all.tokens < 1.0 || c->bucket.tokens < 1.0)
		return false;
	pace->all.tokens -= 1.0;
	c->bucket.tokens -= 1.0;
	return true;
}

static void add_count(json_t *to, const json_t *from)
{
	json_int_t sum =
		json_integer_value(json_object_get(to, "count")) + json_integer_value(json_object_get(from, "count"));

	json_object_set_new(to, "count", json_integer(sum));
}

static void add_items(json_t *to, const json_t *from)
{
	json_t *items = json_object_get(to, "items"), *more = json_object_get(from, "items"), *item;
	bool is_truncated = json_is_true(json_object_get(from, "truncated"));
	size_t i;

	json_array_foreach (more, i, item) {
		if (json_array_size(items) < SAMPLE_ITEMS_MAX)
			json_array_append(items, item);
		else
			is_truncated = true;
	}
	if (is_truncated)
		json_object_set_new(to, "truncated", json_true());
}

/* The one that waits becomes the newer one, with what the type keeps of the older. */
static void merge(struct sample *waiting, struct sample *newer)
{
	enum sample_way way = sample_type_way(newer->type);

	if (way == SAMPLE_MERGE) {
		add_count(waiting->payload, newer->payload);
		add_items(waiting->payload, newer->payload);
		json_object_set(waiting->payload, "phase", json_object_get(newer->payload, "phase"));
		waiting->at_ms = newer->at_ms;
		sample_done(newer);
		return;
	}
	if (way == SAMPLE_SUM)
		add_count(newer->payload, waiting->payload);
	sample_done(waiting);
	*waiting = *newer;
}

static enum sample_verdict drop(struct sample *sample)
{
	sample_done(sample);
	return SAMPLE_DROPPED;
}

enum sample_verdict sample_pace_take(struct sample_pace *pace, struct sample *sample, int64_t now_ms)
{
	enum sample_way way = sample_type_way(sample->type);
	struct pace_campaign *c;
	struct paced *p;

	if (way == SAMPLE_EACH || sample->is_terminal)
		return SAMPLE_NOW;
	c = campaign_of(pace, &sample->campaign_id, now_ms);
	if (!c)
		return drop(sample);
	if (way == SAMPLE_BUCKET)
		return has_tokens(pace, c, now_ms) ? SAMPLE_NOW : drop(sample);
	p = &c->types[sample->type];
	if (p->waiting.payload) {
		merge(&p->waiting, sample);
		return SAMPLE_MERGED;
	}
	if (!p->was_said || now_ms - p->said_at_ms >= sample_type_interval_ms(sample->type)) {
		p->said_at_ms = now_ms;
		p->was_said = true;
		return SAMPLE_NOW;
	}
	if (way == SAMPLE_THIN)
		return drop(sample);
	p->waiting = *sample;
	return SAMPLE_LATER;
}

static int64_t due_ms(const struct paced *p)
{
	return p->waiting.payload ? p->said_at_ms + sample_type_interval_ms(p->waiting.type) : INT64_MAX;
}

bool sample_pace_due(struct sample_pace *pace, int64_t now_ms, struct sample *out)
{
	for (size_t i = 0; i < SAMPLE_CAMPAIGNS_MAX; i++) {
		for (int t = 0; t < SAMPLE_TYPE_COUNT; t++) {
			struct paced *p = &pace->campaigns[i].types[t];

			if (due_ms(p) > now_ms)
				continue;
			*out = p->waiting;
			p->waiting.payload = NULL;
			p->said_at_ms = now_ms;
			return true;
		}
	}
	return false;
}

int64_t sample_pace_next_ms(const struct sample_pace *pace)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < SAMPLE_CAMPAIGNS_MAX; i++)
		for (int t = 0; t < SAMPLE_TYPE_COUNT; t++)
			if (due_ms(&pace->campaigns[i].types[t]) < next)
				next = due_ms(&pace->campaigns[i].types[t]);
	return next;
}
