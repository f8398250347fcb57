/* campaign/recovery.h: what a worker does about others' unfinished work before it begins its own.
 *
 * Usually nothing: leases of dead workers run out and their batches are claimed again. With PIPELINE_AUTO_RESUME=false
 * and no other worker alive, running phases are paused with cause `recovery` and wait for somebody to resume them. A
 * worker that was killed a moment ago looks alive for INSTANCE_DEAD_MS, so the answer may take that long; where several
 * workers begin together, the oldest decides and the others wait for it. */
#ifndef CAMPAIGN_RECOVERY_H
#define CAMPAIGN_RECOVERY_H

#include "base/status.h"
#include "base/uuid.h"

#include <stdbool.h>

struct arena;
struct phase_env;

/* Asked again and again until *done: work may begin. After this instance's first heartbeat. Phases that were paused are
 * told to `paused`. */
typedef void (*recovery_paused_fn)(void *ctx, const struct uuid *campaign_id);
struct status campaign_recover(const struct phase_env *env, const struct uuid *instance, struct arena *arena,
			       recovery_paused_fn paused, void *ctx, bool *done) MUST_CHECK;

#define INSTANCE_BEAT_MS   2000
#define INSTANCE_DEAD_MS   10000 /* without a heartbeat for this long an instance counts as dead */
#define INSTANCE_SETTLE_MS 15000 /* an instance that began so long ago has decided              */

#endif
