#include "events/samples.h"

#include "base/arena.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "events/hub.h"
#include "events/sample_pace.h"
#include "telemetry/metrics.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS     250   /* how soon a new subscriber is announced */
#define ANNOUNCE_MS 5000  /* and how often again */
#define BELIEVE_MS  15000 /* how long others believe it */

static const struct metric_spec events_spec = { .kind = METRIC_COUNTER,
						.name = "extraction_events_total",
						.help = "Events of extraction and analysis that were published.",
						.labels = { "event_type", "phase", "status" } };
static const struct metric_spec limited_spec = { .kind = METRIC_COUNTER,
						 .name = "extraction_events_rate_limited_total",
						 .help = "Events of extraction and analysis over their rate.",
						 .labels = { "event_type" } };
static const struct metric_spec suppressed_spec = {
	.kind = METRIC_COUNTER,
	.name = "sse_events_suppressed_total",
	.help = "Samples merged, thinned out or dropped to keep their pace.",
	.labels = { "type" }
};
static const struct metric_spec seconds_spec = { .kind = METRIC_HISTOGRAM,
						 .name = "extraction_event_broadcast_duration_seconds",
						 .help = "Time to give such an event to all who listen.",
						 METRIC_BOUNDS(metric_bounds_seconds) };
static const struct metric_spec errors_spec = { .kind = METRIC_COUNTER,
						.name = "extraction_event_broadcast_errors_total",
						.help = "Such events that other instances could not be told." };

static const struct metric_spec wanted_spec = {
	.kind = METRIC_GAUGE,
	.name = "event_samples_wanted",
	.help = "Whether anybody, on any instance, listens to samples: 0 nobody, 1,"
		" 2 in full detail."
};

struct samples {
	struct metrics *metrics;
	struct cache *cache;
	struct hub *hub;
	struct uuid instance;
	struct metric_family *events, *limited, *suppressed;
	struct metric *seconds, *errors;
	_Atomic int64_t suppressed_count;
	_Atomic int64_t wanted_until_ms[SAMPLE_FULL + 1]; /* elsewhere, by level */
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct sample *queue; /* a ring */
	size_t first, count;
	bool is_stopping;
	struct sample_pace *pace; /* the thread's */
	enum sample_level announced;
	int64_t announced_at_ms;
	pthread_t thread;
	bool thread_started;
};

/* --- wanted? ----------------------------------------------------------------------------------------------------- */

static enum sample_level wanted_elsewhere(const struct samples *s)
{
	int64_t now_ms = clock_monotonic_ms();

	for (int level = SAMPLE_FULL; level > SAMPLE_NONE; level--)
		if (atomic_load_explicit(&s->wanted_until_ms[level], memory_order_relaxed) > now_ms)
			return (enum sample_level)level;
	return SAMPLE_NONE;
}

enum sample_level samples_wanted(const struct samples *samples)
{
	enum sample_level here, elsewhere;

	if (!samples)
		return SAMPLE_NONE;
	here = samples->hub ? hub_wants(samples->hub) : SAMPLE_NONE;
	elsewhere = here == SAMPLE_FULL ? SAMPLE_NONE : wanted_elsewhere(samples);
	return here > elsewhere ? here : elsewhere;
}

/* "<instance> <level>" */
static void on_interest(void *arg, const char *channel, const void *bytes, size_t length)
{
	struct samples *s = arg;
	char text[UUID_TEXT_SIZE + 1];
	struct uuid sender;
	int level;

	(void)channel;
	if (!bytes || length != sizeof text)
		return;
	memcpy(text, bytes, length);
	text[UUID_TEXT_SIZE - 1] = '\0';
	level = text[UUID_TEXT_SIZE] - '0';
	if (!uuid_parse(text, &sender) || uuid_equal(&sender, &s->instance) || level <= SAMPLE_NONE ||
	    level > SAMPLE_FULL)
		return;
	atomic_store(&s->wanted_until_ms[level], clock_monotonic_ms() + BELIEVE_MS);
}

