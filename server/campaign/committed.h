/* campaign/committed.h: what follows a change of a campaign once it is committed, and never before: it is counted, and
 * what is not stored of it is said (events/samples.h). Threads: any. */
#ifndef CAMPAIGN_COMMITTED_H
#define CAMPAIGN_COMMITTED_H

struct campaign_change;
struct phase_env;

/* Its arena still holds what the change points at. */
void campaign_committed(const struct phase_env *env, const struct campaign_change *change);

#endif
