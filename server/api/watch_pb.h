/* api/watch_pb.h: what the hub says, encoded once for all its subscribers, and which of them want it.
 * Threads: the hub's lock covers an encoded message until it is released. */
#ifndef API_WATCH_PB_H
#define API_WATCH_PB_H

#include "events/sample.h"

#include "domainflow/v2/event_service.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub_message;
struct rpc_packed;
struct watch_message;

/* struct hub_sink's encode and release, for a struct watch_message. */
void *watch_encode(const struct hub_message *message);
void watch_release(void *encoded);

/* The types a request names, as a filter; no types are all types. False when one does not exist. */
bool watch_filter_of(const Domainflow__V2__EventType *types, size_t count, uint64_t *out);
/* wants_full: also samples of SAMPLE_FULL. */
bool watch_passes(const struct watch_message *message, uint64_t filter, bool wants_full);
/* How much of samples a filter asks for. */
enum sample_level watch_level_of(uint64_t filter, bool wants_full);

/* For the stream of one campaign, or wrapped for that of all. Borrowed. NULL when memory is short. */
struct rpc_packed *watch_packed(struct watch_message *message, bool is_wrapped);

#endif