static void announce(struct samples *s)
{
	enum sample_level level = s->hub ? hub_wants(s->hub) : SAMPLE_NONE;
	int64_t now_ms = clock_monotonic_ms();
	char text[UUID_TEXT_SIZE + 1];

	if (level == SAMPLE_NONE || (level <= s->announced && now_ms - s->announced_at_ms < ANNOUNCE_MS)) {
		if (level < s->announced && now_ms - s->announced_at_ms >= ANNOUNCE_MS)
			s->announced = level;
		return;
	}
	uuid_to_text(&s->instance, text);
	text[UUID_TEXT_SIZE - 1] = ' ';
	text[UUID_TEXT_SIZE] = (char)('0' + level);
	cache_publish(s->cache, CACHE_CHANNEL_INTEREST, text, sizeof text);
	s->announced = level;
	s->announced_at_ms = now_ms;
}

/* --- saying ------------------------------------------------------------------------------------------------------- */

static const char *member(const struct sample *sample, const char *name)
{
	const char *text = json_string_value(json_object_get(sample->payload, name));

	return text ? text : "";
}

static void count_suppressed(struct samples *s, enum sample_type type, const char *event_type)
{
	if (type == SAMPLE_SUBSTEP) {
		samples_unsaid(s, event_type, 1);
		return;
	}
	atomic_fetch_add_explicit(&s->suppressed_count, 1, memory_order_relaxed);
	metric_add(METRIC_OF(s->suppressed, sample_type_text(type)), 1);
}

void samples_unsaid(struct samples *samples, const char *event_type, size_t n)
{
	if (!samples || n == 0)
		return;
	atomic_fetch_add_explicit(&samples->suppressed_count, (int64_t)n, memory_order_relaxed);
	metric_add(METRIC_OF(samples->limited, event_type), n);
}

int64_t samples_suppressed(const struct samples *samples)
{
	return samples ? atomic_load(&samples->suppressed_count) : 0;
}

/* To this instance's hub. Takes the sample. */
static void tell_here(struct samples *s, struct sample *sample)
{
	enum sample_type type = sample->type;
	char event_type[32] = "";

	if (!s->hub) {
		sample_done(sample);
		return;
	}
	snprintf(event_type, sizeof event_type, "%s", member(sample, "event_type"));
	for (size_t lost = hub_say(s->hub, sample); lost > 0; lost--)
		count_suppressed(s, type, event_type);
}

static void publish(struct samples *s, const struct sample *sample)
{
	char *text;

	/* What is about no campaign is rare: nobody need announce himself before. */
	if (!uuid_is_zero(&sample->campaign_id) &&
	    wanted_elsewhere(s) < (sample->is_full ? SAMPLE_FULL : SAMPLE_NORMAL))
		return;
	text = sample_to_text(sample, &s->instance);
	if ((!text || !cache_publish(s->cache, CACHE_CHANNEL_SAMPLES, text, strlen(text))) &&
	    sample->type == SAMPLE_SUBSTEP)
		metric_add(s->errors, 1);
	free(text);
}

/* Takes the sample. */
static void deliver(struct samples *s, struct sample *sample)
{
	int64_t from_us = clock_monotonic_us();
	bool is_substep = sample->type == SAMPLE_SUBSTEP;

	if (is_substep)
		metric_add(METRIC_OF(s->events, member(sample, "event_type"), member(sample, "phase"),
				     member(sample, "status")),
			   1);
	publish(s, sample);
	tell_here(s, sample);
	if (is_substep)
		metric_observe(s->seconds, (double)(clock_monotonic_us() - from_us) / 1e6);
}

static void pace(struct samples *s, struct sample *sample)
{
	enum sample_type type = sample->type;
	char event_type[32] = "";

	snprintf(event_type, sizeof event_type, "%s", member(sample, "event_type"));
	switch (sample_pace_take(s->pace, sample, clock_monotonic_ms())) {
	case SAMPLE_NOW:
		deliver(s, sample);
		break;
	case SAMPLE_LATER:
		break;
	case SAMPLE_MERGED:
	case SAMPLE_DROPPED:
		count_suppressed(s, type, event_type);
		break;
	}
}

void samples_say(struct samples *samples, const struct sample *sample)
{
	bool is_taken = false;

	if (!sample->payload)
		return;
	if (samples) {
		pthread_mutex_lock(&samples->lock);
		if (!samples->is_stopping && samples->count < SAMPLES_QUEUE_MAX) {
			samples->queue[(samples->first + samples->count++) % SAMPLES_QUEUE_MAX] = *sample;
			is_taken = true;
			pthread_cond_signal(&samples->news);
		}
		pthread_mutex_unlock(&samples->lock);
		if (!is_taken)
			count_suppressed(samples, sample->type, member(sample, "event_type"));
	}
	if (!is_taken)
		json_decref(sample->payload);
}

