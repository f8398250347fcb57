#include "net/http_client.h"

#include "base/clock.h"
#include "net/address_slots.h"
#include "net/http_job.h"
#include "net/http_mailbox.h"
#include "net/http_policy_fields.h"
#include "net/http_session.h"
#include "net/robots.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	IN_FLIGHT_MAX = 256,
	HTTP_PORT = 80,
	HTTPS_PORT = 443,
	BODY_BYTES_MAX = 5 << 20,
	WIRE_BYTES_MAX = 5 << 20,
	HEADER_BYTES_MAX = 64 << 10,
	WAITING_PER_PLACE = 3, /* fetches that may queue or pause for each place */
	TIMERS_PER_JOB = 2,    /* its own, and at most one gate per waiting job */
	SLEEP_MOST_MS = 100,
};

struct http_client {
	struct http_engine engine; /* engine thread only, with places and slots */
	struct gate places;        /* jobs at work */
	struct address_slots *slots;
	struct intake intake;
	pthread_t thread;
	bool has_thread;
	struct http_client_stats stats; /* the engine's counts, published once a round under the intake's lock */
};

static struct http_client *client_of(struct http_engine *engine)
{
	return (struct http_client *)(void *)((char *)engine - offsetof(struct http_client, engine));
}

static struct http_job *job_of_waiter(struct gate_waiter *w)
{
	return (struct http_job *)(void *)((char *)w - offsetof(struct http_job, waiter));
}

static struct http_job *job_of(struct intake_job *link)
{
	return (struct http_job *)(void *)((char *)link - offsetof(struct http_job, link));
}

/* --- gates --------------------------------------------------------------------------------------------------- */

static void want_place(struct http_client *c, struct http_job *job)
{
	job->stage = HTTP_STAGE_PLACING;
	gate_enter(&c->places, &job->waiter);
}

static void want_address(struct http_client *c, struct http_job *job)
{
	job->stage = HTTP_STAGE_ADDRESSING;
	if (job->slot.family == 0 || address_slots_enter(c->slots, &job->slot, &job->waiter))
		want_place(c, job);
}

static void leave_address(struct http_client *c, const struct http_job *job)
{
	struct gate_waiter *next = job->slot.family ? address_slots_leave(c->slots, &job->slot) : NULL;

	if (next)
		want_place(c, job_of_waiter(next));
}

/* Lets jobs begin their work; called once a round, so that a job's end never runs another job inside it. */
static void places_run(struct http_client *c)
{
	struct gate_waiter *w;
	int64_t wait_ms;

	while ((w = gate_next(&c->places, c->engine.now_ms, &wait_ms))) {
		struct http_job *job = job_of_waiter(w);

		job->stage = HTTP_STAGE_WORKING;
		http_job_work(job);
	}
}

static void on_pause_over(struct timer *t)
{
	struct http_job *job = (struct http_job *)(void *)((char *)t - offsetof(struct http_job, timer));

	if (!job->goes_on)
		job->slot = job->address;
	want_address(client_of(job->engine), job);
}

void http_engine_move(struct http_job *job, const struct net_address *address)
{
	struct http_client *c = client_of(job->engine);

	gate_leave(&c->places);
	leave_address(c, job);
	job->slot = *address;
	want_address(c, job);
}

void http_engine_pause(struct http_job *job, int64_t ms)
{
	struct http_client *c = client_of(job->engine);

	http_job_detach(job);
	gate_leave(&c->places);
	leave_address(c, job);
	job->stage = HTTP_STAGE_PAUSED;
	job->timer.fire = on_pause_over;
	timer_heap_set(&c->engine.timers, &job->timer, c->engine.now_ms + ms);
}

/* --- the end of a job ---------------------------------------------------------------------------------------- */

static void leave_places(struct http_client *c, struct http_job *job)
{
	switch (job->stage) {
	case HTTP_STAGE_ADDRESSING:
		address_slots_forget(c->slots, &job->slot, &job->waiter);
		break;
	case HTTP_STAGE_PLACING:
		gate_forget(&c->places, &job->waiter);
		leave_address(c, job);
		break;
	case HTTP_STAGE_WORKING:
		gate_leave(&c->places);
		leave_address(c, job);
		break;
	case HTTP_STAGE_QUEUED:
	case HTTP_STAGE_PAUSED:
		break;
	}
}

static void count_result(struct http_client_stats *counts, enum http_outcome status)
{
	switch (status) {
	case HTTP_OK:
		counts->ok++;
		break;
	case HTTP_FAILED:
		counts->failed++;
		break;
	case HTTP_TIMED_OUT:
		counts->timed_out++;
		break;
	case HTTP_CANCELED:
		counts->canceled++;
		break;
	}
}

