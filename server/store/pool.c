#include "store/pool.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "config/settings.h"
#include "store/slot.h"
#include "store/statement.h"
#include "telemetry/metrics.h"
#include "work/cancel.h"
#include "work/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PROBE_PERIOD_MS     1000
#define PROBE_TIMEOUT_MS    800
#define RECONNECT_PAUSE_MS  1000
#define RECONNECT_JITTER_MS 500
#define QUIET_IS_DEAD_MS    2000 /* no answer to anybody for this long, and the probe timed out */
#define APPLICATION_NAME    "domainflowd"

struct store_pool {
	const struct settings *settings;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct store_tx *free; /* last used first, so that few connections stay warm */
	struct store_tx *slots;
	size_t count, busy;
	atomic_bool healthy;
	atomic_int_fast64_t answered_ms; /* when a statement last succeeded */
	struct cancel closing;
	pthread_t prober;
	bool prober_runs;
	struct connection probe;      /* the prober's own */
	atomic_uint_fast64_t outages; /* connections opened before the latest one are not trusted */
	struct metrics *metrics;
	struct metric *wait_seconds, *reconnects;
	struct metric **statements; /* by number */
};

static const struct metric_spec wait_spec = { .kind = METRIC_HISTOGRAM,
					      .name = "domainflow_db_wait_seconds",
					      .help = "Wait for a free database connection.",
					      METRIC_BOUNDS(metric_bounds_seconds) };
static const struct metric_spec reconnect_spec = { .kind = METRIC_COUNTER,
						   .name = "domainflow_db_connects_total",
						   .help = "Connections opened to the database." };
static const struct metric_spec busy_spec = { .kind = METRIC_GAUGE,
					      .name = "domainflow_db_connections_busy",
					      .help = "Database connections in use." };
static const struct metric_spec healthy_spec = { .kind = METRIC_GAUGE,
						 .name = "domainflow_db_up",
						 .help = "1 while the database answers." };
static const struct metric_spec statement_spec = { .kind = METRIC_HISTOGRAM,
						   .name = "domainflow_db_statement_seconds",
						   .help = "Duration of statements, network included.",
						   .labels = { "statement" },
						   METRIC_BOUNDS(metric_bounds_seconds) };

static double read_busy(void *arg)
{
	struct store_pool *pool = arg;
	double busy;

	pthread_mutex_lock(&pool->lock);
	busy = (double)pool->busy;
	pthread_mutex_unlock(&pool->lock);
	return busy;
}

static double read_healthy(void *arg)
{
	return store_pool_healthy(arg) ? 1 : 0;
}

static void register_metrics(struct store_pool *pool, struct metrics *metrics)
{
	struct metric_family *family = metrics_family(metrics, &statement_spec);

	pool->metrics = metrics;
	pool->wait_seconds = metric_plain(metrics_family(metrics, &wait_spec));
	pool->reconnects = metric_plain(metrics_family(metrics, &reconnect_spec));
	metrics_gauge_read(metrics, &busy_spec, read_busy, pool);
	metrics_gauge_read(metrics, &healthy_spec, read_healthy, pool);
	for (size_t i = 0; i < sql_statement_count; i++)
		pool->statements[i] = METRIC_OF(family, sql_statements[i]->name);
}

/* --- the prober --------------------------------------------------------------------------------------------- */

static int64_t jittered(int64_t ms, int64_t jitter_ms)
{
	uint32_t r;

	random_bytes(&r, sizeof r);
	return ms + (int64_t)(r % (uint32_t)jitter_ms);
}

static struct status probe_once(struct store_pool *pool)
{
	int64_t now = clock_monotonic_ms();

	if (pool->probe.pg) {
		struct status st = connection_script(&pool->probe, "SELECT 1", now + PROBE_TIMEOUT_MS, NULL);

		if (status_ok(st) || !pool->probe.pg)
			return st;
		connection_close(&pool->probe);
	}
	return connection_open(&pool->probe, pool->settings, APPLICATION_NAME " probe",
			       now + pool->settings->db_connect_ms);
}

