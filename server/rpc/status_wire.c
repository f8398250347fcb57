/* google.rpc.Status and its usual details. Those that would not fit are left out, least important last. */
#include "rpc/internal.h"

#include "base/arena.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

#define ERROR_DOMAIN "domainflow.io"
/* Metadata travels as base64 and a C-core client takes 8 KiB of it in all. */
#define DETAILS_BYTES_MAX 5000
#define DETAILS_MAX       5
#define FRAMING_BYTES     6 /* at most, for the tag and length of one field */

struct packing {
	struct arena *arena;
	Google__Rpc__Status status;
	Google__Protobuf__Any *details[DETAILS_MAX];
	size_t bytes; /* of the whole, so far; at least what it will be */
	bool failed;  /* memory ran out */
};

/* Generated messages have no const; these are only read. */
static char *lend(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");
}

/* Packs `message` and adds it, unless it would not fit any more. */
static void add_detail(struct packing *p, const ProtobufCMessage *message)
{
	Google__Protobuf__Any *any = arena_alloc(p->arena, sizeof *any);
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(p->arena, n + 1);
	char *url = arena_printf(p->arena, "type.googleapis.com/%s", message->descriptor->name);
	size_t whole;

	if (!any || !bytes || !url) {
		p->failed = true;
		return;
	}
	google__protobuf__any__init(any);
	any->type_url = url;
	any->value = (ProtobufCBinaryData){ .len = protobuf_c_message_pack(message, bytes), .data = bytes };
	whole = protobuf_c_message_get_packed_size(&any->base) + FRAMING_BYTES;
	if (p->bytes + whole > DETAILS_BYTES_MAX)
		return;
	p->bytes += whole;
	p->details[p->status.n_details++] = any;
}

/* An array of `count` messages of `size` bytes and the pointers to them that protobuf-c wants. */
static void *make_list(struct packing *p, size_t count, size_t size, void ***out_pointers)
{
	char *items = arena_array(p->arena, count + 1, size);
	void **pointers = arena_array(p->arena, count + 1, sizeof *pointers);

	p->failed = p->failed || !items || !pointers;
	for (size_t i = 0; i < count && !p->failed; i++)
		pointers[i] = items + i * size;
	*out_pointers = pointers;
	return items;
}

static void add_error_info(struct packing *p, const struct status *st)
{
	const struct status_meta *metas = st->extra ? st->extra->metas : NULL;
	Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
	Google__Rpc__ErrorInfo__MetadataEntry *entries;
	size_t count = 0;
	void **pointers;

	for (const struct status_meta *m = metas; m; m = m->next)
		count++;
	entries = make_list(p, count, sizeof *entries, &pointers);
	if (p->failed)
		return;
	for (const struct status_meta *m = metas; m; m = m->next) {
		Google__Rpc__ErrorInfo__MetadataEntry *entry = &entries[info.n_metadata++];

		google__rpc__error_info__metadata_entry__init(entry);
		entry->key = lend(m->key);
		entry->value = lend(m->value);
	}
	info.reason = lend(st->reason ? st->reason : status_code_name(st->code));
	info.domain = lend(ERROR_DOMAIN);
	info.metadata = (Google__Rpc__ErrorInfo__MetadataEntry **)pointers;
	add_detail(p, &info.base);
}

static void add_retry(struct packing *p, int64_t retry_ms)
{
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;

	delay.seconds = retry_ms / 1000;
	delay.nanos = (int32_t)(retry_ms % 1000) * 1000000;
	retry.retry_delay = &delay;
	add_detail(p, &retry.base);
}

static void add_resource(struct packing *p, const struct status *st)
{
	Google__Rpc__ResourceInfo resource = GOOGLE__RPC__RESOURCE_INFO__INIT;

	resource.resource_type = lend(st->extra->resource_type);
	resource.resource_name = lend(st->extra->resource_name);
	resource.description = lend(st->detail);
	add_detail(p, &resource.base);
}

static void add_precondition(struct packing *p, const struct status *st)
{
	Google__Rpc__PreconditionFailure__Violation violation = GOOGLE__RPC__PRECONDITION_FAILURE__VIOLATION__INIT;
	Google__Rpc__PreconditionFailure__Violation *list[] = { &violation };
	Google__Rpc__PreconditionFailure failure = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;

	violation.type = lend(st->reason);
	violation.subject = lend(st->extra ? st->extra->resource_name : NULL);
	violation.description = lend(st->detail);
	failure.n_violations = 1;
	failure.violations = list;
	add_detail(p, &failure.base);
}

/* As many violations as fit, in the caller's order. */
static void add_bad_request(struct packing *p, const struct status_extra *extra)
{
	Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;
	Google__Rpc__BadRequest__FieldViolation *violations;
	size_t bytes = p->bytes + 64, count = 0; /* its own framing and type */
	void **pointers;

	for (const struct status_field *f = extra->fields; f; f = f->next)
		count++;
	violations = make_list(p, count, sizeof *violations, &pointers);
	if (p->failed)
		return;
	for (const struct status_field *f = extra->fields; f; f = f->next) {
		Google__Rpc__BadRequest__FieldViolation *v = &violations[request.n_field_violations];

		google__rpc__bad_request__field_violation__init(v);
		v->field = lend(f->field);
		v->description = lend(f->message);
		v->reason = lend(f->reason);
		bytes += protobuf_c_message_get_packed_size(&v->base) + FRAMING_BYTES;
		if (bytes > DETAILS_BYTES_MAX)
			break;
		request.n_field_violations++;
	}
	request.field_violations = (Google__Rpc__BadRequest__FieldViolation **)pointers;
	add_detail(p, &request.base);
}

static void add_details(struct packing *p, const struct status *st)
{
	add_error_info(p, st);
	if (st->extra && st->extra->retry_after_ms > 0)
		add_retry(p, st->extra->retry_after_ms);
	if (st->extra && st->extra->resource_type)
		add_resource(p, st);
	if (st->code == STATUS_FAILED_PRECONDITION)
		add_precondition(p, st);
	if (st->extra && st->extra->fields)
		add_bad_request(p, st->extra);
}

void rpc_status_pack(const struct status *st, struct buffer *out)
{
	struct packing p = { .arena = arena_create(0), .status = GOOGLE__RPC__STATUS__INIT };

	if (!p.arena) {
		out->failed = true;
		return;
	}
	p.status.code = (int32_t)st->code;
	p.status.message = lend(st->detail);
	p.status.details = p.details;
	p.bytes = google__rpc__status__get_packed_size(&p.status);
	add_details(&p, st);
	if (p.failed || !buffer_reserve(out, google__rpc__status__get_packed_size(&p.status)))
		out->failed = true;
	else
		out->len += google__rpc__status__pack(&p.status, (uint8_t *)out->data + out->len);
	arena_destroy(p.arena);
}

bool rpc_status_is_internal(const struct status *st)
{
	return st->code == STATUS_INTERNAL || st->code == STATUS_UNKNOWN || st->code == STATUS_DATA_LOSS;
}
