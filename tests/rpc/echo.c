#include "echo.h"

#include "base/arena.h"
#include "base/log.h"
#include "echo.grpc-c.server.h"
#include "proto/runtime/descriptor_set.h"
#include "rpc/call.h"
#include "telemetry/metrics.h"
#include "work/cancel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* cmocka wants the above first */
#include <cmocka.h>

typedef Domainflow__Test__V1__Note note_t;

/* --- handlers ------------------------------------------------------------------------------------------------- */

static struct status block(struct echo *echo, struct rpc_call *call)
{
	struct status st = STATUS_OK_VALUE;

	pthread_mutex_lock(&echo->lock);
	echo->blocked++;
	pthread_cond_broadcast(&echo->changed);
	while (!echo->gate_open && status_ok(st)) {
		pthread_mutex_unlock(&echo->lock);
		if (cancel_sleep(rpc_call_cancel(call), 5))
			st = status_make(STATUS_CANCELLED, "CANCELLED", "the caller gave up");
		pthread_mutex_lock(&echo->lock);
	}
	echo->blocked--;
	if (!status_ok(st))
		echo->saw_cancel++;
	pthread_cond_broadcast(&echo->changed);
	pthread_mutex_unlock(&echo->lock);
	return st;
}

static struct status fail_as(struct rpc_call *call, const char *how)
{
	struct arena *arena = rpc_call_arena(call);
	struct status st = STATUS_OK_VALUE;

	if (strcmp(how, "missing") == 0) {
		st = status_make(STATUS_NOT_FOUND, "CAMPAIGN_UNKNOWN", "no such campaign");
		status_extra_of(&st, arena)->resource_type = "campaign";
		status_extra_of(&st, arena)->resource_name = "c-17";
	} else if (strcmp(how, "invalid") == 0) {
		struct violations v;

		violations_init(&v, arena);
		violations_add(&v, "a.first", "REQUIRED_FIELD", "must be given");
		violations_add(&v, "a.second", "VALIDATION_ERROR", "must be below 7");
		st = violations_status(&v);
	} else if (strcmp(how, "many") == 0) {
		struct violations v;

		violations_init(&v, arena);
		for (int i = 0; i < 300; i++)
			violations_add(&v, "configuration.patternConfig.tlds", "VALIDATION_ERROR",
				       "number %d is not a public suffix anybody has ever heard of", i);
		st = violations_status(&v);
	} else if (strcmp(how, "state") == 0) {
		st = status_make(STATUS_FAILED_PRECONDITION, "INVALID_PHASE_TRANSITION", "the phase is paused");
		status_add_meta(&st, arena, "current_state", "paused");
	} else if (strcmp(how, "later") == 0) {
		st = status_make(STATUS_UNAVAILABLE, "DATASTORE_UNAVAILABLE", "come back");
		status_extra_of(&st, arena)->retry_after_ms = 1500;
	} else if (strcmp(how, "secret") == 0) {
		st = status_make(STATUS_INTERNAL, "BROKEN", "password=hunter2");
	}
	return st;
}

static struct status on_say(struct rpc_call *call, const note_t *in, note_t **out)
{
	struct arena *arena = rpc_call_arena(call);
	note_t *note = arena_alloc(arena, sizeof *note);

	if (!note)
		return status_out_of_memory();
	domainflow__test__v1__note__init(note);
	TRY(fail_as(call, in->text));
	if (strcmp(in->text, "block") == 0)
		TRY(block(rpc_call_app(call), call));
	note->text = in->text;
	note->number = in->number;
	if (strcmp(in->text, "who") == 0) {
		const struct rpc_principal *who = rpc_call_principal(call);
		const char *key = rpc_call_idempotency_key(call);

		note->text = arena_printf(arena, "%s %s %s %s", who->name, who->workspace, rpc_call_request_id(call),
					  key ? key : "-");
	} else if (strcmp(in->text, "left") == 0) {
		note->number = (int32_t)(rpc_call_ms_left(call) / 1000);
	} else if (strcmp(in->text, "peer") == 0) {
		note->text = arena_strdup(arena, rpc_call_peer(call));
	} else if (strcmp(in->text, "trailer") == 0) {
		rpc_call_add_trailer(call, "x-idempotent-replay", "true");
	} else if (strcmp(in->text, "eat") == 0) {
		while (arena_alloc(arena, 65536))
			;
		return status_out_of_memory();
	}
	*out = note;
	return STATUS_OK_VALUE;
}