static void note_health(struct store_pool *pool, struct status st)
{
	bool is_up = status_ok(st), was_up = atomic_load(&pool->healthy);

	if (is_up)
		atomic_store(&pool->answered_ms, clock_monotonic_ms());
	/* A slow answer on a busy machine is not an outage while others get theirs. */
	else if (st.code == STATUS_DEADLINE_EXCEEDED &&
		 clock_monotonic_ms() - atomic_load(&pool->answered_ms) < QUIET_IS_DEAD_MS)
		return;
	if (is_up == was_up)
		return;
	if (!is_up)
		atomic_fetch_add(&pool->outages, 1);
	atomic_store(&pool->healthy, is_up);
	if (is_up)
		LOG_INFO("database_back", LOG_INT("connections", pool->count));
	else
		LOG_FAILURE("database_lost", st, LOG_INT("connections", pool->count));
	pthread_mutex_lock(&pool->lock);
	pthread_cond_broadcast(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

static void *prober(void *arg)
{
	struct store_pool *pool = arg;

	while (!cancel_sleep(&pool->closing, atomic_load(&pool->healthy)
						     ? PROBE_PERIOD_MS
						     : jittered(RECONNECT_PAUSE_MS, RECONNECT_JITTER_MS))) {
		struct status st = probe_once(pool);

		/* A restarted server closes the old connection: only a failed new one means that it is away. */
		if (!status_ok(st) && st.code == STATUS_UNAVAILABLE && atomic_load(&pool->healthy))
			st = probe_once(pool);
		note_health(pool, st);
	}
	return NULL;
}

bool store_pool_healthy(const struct store_pool *pool)
{
	return atomic_load(&pool->healthy);
}

/* --- opening and closing ------------------------------------------------------------------------------------ */

static struct status make_slots(struct store_pool *pool)
{
	pool->count = (size_t)pool->settings->db_connections_max;
	pool->slots = calloc(pool->count, sizeof *pool->slots);
	pool->statements = calloc(sql_statement_count + 1, sizeof *pool->statements);
	if (!pool->slots || !pool->statements)
		return status_out_of_memory();
	for (size_t i = pool->count; i-- > 0;) {
		struct store_tx *slot = &pool->slots[i];

		slot->pool = pool;
		connection_init(&slot->connection);
		slot->next_free = pool->free;
		pool->free = slot;
	}
	return STATUS_OK_VALUE;
}

static struct status open_parts(struct store_pool *pool, struct metrics *metrics)
{
	TRY(make_slots(pool));
	TRY(connection_open(&pool->probe, pool->settings, APPLICATION_NAME " probe",
			    clock_monotonic_ms() + pool->settings->db_connect_ms));
	atomic_store(&pool->healthy, true);
	atomic_store(&pool->answered_ms, clock_monotonic_ms());
	register_metrics(pool, metrics);
	TRY(thread_start("db-probe", prober, pool, &pool->prober));
	pool->prober_runs = true;
	return STATUS_OK_VALUE;
}

struct status store_pool_open(const struct settings *settings, struct metrics *metrics, struct store_pool **out)
{
	struct store_pool *pool = calloc(1, sizeof *pool);
	pthread_condattr_t monotonic;
	struct status st;

	if (!pool)
		return status_out_of_memory();
	pool->settings = settings;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->freed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	cancel_init(&pool->closing, NULL);
	connection_init(&pool->probe);
	st = open_parts(pool, metrics);
	if (!status_ok(st)) {
		store_pool_close(pool);
		return st;
	}
	*out = pool;
	return STATUS_OK_VALUE;
}

void store_pool_close(struct store_pool *pool)
{
	if (!pool)
		return;
	cancel_set(&pool->closing);
	if (pool->prober_runs)
		pthread_join(pool->prober, NULL);
	assert(pool->busy == 0);
	if (pool->metrics) {
		metrics_gauge_read(pool->metrics, &busy_spec, NULL, NULL);
		metrics_gauge_read(pool->metrics, &healthy_spec, NULL, NULL);
	}
	for (size_t i = 0; pool->slots && i < pool->count; i++)
		connection_done(&pool->slots[i].connection);
	connection_done(&pool->probe);
	cancel_done(&pool->closing);
	pthread_cond_destroy(&pool->freed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->statements);
	free(pool->slots);
	free(pool);
}

/* --- lending ------------------------------------------------------------------------------------------------ */

int64_t pool_deadline(const struct store_pool *pool, int64_t deadline_ms)
{
	return deadline_ms > 0 ? deadline_ms : clock_monotonic_ms() + pool->settings->db_statement_ms;
}

struct metric *pool_statement_metric(struct store_pool *pool, unsigned number)
{
	return number == SQL_NEVER_PREPARED ? NULL : pool->statements[number];
}

/* The first free slot that is open, else the first that may be opened now. */
static struct store_tx *take_free(struct store_pool *pool)
{
	struct store_tx **best = NULL, *slot;
	int64_t now = clock_monotonic_ms();

	for (struct store_tx **at = &pool->free; *at; at = &(*at)->next_free) {
		if ((*at)->connection.pg) {
			best = at;
			break;
		}
		if (!best && now >= (*at)->retry_after_ms)
			best = at;
	}
	if (!best)
		return NULL;
	slot = *best;
	*best = slot->next_free;
	slot->next_free = NULL;
	pool->busy++;
	return slot;
}

static struct status wait_for_slot(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	int64_t latest = clock_monotonic_ms() + pool->settings->db_wait_ms;
	bool is_callers = deadline_ms <= latest;
	struct store_tx *slot = NULL;
	struct timespec until;

	if (is_callers)
		latest = deadline_ms;
	pthread_mutex_lock(&pool->lock);
	while (atomic_load(&pool->healthy) && !(slot = take_free(pool))) {
		int64_t now = clock_monotonic_ms(), wake = latest;

		if (now >= latest) {
			pthread_mutex_unlock(&pool->lock);
			if (is_callers)
				return status_make(STATUS_DEADLINE_EXCEEDED, "DATABASE_BUSY",
						   "no database connection came free before the deadline");
			return status_make(STATUS_UNAVAILABLE, "DATABASE_BUSY", "all database connections are in use");
		}
		/* A closed slot becomes usable by the clock, without anybody signalling. */
		if (pool->free && wake > now + 100)
			wake = now + 100;
		until.tv_sec = (time_t)(wake / 1000);
		until.tv_nsec = (long)(wake % 1000) * 1000000;
		pthread_cond_timedwait(&pool->freed, &pool->lock, &until);
	}
	pthread_mutex_unlock(&pool->lock);
	if (!slot)
		return status_make(STATUS_UNAVAILABLE, "DATABASE_UNAVAILABLE", "the database is not reachable");
	*out = slot;
	return STATUS_OK_VALUE;
}

static struct status open_slot(struct store_tx *slot, int64_t deadline_ms)
{
	struct store_pool *pool = slot->pool;
	uint64_t outage = atomic_load(&pool->outages);

	slot->retry_after_ms = clock_monotonic_ms() + jittered(RECONNECT_PAUSE_MS, RECONNECT_JITTER_MS);
	TRY(connection_open(&slot->connection, pool->settings, APPLICATION_NAME, deadline_ms));
	slot->retry_after_ms = 0;
	slot->outage = outage;
	metric_add(pool->reconnects, 1);
	return STATUS_OK_VALUE;
}

struct status pool_borrow(struct store_pool *pool, int64_t deadline_ms, struct store_tx **out)
{
	int64_t start_us = clock_monotonic_us();
	struct store_tx *slot = NULL;
	struct status st;

	TRY(wait_for_slot(pool, deadline_ms, &slot));
	metric_observe(pool->wait_seconds, (double)(clock_monotonic_us() - start_us) / 1e6);
	if (slot->outage != atomic_load(&pool->outages) || connection_is_stale(&slot->connection))
		connection_close(&slot->connection);
	if (!slot->connection.pg) {
		st = open_slot(slot, deadline_ms);
		if (!status_ok(st)) {
			pool_return(slot);
			return st;
		}
	}
	slot->deadline_ms = deadline_ms;
	*out = slot;
	return STATUS_OK_VALUE;
}

void pool_return(struct store_tx *tx)
{
	struct store_pool *pool = tx->pool;
	struct connection *c = &tx->connection;

	if (c->pg && (PQstatus(c->pg) != CONNECTION_OK || PQtransactionStatus(c->pg) != PQTRANS_IDLE))
		connection_close(c);
	if (c->pg)
		atomic_store(&pool->answered_ms, c->last_used_ms);
	c->sqlstate[0] = c->constraint[0] = '\0';
	pthread_mutex_lock(&pool->lock);
	tx->next_free = pool->free;
	pool->free = tx;
	pool->busy--;
	pthread_cond_signal(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}
