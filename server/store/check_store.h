/* store/check_store.h: what database there is. Threads: any. */
#ifndef STORE_CHECK_STORE_H
#define STORE_CHECK_STORE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct store_pool;

struct store_check {
	const char *version;    /* "15.18"; in the arena */
	int64_t now_ms;         /* its clock */
	int64_t schema_version; /* 0: never migrated */
	bool is_dirty;          /* a migration was begun and not finished */
};

/* Asks the database now, until deadline_ms on clock_monotonic_ms(). */
struct status store_check(struct store_pool *pool, int64_t deadline_ms, struct arena *arena,
			  struct store_check *out) MUST_CHECK;

#endif