static void on_watch_closed(struct rpc_stream *stream, void *arg)
{
	struct echo *echo = arg;

	pthread_mutex_lock(&echo->lock);
	if (echo->stream == stream)
		echo->stream = NULL;
	echo->closed++;
	pthread_cond_broadcast(&echo->changed);
	pthread_mutex_unlock(&echo->lock);
}

static struct status on_watch(struct rpc_call *call, const note_t *in, struct rpc_stream *stream)
{
	struct echo *echo = rpc_call_app(call);

	rpc_stream_on_closed(stream, on_watch_closed, echo);
	TRY(fail_as(call, in->text));
	pthread_mutex_lock(&echo->lock);
	echo->stream = stream;
	echo->opened++;
	pthread_cond_broadcast(&echo->changed);
	pthread_mutex_unlock(&echo->lock);
	return STATUS_OK_VALUE;
}

static struct status on_chat(struct rpc_call *call, const note_t *in, struct rpc_stream *stream)
{
	if (!in) {
		rpc_stream_close(stream, STATUS_OK_VALUE);
		return STATUS_OK_VALUE;
	}
	TRY(fail_as(call, in->text));
	rpc_stream_send_message(stream, &in->base, 0);
	return STATUS_OK_VALUE;
}

static const struct domainflow_test_v1_echo_handlers handlers = {
	.say = on_say,
	.watch = on_watch,
	.chat = on_chat,
};

/* --- fixture -------------------------------------------------------------------------------------------------- */

void echo_init(struct echo *echo)
{
	static bool is_quiet;
	pthread_condattr_t attr;

	memset(echo, 0, sizeof *echo);
	if (!is_quiet) /* once: threads of the core may outlive a test and log */
		log_setup(LOG_LEVEL_ERROR, true);
	is_quiet = true;
	settings_defaults(&echo->settings);
	echo->settings.grpc_address = "127.0.0.1:0";
	echo->settings.grpc_drain_ms = 1000;
	pthread_mutex_init(&echo->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&echo->changed, &attr);
	pthread_condattr_destroy(&attr);
}

void echo_start(struct echo *echo)
{
	struct rpc_server_options options = { .settings = &echo->settings, .app = echo };
	struct status st;

	echo->metrics = metrics_create();
	options.metrics = echo->metrics;
	options.descriptor_set = proto_descriptor_set;
	options.descriptor_set_bytes = proto_descriptor_set_size;
	st = rpc_server_create(&options, &echo->server);
	if (status_ok(st))
		st = rpc_server_add(echo->server, &domainflow_test_v1_echo_service, &handlers);
	if (status_ok(st))
		st = rpc_server_start(echo->server);
	if (!status_ok(st))
		fail_msg("%s: %s", st.reason, st.detail);
	if (strncmp(echo->settings.grpc_address, "unix:", 5) == 0)
		snprintf(echo->target, sizeof echo->target, "%s", echo->settings.grpc_address);
	else
		snprintf(echo->target, sizeof echo->target, "127.0.0.1:%d", rpc_server_port(echo->server));
	echo->channel = client_open(echo->target, NULL);
}

void echo_stop(struct echo *echo)
{
	struct status st = rpc_server_drain(echo->server);

	if (!status_ok(st))
		fail_msg("%s: %s", st.reason, st.detail);
	echo_free(echo);
}

