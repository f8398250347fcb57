#include "internal.h"

#include "base/random.h"
#include "base/uuid.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS_DEFAULT    10000
#define ATTEMPTS_MAX_DEFAULT  4
#define FIRST_WAIT_MS_DEFAULT 100
#define WAIT_MS_MAX_DEFAULT   2000
#define KEEPALIVE_TIME_MS     60000
#define KEEPALIVE_TIMEOUT_MS  20000
#define CHANNEL_ARGS_MAX      7

static grpc_arg arg_number(const char *key, int value)
{
	return (grpc_arg){ .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value };
}

static grpc_arg arg_text(const char *key, const char *value)
{
	return (grpc_arg){ .type = GRPC_ARG_STRING,
			   .key = (char *)(uintptr_t)key,
			   .value.string = (char *)(uintptr_t)value };
}

static struct status credentials_make(const struct df_options *options, grpc_channel_credentials **out)
{
	const char *certificate = options->certificate_pem, *key = options->key_pem;
	grpc_ssl_pem_key_cert_pair pair = { .private_key = key, .cert_chain = certificate };

	if (!certificate != !key)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST",
				   "a certificate needs its key and a key its certificate");
	if (certificate && !options->ca_pem)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "a client certificate needs ca_pem");
	*out = options->ca_pem ? grpc_ssl_credentials_create_ex(options->ca_pem, key ? &pair : NULL, NULL, NULL)
			       : grpc_insecure_credentials_create();
	return *out ? STATUS_OK_VALUE
		    : status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "the certificates can't be read");
}

static grpc_channel *channel_make(const char *address, const struct df_options *options, grpc_channel_credentials *how)
{
	grpc_arg list[CHANNEL_ARGS_MAX];
	grpc_channel_args args = { .num_args = 0, .args = list };

	list[args.num_args++] = arg_number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, DF_RESPONSE_BYTES_MAX);
	list[args.num_args++] = arg_number(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_TIME_MS);
	list[args.num_args++] = arg_number(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS);
	list[args.num_args++] = arg_number(GRPC_ARG_ENABLE_RETRIES, 0); /* repeating is decided here, in call.c */
	list[args.num_args++] = arg_number(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
	if (options->user_agent)
		list[args.num_args++] = arg_text(GRPC_ARG_PRIMARY_USER_AGENT_STRING, options->user_agent);
	if (options->ca_pem && options->server_name)
		list[args.num_args++] = arg_text(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, options->server_name);
	return grpc_channel_create(address, how, &args);
}

static struct df_retry retry_settle(struct df_retry retry)
{
	if (retry.attempts_max == 0)
		retry.attempts_max = ATTEMPTS_MAX_DEFAULT;
	if (retry.first_wait_ms <= 0)
		retry.first_wait_ms = FIRST_WAIT_MS_DEFAULT;
	if (retry.wait_ms_max <= 0)
		retry.wait_ms_max = WAIT_MS_MAX_DEFAULT;
	return retry;
}

struct status df_connect(const char *address, const struct df_options *options, struct df_connection **out)
{
	static const struct df_options defaults;
	grpc_channel_credentials *how = NULL;
	struct df_connection *c;
	struct status st;

	if (!options)
		options = &defaults;
	if (!address || !*address)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "no address was given");
	c = calloc(1, sizeof *c);
	if (!c)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a connection");
	grpc_init();
	c->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS_DEFAULT;
	c->retry = retry_settle(options->retry);
	st = credentials_make(options, &how);
	if (status_ok(st) && options->token && asprintf(&c->authorization, "Bearer %s", options->token) < 0) {
		c->authorization = NULL;
		st = status_make(STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "no memory for a token");
	}
	if (status_ok(st)) {
		c->channel = channel_make(address, options, how);
		if (!c->channel)
			st = status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "%s is not an address", address);
	}
	grpc_channel_credentials_release(how);
	if (!status_ok(st)) {
		df_close(c);
		return st;
	}
	*out = c;
	return STATUS_OK_VALUE;
}

void df_close(struct df_connection *connection)
{
	if (!connection)
		return;
	if (connection->channel)
		grpc_channel_destroy(connection->channel);
	free(connection->authorization);
	free(connection);
	grpc_shutdown();
}

/* --- headers ------------------------------------------------------------------------------------------------- */

static struct status header_add(struct headers *h, const char *key, const char *value)
{
	grpc_slice slice;

	if (!value)
		return STATUS_OK_VALUE;
	slice = grpc_slice_from_copied_string(value);
	if (!grpc_header_nonbin_value_is_legal(slice)) {
		grpc_slice_unref(slice);
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "%s has characters a header can't carry",
				   key);
	}
	h->items[h->count++] = (grpc_metadata){ .key = grpc_slice_from_static_string(key), .value = slice };
	return STATUS_OK_VALUE;
}

struct status headers_init(struct headers *h, const struct df_connection *connection, const struct df_call *call)
{
	struct status st;

	*h = (struct headers){ .count = 0 };
	if (call->request_id) {
		snprintf(h->request_id, sizeof h->request_id, "%s", call->request_id);
	} else {
		struct uuid id = uuid_make();

		uuid_to_text(&id, h->request_id);
	}
	st = header_add(h, "x-request-id", h->request_id);
	if (status_ok(st))
		st = header_add(h, "x-idempotency-key", call->idempotency_key);
	if (status_ok(st))
		st = header_add(h, "authorization", connection->authorization);
	if (!status_ok(st))
		headers_done(h);
	return st;
}

void headers_done(struct headers *h)
{
	for (size_t i = 0; i < h->count; i++)
		grpc_slice_unref(h->items[i].value);
	h->count = 0;
}

void request_id_read(const grpc_metadata_array *metadata, char out[DF_REQUEST_ID_SIZE])
{
	for (size_t i = 0; i < metadata->count; i++) {
		grpc_slice value = metadata->metadata[i].value;

		if (grpc_slice_str_cmp(metadata->metadata[i].key, "x-request-id") != 0)
			continue;
		snprintf(out, DF_REQUEST_ID_SIZE, "%.*s", (int)GRPC_SLICE_LENGTH(value),
			 (const char *)GRPC_SLICE_START_PTR(value));
	}
}
