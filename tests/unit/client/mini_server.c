#include "mini_server.h"

#include "awkward/v1/parts.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mini_server {
	grpc_server *server;
	grpc_completion_queue *queue;
	pthread_t thread;
	char directory[64], address[96];
	pthread_mutex_t lock; /* over seen */
	struct mini_seen seen;
};

struct mini_call;

/* The address of one of these is a tag. */
struct mini_tag {
	struct mini_call *call;
	void (*done)(struct mini_call *call, bool ok);
};

struct mini_call {
	struct mini_server *server;
	struct mini_tag arrived, received, closed, sent;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array metadata;
	grpc_byte_buffer *request;
	int cancelled, refs;
	char script[MINI_TEXT_SIZE];
	unsigned step; /* messages sent */
};

static void call_post(struct mini_server *server);

static void call_unref(struct mini_call *c)
{
	if (--c->refs > 0)
		return;
	grpc_call_details_destroy(&c->details);
	grpc_metadata_array_destroy(&c->metadata);
	grpc_byte_buffer_destroy(c->request);
	if (c->call)
		grpc_call_unref(c->call);
	free(c);
}

static void batch(struct mini_call *c, grpc_op *ops, size_t count, struct mini_tag *tag)
{
	c->refs++;
	if (grpc_call_start_batch(c->call, ops, count, tag, NULL) != GRPC_CALL_OK)
		abort();
}

static grpc_op op_metadata(struct mini_call *c, grpc_metadata *echo)
{
	grpc_op op;

	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_SEND_INITIAL_METADATA;
	for (size_t i = 0; i < c->metadata.count; i++) {
		if (grpc_slice_str_cmp(c->metadata.metadata[i].key, "x-request-id") != 0)
			continue;
		*echo = c->metadata.metadata[i];
		op.data.send_initial_metadata.metadata = echo;
		op.data.send_initial_metadata.count = 1;
	}
	return op;
}

static grpc_byte_buffer *reply_pack(const char *text)
{
	Awkward__V1__Plain plain = AWKWARD__V1__PLAIN__INIT;
	grpc_slice slice;
	grpc_byte_buffer *bytes;

	plain.text = (char *)(uintptr_t)text;
	slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(&plain.base));
	protobuf_c_message_pack(&plain.base, GRPC_SLICE_START_PTR(slice));
	if (strcmp(text, "garbage") == 0)
		memset(GRPC_SLICE_START_PTR(slice), 0xFF, GRPC_SLICE_LENGTH(slice));
	bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return bytes;
}

static void send_message(struct mini_call *c, const char *text)
{
	grpc_byte_buffer *reply = reply_pack(text);
	grpc_metadata echo;
	grpc_op ops[2];
	size_t count = 0;

	if (c->step == 0)
		ops[count++] = op_metadata(c, &echo);
	memset(&ops[count], 0, sizeof ops[count]);
	ops[count].op = GRPC_OP_SEND_MESSAGE;
	ops[count++].data.send_message.send_message = reply;
	c->step++;
	batch(c, ops, count, &c->sent);
	grpc_byte_buffer_destroy(reply);
}

/* Packs `message` as an Any of its own type, into `room`. */
static Google__Protobuf__Any any_of(const ProtobufCMessage *message, char *url, size_t url_size, uint8_t *room)
{
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

	snprintf(url, url_size, "type.googleapis.com/%s", message->descriptor->name);
	any.type_url = url;
	any.value.data = room;
	any.value.len = protobuf_c_message_pack(message, room);
	return any;
}

#define TEXT(t) ((char *)(uintptr_t)(t))

static grpc_slice details_pack(void)
{
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	Google__Rpc__ErrorInfo__MetadataEntry entry = GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT,
					      *entries[] = { &entry };
	Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
	Google__Rpc__BadRequest__FieldViolation field = GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT,
						*fields[] = { &field };
	Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Rpc__ResourceInfo resource = GOOGLE__RPC__RESOURCE_INFO__INIT;
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	Google__Protobuf__Any any[5], *list[5];
	char urls[5][64];
	uint8_t rooms[4][256];
	grpc_slice slice;

	info.reason = TEXT("INVALID_STATE");
	entry.key = TEXT("current_state");
	entry.value = TEXT("paused");
	info.metadata = entries;
	info.n_metadata = 1;
	field.field = TEXT("pageSize");
	field.description = TEXT("is too large");
	field.reason = TEXT("VALIDATION_ERROR");
	bad.field_violations = fields;
	bad.n_field_violations = 1;
	delay.seconds = 2;
	delay.nanos = 500000000;
	retry.retry_delay = &delay;
	resource.resource_type = TEXT("campaign");
	resource.resource_name = TEXT("c1");
	any[0] = any_of(&info.base, urls[0], sizeof urls[0], rooms[0]);
	any[1] = any_of(&bad.base, urls[1], sizeof urls[1], rooms[1]);
	any[2] = any_of(&retry.base, urls[2], sizeof urls[2], rooms[2]);
	any[3] = any_of(&resource.base, urls[3], sizeof urls[3], rooms[3]);
	any[4] = any[0];
	any[4].type_url = TEXT("type.googleapis.com/somebody.elses.Detail");
	for (size_t i = 0; i < 5; i++)
		list[i] = &any[i];
	status.details = list;
	status.n_details = 5;
	slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(&status.base));
	protobuf_c_message_pack(&status.base, GRPC_SLICE_START_PTR(slice));
	return slice;
}

