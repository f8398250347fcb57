/* api/api.h: what every handler has at hand. One file per service registers its handlers from here.
 * Owner: main.c. Read-only after start; any thread. */
#ifndef API_API_H
#define API_API_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cache;
struct hub;
struct metrics;
struct phase_env;
struct probes;
struct rpc_server;
struct samples;
struct settings;
struct store_pool;
struct watch_list;

struct api {
	const struct settings *settings;
	struct store_pool *pool;
	struct cache *cache;
	struct hub *hub;
	struct watch_list *watchers; /* set with hub */
	const struct phase_env *env;
	struct probes *probes;
	struct samples *samples; /* NULL says nothing */
	struct metrics *metrics; /* NULL counts nothing */
	const char *version;
	int64_t started_at_ms;
	/* Tells readers and workers, here and elsewhere, that a campaign moved. Never blocks for long. */
	void (*moved)(void *ctx, const struct uuid *campaign_id);
	void *moved_ctx;
	atomic_int exports; /* being sent */
};

/* Makes the metrics of lists known before the first is asked for. */
void api_domain_metrics_register(struct metrics *metrics);
/* Adds every service to a server whose app is a struct api. */
struct status api_register(struct rpc_server *server) MUST_CHECK;

#endif