/* From another instance. */
static void on_sample(void *arg, const char *channel, const void *bytes, size_t length)
{
	struct samples *s = arg;
	struct sample sample;
	struct uuid sender;

	(void)channel;
	if (!bytes || hub_wants(s->hub) == SAMPLE_NONE || !sample_from_text(bytes, length, &sample, &sender))
		return;
	if (uuid_equal(&sender, &s->instance))
		sample_done(&sample);
	else
		tell_here(s, &sample);
}

/* --- the thread --------------------------------------------------------------------------------------------------- */

static void wait_news(struct samples *s)
{
	int64_t until = clock_monotonic_ms() + TICK_MS, due = sample_pace_next_ms(s->pace);
	struct timespec ts;

	if (due < until)
		until = due;
	ts.tv_sec = (time_t)(until / 1000);
	ts.tv_nsec = (long)(until % 1000) * 1000000;
	pthread_cond_timedwait(&s->news, &s->lock, &ts);
}

static void *samples_main(void *arg)
{
	struct samples *s = arg;
	struct sample sample;

	pthread_mutex_lock(&s->lock);
	while (!s->is_stopping) {
		if (s->count == 0)
			wait_news(s);
		while (s->count > 0 && !s->is_stopping) {
			sample = s->queue[s->first];
			s->first = (s->first + 1) % SAMPLES_QUEUE_MAX;
			s->count--;
			pthread_mutex_unlock(&s->lock);
			pace(s, &sample);
			pthread_mutex_lock(&s->lock);
		}
		pthread_mutex_unlock(&s->lock);
		while (sample_pace_due(s->pace, clock_monotonic_ms(), &sample))
			deliver(s, &sample);
		announce(s);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static double read_wanted(void *arg)
{
	return samples_wanted(arg);
}

static void register_metrics(struct samples *s, struct metrics *metrics)
{
	s->metrics = metrics;
	metrics_gauge_read(metrics, &wanted_spec, read_wanted, s);
	s->events = metrics_family(metrics, &events_spec);
	s->limited = metrics_family(metrics, &limited_spec);
	s->suppressed = metrics_family(metrics, &suppressed_spec);
	s->seconds = metric_plain(metrics_family(metrics, &seconds_spec));
	s->errors = metric_plain(metrics_family(metrics, &errors_spec));
}

static struct status start(struct samples *s)
{
	if (!s->queue || !s->pace)
		return status_out_of_memory();
	TRY(cache_subscribe(s->cache, CACHE_CHANNEL_INTEREST, on_interest, s));
	if (s->hub)
		TRY(cache_subscribe(s->cache, CACHE_CHANNEL_SAMPLES, on_sample, s));
	TRY(thread_start("samples", samples_main, s, &s->thread));
	s->thread_started = true;
	return STATUS_OK_VALUE;
}

struct status samples_open(struct cache *cache, struct hub *hub, const struct uuid *instance, struct metrics *metrics,
			   struct samples **out)
{
	struct samples *s = calloc(1, sizeof *s);
	pthread_condattr_t attr;

	if (!s)
		return status_out_of_memory();
	s->cache = cache;
	s->hub = hub;
	s->instance = *instance;
	register_metrics(s, metrics);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->news, &attr);
	pthread_condattr_destroy(&attr);
	s->queue = calloc(SAMPLES_QUEUE_MAX, sizeof *s->queue);
	s->pace = sample_pace_create();
	*out = s; /* the caller's also on failure: the cache may know it by then */
	return start(s);
}

void samples_stop(struct samples *samples)
{
	if (!samples)
		return;
	pthread_mutex_lock(&samples->lock);
	samples->is_stopping = true;
	pthread_cond_signal(&samples->news);
	pthread_mutex_unlock(&samples->lock);
	if (samples->thread_started)
		pthread_join(samples->thread, NULL);
	samples->thread_started = false;
}

void samples_free(struct samples *samples)
{
	if (!samples)
		return;
	samples_stop(samples);
	metrics_gauge_read(samples->metrics, &wanted_spec, NULL, NULL);
	for (; samples->count > 0; samples->count--) {
		sample_done(&samples->queue[samples->first]);
		samples->first = (samples->first + 1) % SAMPLES_QUEUE_MAX;
	}
	free(samples->queue);
	sample_pace_destroy(samples->pace);
	pthread_cond_destroy(&samples->news);
	pthread_mutex_destroy(&samples->lock);
	free(samples);
}
