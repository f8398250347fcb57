/* store/instance_store.h: which instances of domainflowd there are. They write themselves (jobs/instance.c, through
 * store/ledger_store.h). Threads: any; each call uses the transaction it is given. Strings live in the arena. */
#ifndef STORE_INSTANCE_STORE_H
#define STORE_INSTANCE_STORE_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store_tx;

#define INSTANCE_DEAD_MS 15000 /* not heard of for this long: several heartbeats were missed */

struct instance {
	struct uuid id;
	char **roles;
	size_t role_count;
	const char *address, *version;
	int64_t started_at_ms, heartbeat_at_ms;
	bool is_alive;
};

/* The one heard of last first. */
struct status store_instances_list(struct store_tx *tx, int32_t limit, struct arena *arena, struct instance **out,
				   size_t *out_count) MUST_CHECK;

#endif
