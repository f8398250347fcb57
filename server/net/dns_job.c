/* What a lookup does next (02 §4).
 *
 * A is asked first, AAAA after it or beside it, each with its own tries: the next resolver each time, a pause that
 * doubles in between. NXDOMAIN for A ends the lookup; so does the domain's budget. */
#include "net/dns_job.h"

#include "base/random.h"
#include "net/dns_policy_fields.h"

#include <string.h>

static void add_addresses(struct dns_result *r, const struct dns_answer *a)
{
	for (unsigned i = 0; i < a->address_count && r->address_count < DNS_ADDRESSES_MAX; i++)
		r->addresses[r->address_count++] = a->addresses[i];
}

/* 02 §4: any address is ok; all timed out is timeout; else the reason of the first question with a definite answer. */
static void result_of(const struct dns_job *job, struct dns_result *r)
{
	for (unsigned i = 0; i < job->question_count; i++) {
		const struct dns_question *q = &job->questions[i];

		if (q->attempts > r->attempts)
			r->attempts = q->attempts;
		if (q->is_finished && q->query.answer.reason == DNS_REASON_NONE)
			add_addresses(r, &q->query.answer);
	}
	if (r->address_count > 0) {
		r->status = DNS_OK;
		r->reason = DNS_REASON_NONE;
		return;
	}
	r->status = DNS_TIMED_OUT;
	r->reason = DNS_REASON_TIMEOUT;
	for (unsigned i = 0; i < job->question_count; i++) {
		const struct dns_question *q = &job->questions[i];

		if (q->is_finished && q->query.answer.reason != DNS_REASON_TIMEOUT) {
			r->status = DNS_FAILED;
			r->reason = q->query.answer.reason;
			return;
		}
	}
}

static void conclude(struct dns_job *job)
{
	struct dns_result r = { .status = DNS_FAILED };

	result_of(job, &r);
	dns_engine_end(job, &r);
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static struct dns_question *question_of_timer(struct timer *t)
{
	return (struct dns_question *)(void *)((char *)t - offsetof(struct dns_question, timer));
}

static void question_send(struct dns_question *q)
{
	struct dns_engine *e = q->job->engine;
	struct dns_policy *p = q->job->policy;
	unsigned i = dns_policy_pick(p, q->attempts, q->resolver, &e->rng);

	q->resolver = (int)i;
	e->counts.queries++;
	dns_servers_send(e->servers, dns_policy_resolver(p, i), &q->query);
}

static void on_delay_over(struct timer *t)
{
	question_send(question_of_timer(t));
}

static void question_ask(struct dns_question *q)
{
	struct dns_engine *e = q->job->engine;
	const struct dns_policy *p = q->job->policy;
	int64_t delay = p->query_delay_min_ms;
	uint64_t spread = (uint64_t)(p->query_delay_max_ms - p->query_delay_min_ms);

	if (spread > 0)
		delay += (int64_t)rng_below(&e->rng, spread + 1);
	q->attempts++;
	if (delay == 0) {
		question_send(q);
		return;
	}
	q->timer.fire = on_delay_over;
	timer_heap_set(&e->timers, &q->timer, e->now_ms + delay);
}

static void on_pause_over(struct timer *t)
{
	question_ask(question_of_timer(t));
}

static void question_finish(struct dns_question *q)
{
	struct dns_job *job = q->job;
	struct dns_question *second = &job->questions[1];

	q->is_finished = true;
	/* The name does not exist, so no other type of it does. */
	if (q->query.type == DNS_TYPE_A && q->query.answer.reason == DNS_REASON_NXDOMAIN) {
		conclude(job);
		return;
	}
	if (job->question_count == 2 && second->attempts == 0) {
		question_ask(second);
		return;
	}
	for (unsigned i = 0; i < job->question_count; i++)
		if (!job->questions[i].is_finished)
			return;
	conclude(job);
}

static void on_query_done(struct dns_query *query)
{
	struct dns_question *q = (struct dns_question *)(void *)((char *)query - offsetof(struct dns_question, query));
	struct dns_engine *e = q->job->engine;
	const struct dns_policy *p = q->job->policy;
	bool is_timeout = query->answer.reason == DNS_REASON_TIMEOUT;

	if (is_timeout) {
		e->counts.query_timeouts++;
		q->was_lost = true;
		q->lost_at = *dns_policy_resolver(p, (unsigned)q->resolver);
	} else if (q->was_lost) {
		e->counts.lost++;
		q->was_lost = false;
		dns_servers_lost(e->servers, &q->lost_at);
	}
	if (query->answer.may_retry && q->attempts <= p->retries_max) {
		e->counts.retries++;
		q->timer.fire = on_pause_over;
		timer_heap_set(&e->timers, &q->timer, e->now_ms + dns_backoff_ms(q->attempts));
		return;
	}
	question_finish(q);
}

static void on_budget_over(struct timer *t)
{
	conclude((struct dns_job *)(void *)((char *)t - offsetof(struct dns_job, budget)));
}

void dns_job_start(struct dns_job *job)
{
	struct dns_engine *e = job->engine;

	job->budget.fire = on_budget_over;
	timer_heap_set(&e->timers, &job->budget, e->now_ms + job->policy->domain_timeout_ms);
	question_ask(&job->questions[0]);
	if (job->question_count == 2 && job->policy->queries_per_domain > 1)
		question_ask(&job->questions[1]);
}

void dns_job_fill(struct dns_job *job, const struct dns_lookup *in)
{
	uint16_t types[2] = { DNS_TYPE_A, DNS_TYPE_AAAA };

	/* A name that is too long stays empty, which the engine finds invalid like any other bad name. */
	if (strnlen(in->name, DNS_NAME_MAX + 1) <= DNS_NAME_MAX)
		memcpy(job->name, in->name, strlen(in->name));
	for (unsigned i = 0; i < 2; i++) {
		struct dns_question *q = &job->questions[job->question_count];

		if (!(i == 0 ? in->want_a : in->want_aaaa))
			continue;
		job->question_count++;
		q->job = job;
		q->resolver = -1;
		q->query.name = job->name;
		q->query.type = types[i];
		q->query.timeout_ms = in->policy->query_timeout_ms;
		q->query.done = on_query_done;
	}
}

void dns_job_end_as(struct dns_job *job, enum dns_outcome status, enum dns_reason reason)
{
	struct dns_result r = { .status = status, .reason = reason };

	for (unsigned i = 0; i < job->question_count; i++)
		if (job->questions[i].attempts > r.attempts)
			r.attempts = job->questions[i].attempts;
	dns_engine_end(job, &r);
}

void dns_job_detach(struct dns_job *job)
{
	for (unsigned i = 0; i < job->question_count; i++) {
		dns_servers_forget(job->engine->servers, &job->questions[i].query);
		timer_heap_clear(&job->engine->timers, &job->questions[i].timer);
	}
	timer_heap_clear(&job->engine->timers, &job->budget);
}
