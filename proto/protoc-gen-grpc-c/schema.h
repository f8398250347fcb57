/* schema.h: a CodeGeneratorRequest indexed: every message by full name, our options read, everything we can't
 * turn into C refused with a sentence that names the place.
 *
 * Everything lives in the arena given to schema_read. One thread. */
#ifndef PROTOC_GEN_GRPC_C_SCHEMA_H
#define PROTOC_GEN_GRPC_C_SCHEMA_H

#include "base/status.h"

#include "plugin.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* The validator counts repeated fields in a fixed array on the stack. */
#define SCHEMA_FIELDS_MAX 128

struct schema_rule {
	uint32_t number, max_bytes, max_items;
	bool is_json, is_map;
};

struct schema_message {
	const char *full_name;   /* "demo.v2.Outer.Inner" */
	const char *type, *stem; /* protobuf-c's names */
	const char *file;        /* "demo/v2/x.proto" */
	const Google__Protobuf__DescriptorProto *proto;
	bool is_map_entry;
	struct schema_rule *rules; /* sorted by number; only fields with something to say */
	size_t rule_count;
	unsigned mark; /* last walk that came by */
};

struct schema_method {
	const char *name;        /* "GetCampaign" */
	const char *member;      /* "get_campaign" */
	const char *symbol;      /* "demo_v2_campaign_get_campaign" */
	const char *kind, *role; /* METHOD_UNARY, ROLE_VIEWER: words of proto/runtime/method.h */
	const char *comment;     /* "" when none */
	struct schema_message *input, *output;
	bool is_stream, is_bidi;       /* is_bidi implies is_stream */
	bool is_read;                  /* safe to repeat */
	struct schema_message **ruled; /* messages reachable from input that have rules */
	size_t ruled_count;
};

struct schema_service {
	const char *full_name; /* "demo.v2.CampaignService" */
	const char *symbol;    /* "demo_v2_campaign" */
	const char *comment;
	struct schema_method *methods;
	size_t method_count;
};

struct schema_file {
	const char *path, *stem; /* "demo/v2/x.proto", "demo/v2/x" */
	struct schema_service *services;
	size_t service_count;
	struct schema_message **messages; /* defined here, map entries left out */
	size_t message_count;
};

struct schema {
	struct arena *arena;
	struct schema_message *messages; /* sorted by full_name */
	size_t message_count;
	struct schema_file *files; /* file_to_generate, in the given order */
	size_t file_count;
	/* From the plugin's parameter: "public=<service>" may be given several times, "table=<stem>" once. */
	const char **public_services;
	size_t public_count;
	const char *table_stem; /* NULL: no table of all methods */
	/* Every C name so far and what it stands for, to find collisions. */
	struct schema_symbol *symbols;
	size_t symbol_count, symbol_capacity;
	unsigned walk;
};

struct schema_symbol {
	const char *name, *origin;
};

struct status schema_read(const Google__Protobuf__Compiler__CodeGeneratorRequest *request, struct arena *arena,
			  struct schema *out) MUST_CHECK;

#endif