static void send_status(struct mini_call *c, grpc_status_code code, const char *text, bool with_details)
{
	grpc_metadata trailing = { .key = grpc_slice_from_static_string("grpc-status-details-bin") }, echo;
	grpc_slice message = grpc_slice_from_static_string(text);
	grpc_op ops[2];
	size_t count = 0;

	if (c->step++ == 0)
		ops[count++] = op_metadata(c, &echo);
	trailing.value = with_details ? details_pack() : grpc_empty_slice();
	memset(&ops[count], 0, sizeof ops[count]);
	ops[count].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[count].data.send_status_from_server.status = code;
	ops[count].data.send_status_from_server.status_details = &message;
	ops[count].data.send_status_from_server.trailing_metadata = &trailing;
	ops[count++].data.send_status_from_server.trailing_metadata_count = with_details ? 1 : 0;
	strcpy(c->script, "done");
	batch(c, ops, count, &c->sent);
	grpc_slice_unref(trailing.value);
}

/* The next thing the script wants, after `step` messages. */
static void play(struct mini_call *c)
{
	static const char *const words[] = { "one", "two", "three" };
	const char *s = c->script;
	unsigned calls = mini_server_seen(c->server).calls;

	if (strcmp(s, "hang") == 0 || strcmp(s, "done") == 0)
		return;
	if (strncmp(s, "down ", 5) == 0 && calls <= (unsigned)atoi(s + 5))
		send_status(c, GRPC_STATUS_UNAVAILABLE, "not now", false);
	else if (strcmp(s, "details") == 0)
		send_status(c, GRPC_STATUS_FAILED_PRECONDITION, "the campaign is paused", true);
	else if (strcmp(s, "plain") == 0)
		send_status(c, GRPC_STATUS_NOT_FOUND, "no such thing", false);
	else if (strcmp(s, "broken") == 0 && c->step == 1)
		send_status(c, GRPC_STATUS_ABORTED, "cut off", true);
	else if (strcmp(s, "three") == 0 && c->step < 3)
		send_message(c, words[c->step]);
	else if ((strcmp(s, "broken") == 0 || strcmp(s, "stall") == 0) && c->step == 0)
		send_message(c, words[0]);
	else if (strcmp(s, "stall") == 0)
		return;
	else if (c->step == 0)
		send_message(c, s);
	else
		send_status(c, GRPC_STATUS_OK, "", false);
}

static void on_sent(struct mini_call *c, bool ok)
{
	if (ok)
		play(c);
}

static void on_closed(struct mini_call *c, bool ok)
{
	(void)c;
	(void)ok;
}

static void on_received(struct mini_call *c, bool ok)
{
	grpc_byte_buffer_reader reader;
	Awkward__V1__Plain *plain;
	grpc_slice all;

	if (!ok || !c->request || !grpc_byte_buffer_reader_init(&reader, c->request))
		return;
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	/* Every request of the awkward protos has a string in field 1. */
	plain = awkward__v1__plain__unpack(NULL, GRPC_SLICE_LENGTH(all), GRPC_SLICE_START_PTR(all));
	grpc_slice_unref(all);
	snprintf(c->script, sizeof c->script, "%s", plain->text);
	awkward__v1__plain__free_unpacked(plain, NULL);
	play(c);
}

static void seen_copy(const struct mini_call *c, const char *key, char out[MINI_TEXT_SIZE])
{
	out[0] = '\0';
	for (size_t i = 0; i < c->metadata.count; i++)
		if (grpc_slice_str_cmp(c->metadata.metadata[i].key, key) == 0)
			snprintf(out, MINI_TEXT_SIZE, "%.*s", (int)GRPC_SLICE_LENGTH(c->metadata.metadata[i].value),
				 (const char *)GRPC_SLICE_START_PTR(c->metadata.metadata[i].value));
}

