#include "telemetry/health.h"

#include "base/buffer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct check {
	const char *name;
	health_check_fn run;
	void *arg;
};

struct health {
	pthread_mutex_t lock;
	struct check checks[HEALTH_CHECKS_MAX];
	size_t count;
	bool is_serving;
};

struct health *health_create(void)
{
	struct health *health = calloc(1, sizeof *health);

	if (health)
		pthread_mutex_init(&health->lock, NULL);
	return health;
}

void health_destroy(struct health *health)
{
	if (!health)
		return;
	pthread_mutex_destroy(&health->lock);
	free(health);
}

bool health_add(struct health *health, const char *name, health_check_fn check, void *arg)
{
	bool has_room;

	pthread_mutex_lock(&health->lock);
	has_room = health->count < HEALTH_CHECKS_MAX;
	if (has_room)
		health->checks[health->count++] = (struct check){ .name = name, .run = check, .arg = arg };
	pthread_mutex_unlock(&health->lock);
	return has_room;
}

void health_remove(struct health *health, const char *name)
{
	pthread_mutex_lock(&health->lock);
	for (size_t i = 0; i < health->count; i++)
		if (strcmp(health->checks[i].name, name) == 0) {
			health->count--;
			memmove(&health->checks[i], &health->checks[i + 1],
				(health->count - i) * sizeof health->checks[0]);
			break;
		}
	pthread_mutex_unlock(&health->lock);
}

void health_serving(struct health *health, bool is_serving)
{
	pthread_mutex_lock(&health->lock);
	health->is_serving = is_serving;
	pthread_mutex_unlock(&health->lock);
}

const char *health_state_text(enum health_state state)
{
	static const char *const texts[] = { "ok", "degraded", "unavailable" };

	return texts[state];
}

/* Checks run under the lock, so that health_remove means that nobody is inside. */
static enum health_state look(struct health *health, struct buffer *details)
{
	enum health_state worst;

	pthread_mutex_lock(&health->lock);
	worst = health->is_serving ? HEALTH_OK : HEALTH_UNAVAILABLE;
	for (size_t i = 0; i < health->count; i++) {
		enum health_state state = health->checks[i].run(health->checks[i].arg);

		if (state > worst)
			worst = state;
		if (details)
			buffer_printf(details, "%s\"%s\":\"%s\"", i ? "," : "", health->checks[i].name,
				      health_state_text(state));
	}
	pthread_mutex_unlock(&health->lock);
	return worst;
}

enum health_state health_state(struct health *health)
{
	return look(health, NULL);
}

enum health_state health_write(struct health *health, struct buffer *out)
{
	struct buffer details;
	enum health_state state;

	buffer_init(&details, 4096);
	state = look(health, &details);
	buffer_printf(out, "{\"status\":\"%s\",\"checks\":{%s}}", health_state_text(state),
		      details.data ? details.data : "");
	buffer_done(&details);
	return state;
}
