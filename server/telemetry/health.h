/* telemetry/health.h: what state the things we depend on are in, for /readyz and grpc.health.
 *
 * Threads: any. Owner: main.c. A check only looks at what its room already knows (the pool's prober, the cache's
 * circuit breaker): it runs on the ops thread and must not block. */
#ifndef TELEMETRY_HEALTH_H
#define TELEMETRY_HEALTH_H

#include "base/compiler.h"

#include <stdbool.h>

struct buffer;
struct health;

enum health_state {
	HEALTH_OK,
	HEALTH_DEGRADED,    /* slower, not wrong: still ready */
	HEALTH_UNAVAILABLE, /* not ready */
};

typedef enum health_state (*health_check_fn)(void *arg);

#define HEALTH_CHECKS_MAX 16

struct health *health_create(void) MUST_CHECK;
void health_destroy(struct health *health); /* accepts NULL */

/* name is static text of letters and underscores. False when there are HEALTH_CHECKS_MAX already. */
bool health_add(struct health *health, const char *name, health_check_fn check, void *arg);
/* Before `arg` goes away. */
void health_remove(struct health *health, const char *name);

/* Not serving (the state at the start and while draining): not ready, whatever the checks say. */
void health_serving(struct health *health, bool is_serving);

/* The worst of all. */
enum health_state health_state(struct health *health);
const char *health_state_text(enum health_state state);

/* Appends {"status":"ok","checks":{"database":"ok","redis":"degraded"}} and returns the state it shows. */
enum health_state health_write(struct health *health, struct buffer *out);

#endif
