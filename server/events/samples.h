/* events/samples.h: saying what happens to whoever listens, on this instance or another.
 *
 * samples_say hands a sample over to one thread, which keeps the pace, gives it to the hub of this instance and, when
 * somebody listens elsewhere, publishes it through Redis. Nothing here blocks the caller: a queue of SAMPLES_QUEUE_MAX,
 * and what does not fit is counted and forgotten. Before making a sample ask samples_wanted: two loads.
 *
 * Instances with subscribers tell the others so through Redis while they have any; without Redis samples reach only
 * subscribers of the instance that made them.
 * Threads: any; open, stop and free from one. A NULL struct samples wants and says nothing. */
#ifndef EVENTS_SAMPLES_H
#define EVENTS_SAMPLES_H

#include "base/status.h"
#include "events/sample.h"

struct cache;
struct hub;
struct metrics;
struct samples;

#define SAMPLES_QUEUE_MAX 1024

/* hub is NULL without the api role. Everything is borrowed; the cache must be closed before samples_free. */
struct status samples_open(struct cache *cache, struct hub *hub, const struct uuid *instance, struct metrics *metrics,
			   struct samples **out) MUST_CHECK;
void samples_stop(struct samples *samples);
void samples_free(struct samples *samples);

enum sample_level samples_wanted(const struct samples *samples);
/* Takes the payload; a NULL payload (out of memory) says nothing. */
void samples_say(struct samples *samples, const struct sample *sample);
/* So many events of extraction were not even made, being over their rate: counts them. */
void samples_unsaid(struct samples *samples, const char *event_type, size_t n);
/* So many were held back to keep their pace, here or on their way to this instance's subscribers. */
int64_t samples_suppressed(const struct samples *samples);

#endif
