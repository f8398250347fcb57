/* What a fetch does next (02 §5).
 *
 * An attempt starts at the start URL. For each page: is its host's robots.txt known? If not, fetch that first (RFC
 * 9309: 2xx is read, 4xx allows everything, 5xx forbids everything and so fails the attempt; a transport fault counts
 * like one of the page itself). Then the host's address, the guard, the request. A redirect makes a new page. A fault
 * of https://root/ that means "no https here" starts again at http://root/. Timeouts, resets, 429, 502, 503 and 504
 * start a new attempt, as often as the policy says; the sink begins anew. */
#include "net/http_job.h"

#include "net/address_guard.h"
#include "net/http_mailbox.h"
#include "net/http_policy_fields.h"
#include "net/http_session.h"
#include "net/robots.h"

#include <stdio.h>
#include <string.h>

enum {
	ROBOTS_REDIRECTS_MAX = 5,
	PAUSE_FIRST_MS = 250,
	RETRY_AFTER_MOST_MS = 10000, /* a site that wants more is not asked again */
};

static void step(struct http_job *job);

static void set_detail(struct http_job *job, const char *text)
{
	snprintf(job->detail, sizeof job->detail, "%s", text);
}

/* --- ends ---------------------------------------------------------------------------------------------------- */

static void end(struct http_job *job, enum http_reason reason, const char *detail)
{
	set_detail(job, detail);
	http_engine_end(job,
			reason == HTTP_REASON_NONE      ? HTTP_OK
			: reason == HTTP_REASON_TIMEOUT ? HTTP_TIMED_OUT
							: HTTP_FAILED,
			reason);
}

/* pause_ms 0: the usual back-off. */
static void attempt_failed(struct http_job *job, enum http_reason reason, const char *detail, bool may_retry,
			   int64_t pause_ms)
{
	if (!may_retry || job->attempts > job->policy->retries_max) {
		end(job, reason, detail);
		return;
	}
	job->engine->counts.retries++;
	http_engine_pause(job, pause_ms > 0 ? pause_ms : (int64_t)PAUSE_FIRST_MS << (job->attempts - 1));
}

/* --- the response as it comes in ----------------------------------------------------------------------------- */

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Whether the next request goes to the same server, so that it can have this connection. */
static bool stays_here(const struct http_job *job, const char *location)
{
	const struct http_url *here = &job->target;
	struct http_url next;
	const char *why;

	return http_url_resolve(here, location, &next, &why) && next.is_https == here->is_https &&
	       next.port == here->port && strcmp(next.host, here->host) == 0;
}

static enum http_body on_head(void *ctx, unsigned status, const char *content_type, const char *location)
{
	struct http_job *job = ctx;
	struct http_head head = {
		.status = status, .url = job->page.text, .content_type = job->content_type, .charset = job->charset
	};

	job->code = status;
	if (job->is_robots) {
		buffer_clear(&job->robots);
		return HTTP_BODY_WANTED; /* an error page is read too, so that the connection can be used again */
	}
	snprintf(job->content_type, sizeof job->content_type, "%s", content_type);
	http_content_charset(content_type, job->charset, sizeof job->charset);
	if (is_redirect(status) && job->policy->follow_redirects)
		return stays_here(job, location) ? HTTP_BODY_SKIPPED : HTTP_BODY_UNWANTED;
	if (!http_policy_accepts(job->policy, status) || !http_content_is_text(content_type))
		return HTTP_BODY_UNWANTED;
	if (job->sink.begin)
		job->sink.begin(job->sink.ctx, &head);
	return HTTP_BODY_WANTED;
}

static void on_data(void *ctx, const void *bytes, size_t n)
{
	struct http_job *job = ctx;

	if (job->is_robots)
		buffer_append(&job->robots, bytes, n);
	else if (job->sink.data)
		job->sink.data(job->sink.ctx, bytes, n);
}

/* --- what came of it ----------------------------------------------------------------------------------------- */

static void on_fault(struct http_job *job, const struct http_transfer_end *e)
{
	struct http_fault fault = e->fault;

	if (e->guard_refused) {
		job->engine->counts.guard_refused++;
		end(job, HTTP_REASON_ERROR, e->detail);
		return;
	}
	if (job->is_root && !job->plain_was_tried && job->redirects == 0 && fault.try_plain_http &&
	    http_url_root(false, job->host, &job->page)) {
		job->plain_was_tried = true;
		if (fault.is_tls)
			job->tls_fault = fault;
		job->is_robots = false;
		step(job);
		return;
	}
	if (job->tls_fault.is_tls)
		fault.reason = job->tls_fault.reason;
	attempt_failed(job, fault.reason, e->detail, fault.may_retry, 0);
}

/* Takes what robots.txt of the page's host says (NULL: nothing) and goes on to the page. */
static void robots_known(struct http_job *job, struct robots *robots)
{
	http_session_learn(job->session, job->page.host, robots);
	job->code = 0; /* that was not the page's */
	job->is_robots = false;
	step(job);
}

