/* api/mutation.h: one transaction for every request that changes something, with its idempotency record inside.
 *
 * With the metadata key x-idempotency-key the first answer, success or refusal, is kept for five minutes under
 * (campaign, action, phase, key) and given again to repeats; a repeat that comes while the first still runs waits for
 * it. Internal failures are not kept. Without the key it is just a transaction. */
#ifndef API_MUTATION_H
#define API_MUTATION_H

#include "base/status.h"
#include "base/uuid.h"
#include "events/sample.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct api;
struct arena;
struct campaign_change;
struct rpc_call;
struct store_tx;

struct mutation {
	/* set by the handler */
	struct rpc_call *call;
	const ProtobufCMessage *request;
	const char *action;      /* static: "start", "create" */
	struct uuid campaign_id; /* zero when the request names none */
	struct uuid resource_id; /* of what is changed, when that is no campaign: set by api_change_resource */
	const char *phase;       /* static; "" when none */

	/* at hand in the body */
	const struct api *api;
	struct arena *arena;
	struct store_tx *tx;
	const char *workspace;

	/* set by the body */
	bool keep;      /* on failure: what was written stays written (a failed preflight) */
	bool has_moved; /* wake the readers of `moved` after the commit */
	struct uuid moved;
	const struct campaign_change *change; /* what it did to the campaign; see mutation_changed */
	struct mutation_news {
		bool is_any;
		enum sample_type type;
		const char *id, *name;
	} news; /* what those who watch all campaigns are told after the commit; see mutation_tells */
};

/* May run more than once (deadlocks); it must not keep state outside the mutation. */
typedef struct status (*mutation_fn)(struct mutation *m, ProtobufCMessage **out);

/* For the body: the campaign's change is saved. After the commit its readers are woken and it is counted. Copied. */
struct status mutation_changed(struct mutation *m, const struct campaign_change *change) MUST_CHECK;

/* For the body: a thing of the workspace was created, changed or removed. Texts in the mutation's arena. */
void mutation_tells(struct mutation *m, enum sample_type type, const struct uuid *id, const char *name);

struct status api_mutate(struct mutation *m, mutation_fn body, ProtobufCMessage **out) MUST_CHECK;

#endif
