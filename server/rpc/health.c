/* grpc.health.v1: Check and Watch for every service name and for "" (the whole server). */
#include "base/log.h"
#include "grpc/health/v1/health.grpc-c.server.h"
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

/* A name that can be asked for. "" is the server itself. */
struct name {
	struct name *next;
	bool is_serving;
	char text[];
};

/* One Watch. Owned by the list; freed by its on_closed. */
struct watcher {
	struct watcher *next, *previous;
	struct rpc_health *health;
	struct rpc_stream *stream;
	char name[];
};

struct rpc_health {
	pthread_mutex_t lock;
	struct name *names;
	struct watcher *watchers;
	bool is_stopped;
};

typedef Grpc__Health__V1__HealthCheckResponse response_t;
typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_t;

#define SERVING         GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING     GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

/* Only the newest state counts to a watcher. */
#define KEY_STATE 1

/* --- the table; the lock is held ------------------------------------------------------------------------------ */

static struct name *find(const struct rpc_health *health, const char *text)
{
	for (struct name *name = health->names; name; name = name->next)
		if (strcmp(name->text, text) == 0)
			return name;
	return NULL;
}

static serving_t state_of(const struct rpc_health *health, const char *text)
{
	const struct name *name = find(health, text);

	if (!name)
		return SERVICE_UNKNOWN;
	return name->is_serving && !health->is_stopped ? SERVING : NOT_SERVING;
}

static bool tell(struct watcher *watcher)
{
	response_t response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = state_of(watcher->health, watcher->name);
	return rpc_stream_send_message(watcher->stream, &response.base, KEY_STATE);
}

static void tell_all(struct rpc_health *health, const char *name)
{
	for (struct watcher *watcher = health->watchers; watcher; watcher = watcher->next)
		if (!name || strcmp(watcher->name, name) == 0)
			tell(watcher);
}

static struct status set(struct rpc_health *health, const char *text, bool is_serving)
{
	struct name *name = find(health, text);
	bool is_new = !name;

	if (is_new) {
		size_t text_size = strlen(text) + 1;

		name = calloc(1, sizeof *name + text_size);
		if (!name)
			return status_out_of_memory();
		memcpy(name->text, text, text_size);
		name->next = health->names;
		health->names = name;
	}
	if (is_new || name->is_serving != is_serving) {
		name->is_serving = is_serving;
		tell_all(health, text);
	}
	return STATUS_OK_VALUE;
}

/* --- the service ---------------------------------------------------------------------------------------------- */

static struct status check(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *in, response_t **out)
{
	struct rpc_health *health = call->server->health;
	response_t *response = arena_alloc(call->arena, sizeof *response);

	if (!response)
		return status_out_of_memory();
	grpc__health__v1__health_check_response__init(response);
	pthread_mutex_lock(&health->lock);
	response->status = state_of(health, in->service);
	pthread_mutex_unlock(&health->lock);
	if (response->status == SERVICE_UNKNOWN)
		return status_make(STATUS_NOT_FOUND, "SERVICE_UNKNOWN", "no service named %.100s", in->service);
	*out = response;
	return STATUS_OK_VALUE;
}

static void watcher_closed(struct rpc_stream *stream, void *arg)
{
	struct watcher *watcher = arg;
	struct rpc_health *health = watcher->health;

	(void)stream;
	pthread_mutex_lock(&health->lock);
	if (watcher->previous)
		watcher->previous->next = watcher->next;
	else
		health->watchers = watcher->next;
	if (watcher->next)
		watcher->next->previous = watcher->previous;
	pthread_mutex_unlock(&health->lock);
	free(watcher);
}

static struct status watch(struct rpc_call *call, const Grpc__Health__V1__HealthCheckRequest *in,
			   struct rpc_stream *stream)
{
	struct rpc_health *health = call->server->health;
	size_t name_size = strlen(in->service) + 1;
	struct watcher *watcher = calloc(1, sizeof *watcher + name_size);

	if (!watcher)
		return status_out_of_memory();
	watcher->health = health;
	watcher->stream = stream;
	memcpy(watcher->name, in->service, name_size);
	rpc_stream_on_closed(stream, watcher_closed, watcher);
	pthread_mutex_lock(&health->lock);
	watcher->next = health->watchers;
	if (watcher->next)
		watcher->next->previous = watcher;
	health->watchers = watcher;
	tell(watcher);
	pthread_mutex_unlock(&health->lock);
	return STATUS_OK_VALUE;
}

static const struct grpc_health_v1_health_handlers handlers = { .check = check, .watch = watch };

/* --- life ----------------------------------------------------------------------------------------------------- */

struct status rpc_health_create(struct rpc_server *server, struct rpc_health **out)
{
	struct rpc_health *health = calloc(1, sizeof *health);

	if (!health)
		return status_out_of_memory();
	pthread_mutex_init(&health->lock, NULL);
	*out = health;
	TRY(rpc_health_know(health, ""));
	return rpc_server_add(server, &grpc_health_v1_health_service, &handlers);
}

void rpc_health_destroy(struct rpc_health *health)
{
	if (!health)
		return;
	while (health->names) {
		struct name *name = health->names;

		health->names = name->next;
		free(name);
	}
	pthread_mutex_destroy(&health->lock);
	free(health);
}

struct status rpc_health_know(struct rpc_health *health, const char *service)
{
	struct status st;

	pthread_mutex_lock(&health->lock);
	st = set(health, service, true);
	pthread_mutex_unlock(&health->lock);
	return st;
}

void rpc_health_stop(struct rpc_health *health)
{
	pthread_mutex_lock(&health->lock);
	if (!health->is_stopped) {
		health->is_stopped = true;
		tell_all(health, NULL);
	}
	pthread_mutex_unlock(&health->lock);
}

void rpc_health_set(struct rpc_server *server, const char *service, bool is_serving)
{
	struct status st;

	pthread_mutex_lock(&server->health->lock);
	st = set(server->health, service ? service : "", is_serving);
	pthread_mutex_unlock(&server->health->lock);
	if (!status_ok(st))
		LOG_FAILURE("rpc_health_set", st, LOG_STR("service", service));
}