static void on_robots(struct http_job *job, const struct http_transfer_end *e)
{
	struct robots *robots;

	if (e->status >= 500) {
		attempt_failed(job, HTTP_REASON_UPSTREAM_5XX, "robots.txt could not be had",
			       http_status_may_retry(e->status) && e->retry_after_ms <= RETRY_AFTER_MOST_MS,
			       e->retry_after_ms);
		return;
	}
	if (e->status < 200 || e->status > 299) {
		robots_known(job, NULL);
		return;
	}
	robots = robots_parse(job->robots.data ? job->robots.data : "", job->robots.len, job->policy->user_agent);
	if (!robots) {
		end(job, HTTP_REASON_ERROR, "no memory for robots.txt");
		return;
	}
	robots_known(job, robots);
}

static void on_redirect(struct http_job *job, const struct http_transfer_end *e)
{
	struct http_url next;
	const char *why = "";
	bool fits = http_url_resolve(&job->target, e->location, &next, &why);

	job->engine->counts.redirects++;
	if (job->is_robots) {
		/* RFC 9309 §2.3.1.2: beyond five hops, or to nowhere, it counts as absent. */
		if (!fits || ++job->robots_redirects > ROBOTS_REDIRECTS_MAX) {
			robots_known(job, NULL);
			return;
		}
		job->target = next;
		step(job);
		return;
	}
	if (!fits) {
		snprintf(job->detail, sizeof job->detail, "redirect: %s", why);
		http_engine_end(job, HTTP_FAILED, HTTP_REASON_FETCH_ERROR);
		return;
	}
	if (job->redirects == job->engine->settings.redirects_max) {
		end(job, HTTP_REASON_FETCH_ERROR, "too many redirects");
		return;
	}
	job->redirects++;
	job->page = next;
	step(job);
}

static void on_page(struct http_job *job, const struct http_transfer_end *e)
{
	if (http_policy_accepts(job->policy, e->status)) {
		if (!http_content_is_text(e->content_type)) {
			end(job, HTTP_REASON_CONTENT_MISMATCH, "neither HTML nor text");
			return;
		}
		job->is_truncated = e->is_truncated;
		job->body_bytes = e->body_bytes;
		job->engine->counts.truncated += e->is_truncated;
		end(job, HTTP_REASON_NONE, "");
		return;
	}
	attempt_failed(job, http_reason_of_status(e->status), "status not accepted",
		       http_status_may_retry(e->status) && e->retry_after_ms <= RETRY_AFTER_MOST_MS, e->retry_after_ms);
}

