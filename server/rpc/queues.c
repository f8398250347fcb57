/* Completion queues, the requests posted on them and the threads that poll.
 *
 * Every request is announced on the one unary queue, whose threads run the handlers, so a handler that sleeps delays
 * nobody. A stream's own operations come back on one of the stream queues (round robin), each with a thread that only
 * starts the next send. */
#include "config/settings.h"
#include "rpc/internal.h"
#include "work/thread.h"

#include <grpc/support/time.h>
#include <stdio.h>

/* The distribution's core searches all outstanding tags on every completion, so few requests are posted; each is
 * posted again before its handler runs. */
#define REQUESTS_PER_METHOD 2
#define REQUESTS_UNKNOWN    4

struct rpc_request {
	struct rpc_tag tag;
	struct rpc_slot *slot;
	struct rpc_arrival arrival;
	grpc_call_details details; /* unknown paths only */
};

static grpc_completion_queue *queue_for(struct rpc_server *server, const struct rpc_slot *slot)
{
	unsigned turn;

	if (!slot->binding || slot->binding->method->kind == METHOD_UNARY)
		return server->unary;
	turn = atomic_fetch_add_explicit(&server->stream_turn, 1, memory_order_relaxed);
	return server->streams[turn % server->stream_count];
}

/* Refused only while shutting down. */
static bool post(struct rpc_request *request)
{
	struct rpc_server *server = request->slot->server;
	struct rpc_arrival *a = &request->arrival;
	bool has_payload = request->slot->binding && request->slot->binding->method->kind != METHOD_BIDI;
	grpc_completion_queue *bound = queue_for(server, request->slot);
	grpc_call_error error;

	grpc_metadata_array_init(&a->metadata);
	a->core = NULL;
	a->payload = NULL;
	RPC_TAG_LEAVES(&request->tag);
	if (request->slot->binding) {
		error = grpc_server_request_registered_call(
			server->core, request->slot->registered, &a->core, &a->deadline, &a->metadata,
			has_payload ? &a->payload : NULL, bound, server->unary, &request->tag);
	} else {
		grpc_call_details_init(&request->details);
		error = grpc_server_request_call(server->core, &a->core, &request->details, &a->metadata, bound,
						 server->unary, &request->tag);
	}
	return error == GRPC_CALL_OK;
}

static void request_arrived(struct rpc_tag *tag, bool ok)
{
	struct rpc_request *request = RPC_OWNER(tag, struct rpc_request, tag);
	struct rpc_arrival arrival = request->arrival;

	if (!request->slot->binding) {
		arrival.deadline = request->details.deadline;
		grpc_call_details_destroy(&request->details);
	}
	if (!ok) { /* the server is shutting down */
		grpc_metadata_array_destroy(&arrival.metadata);
		return;
	}
	post(request);
	rpc_dispatch(request->slot, &arrival);
}

static void *poll_queue(void *arg)
{
	grpc_completion_queue *queue = arg;
	grpc_event event;

	for (;;) {
		struct rpc_tag *tag;

		event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		if (event.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (event.type != GRPC_OP_COMPLETE)
			continue;
		tag = event.tag;
		RPC_TAG_RETURNS(tag);
		tag->fire(tag, event.success != 0);
	}
}

struct status rpc_queues_create(struct rpc_server *server)
{
	server->unary = grpc_completion_queue_create_for_next(NULL);
	grpc_server_register_completion_queue(server->core, server->unary, NULL);
	server->stream_count = (size_t)server->settings->grpc_stream_queues;
	for (size_t i = 0; i < server->stream_count; i++) {
		server->streams[i] = grpc_completion_queue_create_for_next(NULL);
		grpc_server_register_completion_queue(server->core, server->streams[i], NULL);
	}
	return STATUS_OK_VALUE;
}

static struct status post_slot(struct rpc_server *server, struct rpc_slot *slot, int count)
{
	for (int i = 0; i < count; i++) {
		struct rpc_request *request = arena_alloc(server->arena, sizeof *request);

		if (!request)
			return status_out_of_memory();
		request->tag.fire = request_arrived;
		request->slot = slot;
		if (!post(request))
			return status_make(STATUS_INTERNAL, "RPC_REQUEST_REFUSED", "the core refused to take requests");
	}
	return STATUS_OK_VALUE;
}

static struct status start_thread(struct rpc_server *server, const char *kind, size_t number,
				  grpc_completion_queue *queue)
{
	char name[16];

	snprintf(name, sizeof name, "rpc-%s-%zu", kind, number % 1000);
	TRY(thread_start(name, poll_queue, queue, &server->threads[server->thread_count]));
	server->thread_count++;
	return STATUS_OK_VALUE;
}

struct status rpc_queues_start(struct rpc_server *server)
{
	for (struct rpc_slot *slot = server->slots; slot; slot = slot->next)
		TRY(post_slot(server, slot, REQUESTS_PER_METHOD));
	TRY(post_slot(server, &server->unknown, REQUESTS_UNKNOWN));
	for (size_t i = 0; i < (size_t)server->settings->grpc_unary_threads; i++)
		TRY(start_thread(server, "unary", i, server->unary));
	for (size_t i = 0; i < server->stream_count; i++)
		TRY(start_thread(server, "stream", i, server->streams[i]));
	return STATUS_OK_VALUE;
}

static void drain_queue(grpc_completion_queue *queue)
{
	poll_queue(queue);
	grpc_completion_queue_destroy(queue);
}

void rpc_queues_destroy(struct rpc_server *server)
{
	if (server->unary)
		grpc_completion_queue_shutdown(server->unary);
	for (size_t i = 0; i < server->stream_count; i++)
		grpc_completion_queue_shutdown(server->streams[i]);
	for (size_t i = 0; i < server->thread_count; i++)
		pthread_join(server->threads[i], NULL);
	server->thread_count = 0;
	/* A start that failed half-way left queues without a thread. */
	if (server->unary)
		drain_queue(server->unary);
	for (size_t i = 0; i < server->stream_count; i++)
		drain_queue(server->streams[i]);
	server->unary = NULL;
	server->stream_count = 0;
}
