/* campaign/batch_samples.h: what a batch did, said to those who listen, after its commit and only when there are any.
 * Threads: any; not inside a transaction. */
#ifndef CAMPAIGN_BATCH_SAMPLES_H
#define CAMPAIGN_BATCH_SAMPLES_H

#include <stdint.h>

struct batch_effect;
struct phase_env;
struct phase_job;

/* took_ms: from the beginning of the work to the commit. Failures are not the batch's: they go to the debug log. */
void batch_samples_say(const struct phase_env *env, const struct phase_job *job, const struct batch_effect *effect,
		       int64_t took_ms);

#endif