void echo_free(struct echo *echo)
{
	grpc_channel_destroy(echo->channel);
	rpc_server_destroy(echo->server);
	metrics_destroy(echo->metrics);
	pthread_cond_destroy(&echo->changed);
	pthread_mutex_destroy(&echo->lock);
}

/* --- notes ---------------------------------------------------------------------------------------------------- */

uint8_t *note_pack(const char *text, int32_t number, size_t *n)
{
	note_t note;
	uint8_t *bytes;

	domainflow__test__v1__note__init(&note);
	note.text = (char *)(uintptr_t)text;
	note.number = number;
	*n = domainflow__test__v1__note__get_packed_size(&note);
	bytes = malloc(*n + 1);
	assert_non_null(bytes);
	domainflow__test__v1__note__pack(&note, bytes);
	return bytes;
}

note_t *note_take(uint8_t *bytes, size_t n)
{
	note_t *note;

	assert_non_null(bytes);
	note = domainflow__test__v1__note__unpack(NULL, n, bytes);
	free(bytes);
	assert_non_null(note);
	return note;
}

void note_free(note_t *note)
{
	domainflow__test__v1__note__free_unpacked(note, NULL);
}

grpc_status_code say(struct echo *echo, struct client_call *call, const char *text, int32_t number,
		     const struct client_options *options, note_t **out)
{
	size_t n, reply_n;
	uint8_t *bytes = note_pack(text, number, &n), *reply;
	grpc_status_code code = client_unary(call, echo->channel, PATH_SAY, bytes, n, options, &reply, &reply_n);

	free(bytes);
	*out = reply ? note_take(reply, reply_n) : NULL;
	return code;
}

void watch_open(struct echo *echo, struct client_call *call)
{
	size_t n;
	uint8_t *bytes = note_pack("watch", 0, &n);
	int opened;

	pthread_mutex_lock(&echo->lock);
	opened = echo->opened;
	pthread_mutex_unlock(&echo->lock);
	client_start(call, echo->channel, PATH_WATCH, bytes, n, true, NULL);
	free(bytes);
	echo_wait(echo, &echo->opened, opened + 1);
}

bool watch_send(struct echo *echo, const char *text, int32_t number, uint64_t key)
{
	note_t note;
	bool taken = false;

	domainflow__test__v1__note__init(&note);
	note.text = (char *)(uintptr_t)text;
	note.number = number;
	pthread_mutex_lock(&echo->lock); /* as an owner does: sends under its own lock */
	if (echo->stream) {
		rpc_stream_set_position(echo->stream, number);
		taken = rpc_stream_send_message(echo->stream, &note.base, key);
	}
	pthread_mutex_unlock(&echo->lock);
	return taken;
}

/* --- waiting -------------------------------------------------------------------------------------------------- */

int echo_read(struct echo *echo, const int *value)
{
	int now;

	pthread_mutex_lock(&echo->lock);
	now = *value;
	pthread_mutex_unlock(&echo->lock);
	return now;
}

void echo_wait(struct echo *echo, const int *value, int least)
{
	struct timespec until;
	int error = 0;
	bool reached;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CLIENT_WAIT_MS / 1000;
	pthread_mutex_lock(&echo->lock);
	while (*value < least && error == 0)
		error = pthread_cond_timedwait(&echo->changed, &echo->lock, &until);
	reached = *value >= least;
	pthread_mutex_unlock(&echo->lock);
	assert_true(reached);
}

void echo_open_gate(struct echo *echo)
{
	pthread_mutex_lock(&echo->lock);
	echo->gate_open = true;
	pthread_mutex_unlock(&echo->lock);
}

bool details_contain(const struct client_call *call, const char *text)
{
	size_t n;
	const char *bytes = client_trailer(call, "grpc-status-details-bin", &n);

	return bytes && memmem(bytes, n, text, strlen(text)) != NULL;
}