void http_job_transfer_ended(struct http_job *job)
{
	struct http_transfer *t = job->transfer;
	struct http_transfer_end e;

	http_transfer_end(t, &e);
	if (job->policy->preserve_cookies)
		http_transfer_cookies(t, &job->session->cookies);
	if (e.status > 0)
		job->code = e.status;
	job->transfer = NULL;
	/* The texts in `e` are the transfer's, so it is given back last; the job may be gone by then. */
	struct http_transfers *ts = job->engine->transfers;

	if (!e.has_response)
		on_fault(job, &e);
	else if (is_redirect(e.status) && e.location[0] && (job->is_robots || job->policy->follow_redirects))
		on_redirect(job, &e);
	else if (job->is_robots)
		on_robots(job, &e);
	else
		on_page(job, &e);
	http_transfer_release(ts, t);
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static void on_resolve_deadline(struct timer *t)
{
	struct http_job *job = (struct http_job *)(void *)((char *)t - offsetof(struct http_job, timer));

	http_job_detach(job);
	attempt_failed(job, HTTP_REASON_TIMEOUT, "no address in time", true, 0);
}

static void resolve(struct http_job *job)
{
	struct http_letter *letter = job->resolver.start ? http_letter_make(job->engine->mailbox, job) : NULL;

	if (!letter) {
		end(job, HTTP_REASON_DNS_RESOLVE_ERROR, "no way to find the host's address");
		return;
	}
	job->letter = letter;
	if (!job->resolver.start(job->resolver.ctx, job->target.host, job->link.cancel, http_letter_answer, letter)) {
		job->letter = NULL;
		http_letter_free(letter);
		end(job, HTTP_REASON_DNS_RESOLVE_ERROR, "the resolver refused the host");
		return;
	}
	job->timer.fire = on_resolve_deadline;
	timer_heap_set(&job->engine->timers, &job->timer, job->deadline_ms);
}

void http_job_resolved(struct http_job *job, const struct http_letter *letter)
{
	timer_heap_clear(&job->engine->timers, &job->timer);
	job->letter = NULL;
	if (letter->count == 0) {
		attempt_failed(job, HTTP_REASON_DNS_RESOLVE_ERROR, "the host has no address", letter->timed_out, 0);
		return;
	}
	memcpy(job->found_host, job->target.host, sizeof job->found_host);
	job->found_address = letter->addresses[0];
	step(job);
}

static bool find_address(const struct http_job *job, struct net_address *out)
{
	const struct http_url *url = &job->target;

	if (url->has_address)
		*out = url->address;
	else if (job->address.family != 0 && strcmp(url->host, job->host) == 0)
		*out = job->address;
	else if (strcmp(url->host, job->found_host) == 0)
		*out = job->found_address;
	else
		return false;
	out->port = url->port       ? url->port
		    : url->is_https ? job->engine->settings.https_port
				    : job->engine->settings.http_port;
	return true;
}

/* The same machine, whatever the port. */
static bool same_machine(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The attempt stands still: nothing of its time passes until it has a place again. */
static void stand_still(struct http_job *job)
{
	job->goes_on = true;
	job->left_ms = job->deadline_ms - job->engine->now_ms;
}

/* Politeness: a slot of the address that is really asked, and time between two requests to one host. False when the job
 * waits for that; it comes back through step(). */
static bool may_ask(struct http_job *job, const struct net_address *address)
{
	struct http_session *session = job->session;
	int64_t wait_ms = session->asked_ms + job->policy->host_delay_ms - job->engine->now_ms;

	if (wait_ms > 0 && job->policy->host_delay_ms > 0 && strcmp(session->asked_host, job->target.host) == 0) {
		stand_still(job);
		http_engine_pause(job, wait_ms);
		return false;
	}
	if (job->engine->settings.per_address_max > 0 && !same_machine(&job->slot, address)) {
		stand_still(job);
		http_engine_move(job, address);
		return false;
	}
	memcpy(session->asked_host, job->target.host, sizeof session->asked_host);
	session->asked_ms = job->engine->now_ms;
	return true;
}

static void request(struct http_job *job, const struct net_address *address)
{
	struct http_transfer_plan plan = {
		.url = &job->target,
		.address = *address,
		.policy = job->policy,
		.cookies = job->session->cookies,
		.timeout_ms = job->deadline_ms - job->engine->now_ms,
		.body_bytes_max = job->is_robots ? ROBOTS_BYTES_MAX : job->body_bytes_max,
		.may_reuse = job->is_robots || !job->owns_session,
		.on_head = on_head,
		.on_data = on_data,
		.ctx = job,
	};
	const char *why = "";

	job->last_address = *address;
	if (!address_guard_permits(job->engine->settings.guard, address, &why)) {
		job->engine->counts.guard_refused++;
		snprintf(job->detail, sizeof job->detail, "address refused: %.60s", why);
		http_engine_end(job, HTTP_FAILED, HTTP_REASON_ERROR);
		return;
	}
	if (!may_ask(job, address))
		return;
	job->code = 0;
	job->body_bytes = 0;
	job->engine->counts.requests++;
	if (!http_transfer_begin(job->engine->transfers, &plan, &job->transfer))
		attempt_failed(job, HTTP_REASON_ERROR, "no memory for a request", false, 0);
}

/* Decides what to ask next: robots.txt of the page's host, or the page. False when the job has ended. */
static bool choose_target(struct http_job *job)
{
	const struct robots *robots = NULL;

	if (job->is_robots)
		return true; /* on a redirect of robots.txt */
	job->target = job->page;
	if (!job->policy->respect_robots)
		return true;
	if (!http_session_robots(job->session, job->page.host, &robots)) {
		job->is_robots = true;
		job->robots_redirects = 0;
		buffer_clear(&job->robots);
		if (http_url_robots(&job->page, &job->target))
			return true;
		end(job, HTTP_REASON_ERROR, "no URL for robots.txt");
		return false;
	}
	if (robots_allows(robots, http_url_path(&job->page)))
		return true;
	job->engine->counts.robots_refused++;
	end(job, HTTP_REASON_ERROR, "robots.txt disallows it");
	return false;
}

static void step(struct http_job *job)
{
	struct net_address address;

	if (job->engine->now_ms >= job->deadline_ms) {
		attempt_failed(job, HTTP_REASON_TIMEOUT, "out of time", true, 0);
		return;
	}
	if (!choose_target(job))
		return;
	if (find_address(job, &address))
		request(job, &address);
	else
		resolve(job);
}

void http_job_work(struct http_job *job)
{
	struct http_engine *engine = job->engine;

	if (job->goes_on) {
		job->goes_on = false;
		job->deadline_ms = engine->now_ms + job->left_ms;
		step(job);
		return;
	}
	job->attempts++;
	job->deadline_ms = engine->now_ms + job->policy->timeout_ms;
	job->redirects = 0;
	job->is_robots = false;
	job->plain_was_tried = false;
	job->tls_fault = (struct http_fault){ .reason = HTTP_REASON_NONE };
	job->page = job->start;
	step(job);
}

void http_job_detach(struct http_job *job)
{
	timer_heap_clear(&job->engine->timers, &job->timer);
	if (job->letter)
		job->letter->job = NULL;
	job->letter = NULL;
	if (job->transfer)
		http_transfer_release(job->engine->transfers, job->transfer);
	job->transfer = NULL;
}

void http_job_cancel(struct http_job *job)
{
	set_detail(job, "cancelled");
	http_engine_end(job, HTTP_CANCELED, HTTP_REASON_CANCELED);
}
