/* net/dns_job.h: one lookup while it is in the engine: its questions, tries and verdict; private to the DNS engine.
 *
 * dns_client.c owns jobs, queues and the thread; dns_job.c decides what a job does next. Engine thread only. */
#ifndef NET_DNS_JOB_H
#define NET_DNS_JOB_H

#include "base/random.h"
#include "net/dns_client.h"
#include "net/dns_servers.h"
#include "net/intake.h"
#include "net/timer_heap.h"

struct dns_question {
	struct dns_query query;
	struct dns_job *job;
	struct timer timer; /* delay before a query, or pause before a retry */
	unsigned attempts;
	int resolver; /* index of the last one asked, -1 before the first */
	bool was_lost;
	struct net_address lost_at;
	bool is_finished;
};

struct dns_job {
	struct intake_job link;
	struct dns_engine *engine;
	struct dns_policy *policy;
	dns_done_fn done;
	void *ctx;
	struct timer budget;
	unsigned question_count;
	struct dns_question questions[2];
	char name[DNS_NAME_MAX + 1];
};

/* What jobs share. */
struct dns_engine {
	struct dns_servers *servers;
	struct timer_heap timers;
	struct rng rng;
	int64_t now_ms;
	struct dns_client_stats counts;
};

/* --- dns_job.c -------------------------------------------------------------------------------------------- */

/* Name and questions; any thread, before the job is in the engine. */
void dns_job_fill(struct dns_job *job, const struct dns_lookup *in);
/* Its policy lets it: asks the first question, or both. */
void dns_job_start(struct dns_job *job);
/* Lets go of queries and timers. */
void dns_job_detach(struct dns_job *job);
void dns_job_end_as(struct dns_job *job, enum dns_outcome status, enum dns_reason reason);

/* --- dns_client.c, called by dns_job.c ---------------------------------------------------------------------- */

/* Calls back and frees the job. */
void dns_engine_end(struct dns_job *job, struct dns_result *result);

#endif