/* Releases everything, then calls back: after the callback policy and session may be gone. */
void http_engine_end(struct http_job *job, enum http_outcome status, enum http_reason reason)
{
	struct http_client *c = client_of(job->engine);
	struct http_result r = {
		.status = status,
		.reason = reason,
		.detail = job->detail,
		.code = job->code,
		.url = job->page.text,
		.host = job->page.host,
		.address = job->last_address,
		.redirects = job->redirects,
		.content_type = job->content_type,
		.charset = job->charset,
		.is_truncated = job->is_truncated,
		.body_bytes = job->body_bytes,
		.attempts = job->attempts,
		.took_ms = job->link.is_started ? clock_monotonic_ms() - job->link.started_ms : 0,
	};

	count_result(&c->engine.counts, status);
	http_job_detach(job);
	leave_places(c, job);
	buffer_done(&job->robots);
	if (job->owns_session)
		http_session_destroy(job->session);
	intake_leave(&c->intake, &job->link);
	job->done(job->done_ctx, &r);
	free(job);
	intake_left(&c->intake);
}

/* --- the engine thread --------------------------------------------------------------------------------------- */

static bool begin(struct intake_job *link)
{
	job_of(link)->engine->counts.fetches++;
	return true;
}

static void start(struct intake_job *link)
{
	want_address(client_of(job_of(link)->engine), job_of(link));
}

static void cancel(struct intake_job *link)
{
	http_job_cancel(job_of(link));
}

static void wake(struct intake *in)
{
	struct http_client *c = (struct http_client *)(void *)((char *)in - offsetof(struct http_client, intake));

	http_transfers_wake(c->engine.transfers);
}

static const struct intake_ops ops = {
	.noun = "fetch", .wake = wake, .begin = begin, .start = start, .cancel = cancel
};

static void publish(struct http_client *c)
{
	pthread_mutex_lock(&c->intake.lock);
	c->stats = c->engine.counts;
	pthread_mutex_unlock(&c->intake.lock);
}

static void read_letters(struct http_client *c)
{
	struct http_letter *letter = http_mailbox_take(c->engine.mailbox);

	while (letter) {
		struct http_letter *next = letter->next;

		if (letter->job)
			http_job_resolved(letter->job, letter);
		http_letter_free(letter);
		letter = next;
	}
}

static void *engine_body(void *arg)
{
	struct http_client *c = arg;
	int64_t cancels_ms = 0;

	for (;;) {
		struct http_transfer *t;
		int64_t sleep_ms;

		c->engine.now_ms = clock_monotonic_ms();
		sleep_ms = timer_heap_wait(&c->engine.timers, c->engine.now_ms, SLEEP_MOST_MS);
		publish(c);
		if (!intake_take(&c->intake, &sleep_ms))
			break;
		places_run(c);
		http_transfers_run(c->engine.transfers);
		if (c->places.waiting > 0 && c->places.active < c->places.active_max)
			sleep_ms = 0;
		http_transfers_wait(c->engine.transfers, sleep_ms);
		c->engine.now_ms = clock_monotonic_ms();
		http_transfers_run(c->engine.transfers);
		while ((t = http_transfers_next_ended(c->engine.transfers)))
			http_job_transfer_ended(http_transfer_owner(t));
		read_letters(c);
		timer_heap_run(&c->engine.timers, c->engine.now_ms);
		if (c->engine.now_ms - cancels_ms >= SLEEP_MOST_MS) {
			cancels_ms = c->engine.now_ms;
			intake_cancel(&c->intake, false);
		}
	}
	intake_cancel(&c->intake, true);
	return NULL;
}

/* --- the public side ----------------------------------------------------------------------------------------- */

static void on_letter(void *ctx)
{
	http_transfers_wake(ctx);
}

static void fill_settings(struct http_client_settings *s)
{
	if (s->in_flight_max == 0)
		s->in_flight_max = IN_FLIGHT_MAX;
	if (s->http_port == 0)
		s->http_port = HTTP_PORT;
	if (s->https_port == 0)
		s->https_port = HTTPS_PORT;
	if (s->body_bytes_max <= 0)
		s->body_bytes_max = BODY_BYTES_MAX;
	if (s->wire_bytes_max <= 0)
		s->wire_bytes_max = WIRE_BYTES_MAX;
	if (s->header_bytes_max <= 0)
		s->header_bytes_max = HEADER_BYTES_MAX;
}

static struct status client_open(struct http_client *c)
{
	const struct http_client_settings *s = &c->engine.settings;
	struct http_transfers_settings transfers = {
		.guard = s->guard,
		.ca_file = s->ca_file,
		.header_bytes_max = s->header_bytes_max,
		.wire_bytes_max = s->wire_bytes_max,
		.connections_max = s->in_flight_max,
	};