static void on_arrived(struct mini_call *c, bool ok)
{
	grpc_op op;

	if (!ok)
		return;
	call_post(c->server);
	pthread_mutex_lock(&c->server->lock);
	c->server->seen.calls++;
	seen_copy(c, "x-request-id", c->server->seen.request_id);
	seen_copy(c, "x-idempotency-key", c->server->seen.idempotency_key);
	seen_copy(c, "authorization", c->server->seen.authorization);
	pthread_mutex_unlock(&c->server->lock);
	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
	op.data.recv_close_on_server.cancelled = &c->cancelled;
	batch(c, &op, 1, &c->closed);
	memset(&op, 0, sizeof op);
	op.op = GRPC_OP_RECV_MESSAGE;
	op.data.recv_message.recv_message = &c->request;
	batch(c, &op, 1, &c->received);
}

static void call_post(struct mini_server *server)
{
	struct mini_call *c = calloc(1, sizeof *c);

	c->server = server;
	c->refs = 1;
	c->arrived = (struct mini_tag){ c, on_arrived };
	c->received = (struct mini_tag){ c, on_received };
	c->closed = (struct mini_tag){ c, on_closed };
	c->sent = (struct mini_tag){ c, on_sent };
	grpc_call_details_init(&c->details);
	grpc_metadata_array_init(&c->metadata);
	if (grpc_server_request_call(server->server, &c->call, &c->details, &c->metadata, server->queue, server->queue,
				     &c->arrived) != GRPC_CALL_OK)
		abort();
}

static void *serve(void *arg)
{
	struct mini_server *server = arg;

	for (;;) {
		grpc_event event = grpc_completion_queue_next(server->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		struct mini_tag *tag = event.tag;

		if (event.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (event.tag == server) { /* shutdown is complete: no call is left */
			grpc_completion_queue_shutdown(server->queue);
			continue;
		}
		tag->done(tag->call, event.success);
		call_unref(tag->call);
	}
}

static grpc_server_credentials *credentials_make(const struct mini_tls *tls)
{
	grpc_ssl_pem_key_cert_pair pair;

	if (!tls)
		return grpc_insecure_server_credentials_create();
	pair = (grpc_ssl_pem_key_cert_pair){ .private_key = tls->key, .cert_chain = tls->certificate };
	return grpc_ssl_server_credentials_create_ex(tls->ca, &pair, 1,
						     GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
}

static void listen_somewhere(struct mini_server *server, const struct mini_tls *tls)
{
	grpc_server_credentials *how = credentials_make(tls);
	int port = grpc_server_add_http2_port(server->server, tls ? "127.0.0.1:0" : server->address, how);

	if (port == 0)
		abort();
	if (tls)
		snprintf(server->address, sizeof server->address, "127.0.0.1:%d", port);
	grpc_server_credentials_release(how);
}

struct mini_server *mini_server_start(const struct mini_tls *tls)
{
	struct mini_server *server = calloc(1, sizeof *server);

	strcpy(server->directory, "/tmp/mini-server-XXXXXX");
	if (!mkdtemp(server->directory))
		abort();
	snprintf(server->address, sizeof server->address, "unix:%s/s", server->directory);
	pthread_mutex_init(&server->lock, NULL);
	grpc_init();
	server->queue = grpc_completion_queue_create_for_next(NULL);
	server->server = grpc_server_create(NULL, NULL);
	grpc_server_register_completion_queue(server->server, server->queue, NULL);
	listen_somewhere(server, tls);
	grpc_server_start(server->server);
	call_post(server);
	if (pthread_create(&server->thread, NULL, serve, server) != 0)
		abort();
	return server;
}

void mini_server_stop(struct mini_server *server)
{
	grpc_server_shutdown_and_notify(server->server, server->queue, server);
	grpc_server_cancel_all_calls(server->server);
	pthread_join(server->thread, NULL);
	grpc_server_destroy(server->server);
	grpc_completion_queue_destroy(server->queue);
	grpc_shutdown();
	if (strncmp(server->address, "unix:", 5) == 0)
		unlink(server->address + strlen("unix:"));
	rmdir(server->directory);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

const char *mini_server_address(const struct mini_server *server)
{
	return server->address;
}

void mini_server_reset(struct mini_server *server)
{
	pthread_mutex_lock(&server->lock);
	memset(&server->seen, 0, sizeof server->seen);
	pthread_mutex_unlock(&server->lock);
}

struct mini_seen mini_server_seen(struct mini_server *server)
{
	struct mini_seen seen;

	pthread_mutex_lock(&server->lock);
	seen = server->seen;
	pthread_mutex_unlock(&server->lock);
	return seen;
}
