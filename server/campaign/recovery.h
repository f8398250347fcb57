/* campaign/recovery.h: what an instance does about others' unfinished work when it starts.
 *
 * Usually nothing: leases of dead workers run out and their batches are claimed again. With PIPELINE_AUTO_RESUME=false and no
 * other worker alive, running phases are paused with cause `recovery` and wait for somebody to resume them. */
#ifndef CAMPAIGN_RECOVERY_H
#define CAMPAIGN_RECOVERY_H

#include "base/status.h"
#include "base/uuid.h"

struct phase_env;

/* Before worker_start, after this instance's first heartbeat. */
struct status campaign_recover(const struct phase_env *env, const struct uuid *instance) MUST_CHECK;

#define INSTANCE_BEAT_MS 2000
#define INSTANCE_DEAD_MS 10000 /* without a heartbeat for this long an instance counts as dead */

#endif
