#include "config/settings.h"
#include "jobs/jobs.h"
#include "jobs/scheduler.h"
#include "store/ledger_store.h"
#include "store/tx.h"

struct status job_instance_beat(const struct job_context *context)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(context->pool, 0, &tx));
	TRY(store_instance_beat(tx, &context->instance, context->settings->roles, context->settings->grpc_address,
				context->version));
	return store_commit(&tx);
}

struct status job_instance_farewell(const struct job_context *context)
{
	AUTO(store_tx) struct store_tx *tx = NULL;

	TRY(store_single(context->pool, 0, &tx));
	TRY(store_instance_delete(tx, &context->instance));
	return store_commit(&tx);
}
