/* events/wake.h: telling everybody that a campaign moved: this instance's hub and workers at once, other instances
 * through Redis. A hint: whoever listens reads the tables. Threads: any. Owner: main.c. */
#ifndef EVENTS_WAKE_H
#define EVENTS_WAKE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>

struct cache;
struct hub;

struct wake {
	struct cache *cache;
	struct hub *hub;            /* NULL without the api role */
	void (*workers)(void *ctx); /* a phase may have started, paused or stopped; NULL without the worker role */
	void *workers_ctx;
};

/* Starts listening to other instances. The struct is borrowed until the cache is closed. */
struct status wake_listen(struct wake *wake) MUST_CHECK;
/* transition: stored events, or only progress. */
void wake_moved(struct wake *wake, const struct uuid *campaign_id, bool transition);

#endif
