#include "jobs/jobs.h"
#include "jobs/scheduler.h"
#include "store/idempotency_store.h"
#include "store/tx.h"

struct status job_idempotency_expiry(const struct job_context *context)
{
	AUTO(store_tx) struct store_tx *tx = NULL;
	int64_t removed;

	TRY(store_single(context->pool, 0, &tx));
	TRY(store_idempotency_expire(tx, &removed));
	return store_commit(&tx);
}
