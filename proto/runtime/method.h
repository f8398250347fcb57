/* proto/runtime/method.h: what generated stubs are made of, shared by server/rpc and client/lib.
 *
 * protoc-gen-grpc-c writes, for every service S of a .proto file, constant tables of these types, typed handler
 * structs with thunks for the server, and typed client functions. Knows no gRPC type, so that tests of
 * generated code need no server. */
#ifndef PROTO_RUNTIME_METHOD_H
#define PROTO_RUNTIME_METHOD_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_call;   /* server side: one call (server/rpc/call.h) */
struct rpc_stream; /* server side: the sending half of a streaming call (server/rpc/stream.h) */

enum method_kind { METHOD_UNARY, METHOD_SERVER_STREAM, METHOD_BIDI };

/* From the method option (domainflow.v2.role); PUBLIC needs no principal. Unset means ADMIN: deny by default. */
enum method_role { ROLE_ADMIN, ROLE_OPERATOR, ROLE_VIEWER, ROLE_PUBLIC };

/* One string/bytes/repeated field's bounds, from our field options; absent fields use MESSAGE_STRING_BYTES_MAX. */
struct field_rule {
	uint32_t number;    /* field number */
	uint32_t max_bytes; /* string, bytes: longest value; 0 = the default */
	uint32_t max_items; /* repeated: most elements; 0 = the default */
	bool is_json;       /* string holding JSON: must parse, depth ≤ 32 */
	bool is_map;        /* map<>: of entries with the same key the last one counts */
};

struct message_rules {
	const ProtobufCMessageDescriptor *descriptor;
	const struct field_rule *fields; /* sorted by number; only fields with options */
	size_t field_count;
};

struct method {
	const char *path;    /* "/domainflow.v2.CampaignService/GetCampaign" */
	const char *service; /* "domainflow.v2.CampaignService" */
	const char *name;    /* "GetCampaign" */
	enum method_kind kind;
	enum method_role role;
	bool is_read; /* idempotency_level = NO_SIDE_EFFECTS, or Get… and List…: a client may repeat it */
	const ProtobufCMessageDescriptor *input, *output;
	/* Rules of every message reachable from `input`, sorted by nothing in particular; looked up by descriptor. */
	const struct message_rules *const *rules;
	size_t rule_count;
};

/* What the server calls. `handlers` is the typed handler struct given to the service's bind function; the thunk
 * casts and forwards. Unary: *out is left alone on failure; it lives in the call's arena.
 * Stream: called once per call (bidi: once per received message, and once with in == NULL at half-close). OK
 * leaves the stream open; whoever keeps `stream` closes it. A failure ends the call with that status.         */
typedef struct status (*method_unary_fn)(const void *handlers, struct rpc_call *call, const ProtobufCMessage *in,
					 ProtobufCMessage **out);
typedef struct status (*method_stream_fn)(const void *handlers, struct rpc_call *call, const ProtobufCMessage *in,
					  struct rpc_stream *stream);

struct method_binding {
	const struct method *method;
	method_unary_fn unary;   /* METHOD_UNARY; NULL: UNIMPLEMENTED */
	method_stream_fn stream; /* the others */
};

struct service {
	const char *name;
	const struct method_binding *methods;
	size_t method_count;
};

#endif
