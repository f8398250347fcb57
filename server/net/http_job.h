/* net/http_job.h: one fetch while it is in the engine: its attempts, hops and verdict; private to the HTTP engine.
 *
 * http_client.c owns jobs, queues and the thread; http_job.c decides what a job does next. Engine thread only. */
#ifndef NET_HTTP_JOB_H
#define NET_HTTP_JOB_H

#include "base/buffer.h"
#include "net/http_client.h"
#include "net/http_transfer.h"
#include "net/intake.h"
#include "net/rate_limit.h"
#include "net/timer_heap.h"
#include "net/url.h"

struct http_engine;
struct http_letter;
struct http_mailbox;

enum http_stage {
	HTTP_STAGE_QUEUED,     /* waits for its policy                                   */
	HTTP_STAGE_ADDRESSING, /* waits until fewer work on its address                  */
	HTTP_STAGE_PLACING,    /* waits for one of the engine's places; has its address  */
	HTTP_STAGE_WORKING,    /* has a place: a transfer or a resolver                  */
	HTTP_STAGE_PAUSED,     /* waits before a request, without a place or address     */
};

struct http_job {
	struct intake_job link;
	struct http_engine *engine;

	/* what was asked */
	struct http_policy *policy;
	struct http_session *session;
	bool owns_session;
	struct http_resolver resolver;
	struct http_sink sink;
	http_done_fn done;
	void *done_ctx;
	int64_t body_bytes_max;
	char host[DNS_NAME_MAX + 1];
	struct net_address address; /* of host; family 0 until known */
	struct net_address slot;    /* the address that its slot is for */
	bool is_root;               /* no URL was given: https, then http */
	struct http_url start;

	/* where it stands */
	enum http_stage stage;
	bool goes_on;              /* the place it waits for is for the attempt it is in */
	int64_t left_ms;           /* with goes_on: of that attempt */
	struct gate_waiter waiter; /* for an address or a place */
	struct timer timer;        /* a pause, or the deadline while a host is resolved */
	int64_t deadline_ms;
	unsigned attempts, redirects, robots_redirects;
	bool is_robots, plain_was_tried;
	struct http_fault tls_fault; /* of https, when plain HTTP is tried instead */
	struct http_url page;        /* what we are after */
	struct http_url target;      /* what is being asked: the page, or a robots.txt */
	char found_host[DNS_NAME_MAX + 1];
	struct net_address found_address;
	struct http_letter *letter;
	struct http_transfer *transfer;
	struct buffer robots;

	/* for the result */
	unsigned code;
	bool is_truncated;
	uint64_t body_bytes;
	struct net_address last_address;
	char content_type[HTTP_CONTENT_TYPE_MAX];
	char charset[64];
	char detail[HTTP_DETAIL_MAX];
};

/* What jobs share. */
struct http_engine {
	struct http_client_settings settings;
	struct http_transfers *transfers;
	struct http_mailbox *mailbox;
	struct timer_heap timers;
	int64_t now_ms;
	struct http_client_stats counts;
};

/* --- http_job.c ---------------------------------------------------------------------------------------------- */

/* The job has a place: begins the next attempt, or goes on with the one it is in. */
void http_job_work(struct http_job *job);
void http_job_transfer_ended(struct http_job *job);
void http_job_resolved(struct http_job *job, const struct http_letter *letter);
/* Lets go of transfer and letter. */
void http_job_detach(struct http_job *job);
void http_job_cancel(struct http_job *job);

/* --- http_client.c, called by http_job.c --------------------------------------------------------------------- */

/* Gives the place back and asks for one again after ms. */
void http_engine_pause(struct http_job *job, int64_t ms);
/* Gives the place back and asks for one again, with a slot for another address. */
void http_engine_move(struct http_job *job, const struct net_address *address);
/* Calls back and frees the job. */
void http_engine_end(struct http_job *job, enum http_outcome status, enum http_reason reason);

#endif