	TRY(http_transfers_create(&transfers, &c->engine.transfers));
	c->engine.mailbox = http_mailbox_create(on_letter, c->engine.transfers);
	c->slots = address_slots_create(s->per_address_max);
	if (!c->engine.mailbox || !c->slots ||
	    !timer_heap_reserve(&c->engine.timers, (size_t)c->intake.most * TIMERS_PER_JOB))
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the HTTP engine");
	TRY(thread_start("http", engine_body, c, &c->thread));
	c->has_thread = true;
	return STATUS_OK_VALUE;
}

struct status http_client_create(const struct http_client_settings *settings, struct http_client **out)
{
	struct http_client *c = calloc(1, sizeof *c);
	struct status st;

	if (!c)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for the HTTP engine");
	c->engine.settings = *settings;
	fill_settings(&c->engine.settings);
	gate_init(&c->places, (struct rate_source){ .take = NULL }, c->engine.settings.in_flight_max);
	timer_heap_init(&c->engine.timers);
	intake_init(&c->intake, &ops, c->engine.settings.in_flight_max * (1 + WAITING_PER_PLACE), &c->engine.timers,
		    &c->engine.now_ms);
	st = client_open(c);
	if (!status_ok(st)) {
		http_client_destroy(c);
		return st;
	}
	*out = c;
	return STATUS_OK_VALUE;
}

static struct status bad_url(const char *why)
{
	return status_make(STATUS_INVALID_ARGUMENT, "BAD_URL", "%s", why);
}

static struct status job_fill(struct http_client *c, struct http_job *job, const struct http_fetch *in)
{
	const char *why = "not a host name";

	job->is_root = in->url == NULL;
	if (in->url ? !http_url_parse(in->url, &job->start, &why) : !http_url_root(true, in->host, &job->start))
		return bad_url(why);
	if (strnlen(in->host, DNS_NAME_MAX + 1) > DNS_NAME_MAX)
		return bad_url("host name too long");
	memcpy(job->host, in->host, strlen(in->host) + 1);
	if (job->is_root)
		memcpy(job->host, job->start.host, sizeof job->host); /* lower case */
	job->page = job->start;
	job->engine = &c->engine;
	job->policy = in->policy;
	job->resolver = in->resolver;
	job->sink = in->sink;
	job->link = (struct intake_job){ .share = &in->policy->share, .cancel = in->cancel };
	job->address = job->slot = in->address;
	job->body_bytes_max = in->body_bytes_max > 0 ? in->body_bytes_max : c->engine.settings.body_bytes_max;
	buffer_init(&job->robots, ROBOTS_BYTES_MAX);
	job->owns_session = in->session == NULL;
	job->session = in->session ? in->session : http_session_create();
	return job->session ? STATUS_OK_VALUE
			    : status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a fetch");
}

static struct status submit(struct http_client *c, const struct http_fetch *in, http_done_fn done, void *ctx,
			    bool may_wait)
{
	struct http_job *job = calloc(1, sizeof *job);
	struct status st;

	if (!job)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a fetch");
	job->done = done;
	job->done_ctx = ctx;
	st = job_fill(c, job, in);
	if (status_ok(st))
		st = intake_submit(&c->intake, &job->link, may_wait);
	if (!status_ok(st)) {
		if (job->owns_session)
			http_session_destroy(job->session);
		free(job);
	}
	return st;
}

struct status http_client_submit(struct http_client *client, const struct http_fetch *fetch, http_done_fn done,
				 void *ctx)
{
	return submit(client, fetch, done, ctx, true);
}

struct status http_client_try_submit(struct http_client *client, const struct http_fetch *fetch, http_done_fn done,
				     void *ctx)
{
	return submit(client, fetch, done, ctx, false);
}

bool http_client_drain(struct http_client *c, int64_t timeout_ms)
{
	return intake_drain(&c->intake, timeout_ms);
}

void http_client_stats(struct http_client *c, struct http_client_stats *out)
{
	pthread_mutex_lock(&c->intake.lock);
	*out = c->stats;
	out->pending = c->intake.pending;
	pthread_mutex_unlock(&c->intake.lock);
}

void http_client_destroy(struct http_client *c)
{
	if (!c)
		return;
	intake_stop(&c->intake);
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	http_mailbox_close(c->engine.mailbox); /* before what its wake uses */
	http_transfers_destroy(c->engine.transfers);
	address_slots_destroy(c->slots);
	timer_heap_done(&c->engine.timers);
	intake_done(&c->intake);
	free(c);
}
