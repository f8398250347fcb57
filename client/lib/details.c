/* details.c: what the server says about a failure, from grpc-status-details-bin into a struct status. */
#include "internal.h"

#include "proto/runtime/unpack.h"

#include "base/arena.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#include <string.h>

void ending_init(struct ending *e)
{
	e->code = GRPC_STATUS_UNKNOWN;
	e->text = grpc_empty_slice();
	grpc_metadata_array_init(&e->trailing);
}

void ending_done(struct ending *e)
{
	grpc_slice_unref(e->text);
	grpc_metadata_array_destroy(&e->trailing);
}

static void field_add(struct status *st, struct arena *arena, const char *field, const char *reason,
		      const char *message)
{
	struct status_extra *extra = status_extra_of(st, arena);
	struct status_field *entry = arena_alloc(arena, sizeof *entry);

	if (!entry)
		return;
	*entry = (struct status_field){ .field = field, .reason = reason, .message = message };
	if (extra->fields_tail)
		extra->fields_tail->next = entry;
	else
		extra->fields = entry;
	extra->fields_tail = entry;
}

/* One reader per kind of detail. The messages live in the arena, so texts are taken as they are. */

static void error_info_read(const void *message, struct status *st, struct arena *arena)
{
	const Google__Rpc__ErrorInfo *info = message;

	if (*info->reason)
		st->reason = info->reason;
	for (size_t i = 0; i < info->n_metadata; i++)
		status_add_meta(st, arena, info->metadata[i]->key, info->metadata[i]->value);
}

static void bad_request_read(const void *message, struct status *st, struct arena *arena)
{
	const Google__Rpc__BadRequest *bad = message;

	for (size_t i = 0; i < bad->n_field_violations; i++)
		field_add(st, arena, bad->field_violations[i]->field, bad->field_violations[i]->reason,
			  bad->field_violations[i]->description);
}

static void retry_read(const void *message, struct status *st, struct arena *arena)
{
	const Google__Rpc__RetryInfo *retry = message;

	if (retry->retry_delay)
		status_extra_of(st, arena)->retry_after_ms =
			retry->retry_delay->seconds * 1000 + retry->retry_delay->nanos / 1000000;
}

static void resource_read(const void *message, struct status *st, struct arena *arena)
{
	const Google__Rpc__ResourceInfo *resource = message;
	struct status_extra *extra = status_extra_of(st, arena);

	extra->resource_type = resource->resource_type;
	extra->resource_name = resource->resource_name;
}

/* PreconditionFailure is not here: it says the reason, the resource and the sentence once more. */
static const struct {
	const ProtobufCMessageDescriptor *type;
	void (*read)(const void *message, struct status *st, struct arena *arena);
} details[] = {
	{ &google__rpc__error_info__descriptor, error_info_read },
	{ &google__rpc__bad_request__descriptor, bad_request_read },
	{ &google__rpc__retry_info__descriptor, retry_read },
	{ &google__rpc__resource_info__descriptor, resource_read },
};

/* A detail of an unknown type, or one that can't be read, is passed over: the status itself still counts. */
static void detail_read(const Google__Protobuf__Any *any, struct status *st, struct arena *arena)
{
	const char *name = strrchr(any->type_url, '/');
	ProtobufCMessage *message;

	name = name ? name + 1 : any->type_url;
	for (size_t i = 0; i < ARRAY_LEN(details); i++)
		if (strcmp(details[i].type->name, name) == 0 &&
		    status_ok(message_unpack(details[i].type, any->value.data, any->value.len, arena, &message)))
			details[i].read(message, st, arena);
}

struct status ending_status(const struct ending *e, struct arena *arena)
{
	enum status_code code =
		(unsigned)e->code <= STATUS_UNAUTHENTICATED ? (enum status_code)e->code : STATUS_UNKNOWN;
	ProtobufCMessage *message;
	struct status st;

	if (code == STATUS_OK)
		return STATUS_OK_VALUE;
	st = status_make(code, status_code_name(code), "%.*s", (int)GRPC_SLICE_LENGTH(e->text),
			 (const char *)GRPC_SLICE_START_PTR(e->text));
	for (size_t i = 0; i < e->trailing.count; i++) {
		const grpc_metadata *item = &e->trailing.metadata[i];

		if (grpc_slice_str_cmp(item->key, "grpc-status-details-bin") != 0)
			continue;
		if (!status_ok(message_unpack(&google__rpc__status__descriptor, GRPC_SLICE_START_PTR(item->value),
					      GRPC_SLICE_LENGTH(item->value), arena, &message)))
			continue;
		for (size_t j = 0; j < ((const Google__Rpc__Status *)message)->n_details; j++)
			detail_read(((const Google__Rpc__Status *)message)->details[j], &st, arena);
	}
	return st;
}
