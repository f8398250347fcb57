/* google.rpc.Status and its usual details, written straight to the wire: five small messages of strings.
 * Field numbers are those of google/rpc/status.proto and error_details.proto. */
#include "rpc/internal.h"

#include <string.h>

#define ERROR_DOMAIN "domainflow.io"
/* Metadata travels as base64 and a C-core client takes 8 KiB of it in all. */
#define DETAILS_BYTES_MAX 5000

#define WIRE_VARINT 0u
#define WIRE_BYTES  2u

static void put_varint(struct buffer *b, uint64_t value)
{
	while (value >= 0x80) {
		buffer_char(b, (char)(0x80 | (value & 0x7F)));
		value >>= 7;
	}
	buffer_char(b, (char)value);
}

static void put_number(struct buffer *b, unsigned field, int64_t value)
{
	if (value == 0)
		return;
	put_varint(b, field << 3 | WIRE_VARINT);
	put_varint(b, (uint64_t)value);
}

static void put_bytes(struct buffer *b, unsigned field, const void *bytes, size_t n)
{
	put_varint(b, field << 3 | WIRE_BYTES);
	put_varint(b, n);
	buffer_append(b, bytes, n);
}

static void put_text(struct buffer *b, unsigned field, const char *text)
{
	if (text && *text)
		put_bytes(b, field, text, strlen(text));
}

/* Takes what `inner` holds as one message field and empties it. */
static void put_message(struct buffer *b, unsigned field, struct buffer *inner)
{
	if (inner->failed)
		b->failed = true;
	put_bytes(b, field, inner->data ? inner->data : "", inner->len);
	buffer_clear(inner);
}

/* One google.protobuf.Any in Status.details, unless it would not fit any more. */
static void put_detail(struct buffer *out, const char *type, struct buffer *value)
{
	struct buffer any;
	char url[64] = "type.googleapis.com/google.rpc.";

	strncat(url, type, sizeof url - strlen(url) - 1);
	buffer_init(&any, 0);
	put_text(&any, 1, url);
	put_message(&any, 2, value);
	if (out->len + any.len <= DETAILS_BYTES_MAX)
		put_message(out, 3, &any);
	buffer_done(&any);
}

static void put_error_info(struct buffer *out, const struct status *st, struct buffer *value, struct buffer *entry)
{
	put_text(value, 1, st->reason ? st->reason : status_code_name(st->code));
	put_text(value, 2, ERROR_DOMAIN);
	for (const struct status_meta *m = st->extra ? st->extra->metas : NULL; m; m = m->next) {
		put_text(entry, 1, m->key);
		put_text(entry, 2, m->value);
		put_message(value, 3, entry);
	}
	put_detail(out, "ErrorInfo", value);
}

/* As many violations as fit, in the caller's order. */
static void put_bad_request(struct buffer *out, const struct status_extra *extra, struct buffer *value,
			    struct buffer *entry)
{
	for (const struct status_field *f = extra->fields; f; f = f->next) {
		put_text(entry, 1, f->field);
		put_text(entry, 2, f->message);
		put_text(entry, 3, f->reason);
		if (out->len + value->len + entry->len + 64 > DETAILS_BYTES_MAX)
			break;
		put_message(value, 1, entry);
	}
	buffer_clear(entry);
	put_detail(out, "BadRequest", value);
}

static void put_precondition(struct buffer *out, const struct status *st, struct buffer *value, struct buffer *entry)
{
	put_text(entry, 1, st->reason);
	if (st->extra)
		put_text(entry, 2, st->extra->resource_name);
	put_text(entry, 3, st->detail);
	put_message(value, 1, entry);
	put_detail(out, "PreconditionFailure", value);
}

static void put_retry(struct buffer *out, int64_t retry_ms, struct buffer *value, struct buffer *entry)
{
	put_number(entry, 1, retry_ms / 1000);
	put_number(entry, 2, retry_ms % 1000 * 1000000);
	put_message(value, 1, entry);
	put_detail(out, "RetryInfo", value);
}

void rpc_status_pack(const struct status *st, struct buffer *out)
{
	struct buffer value, entry;

	buffer_init(&value, 0);
	buffer_init(&entry, 0);
	put_number(out, 1, st->code);
	put_text(out, 2, st->detail);
	put_error_info(out, st, &value, &entry);
	if (st->extra && st->extra->retry_after_ms > 0)
		put_retry(out, st->extra->retry_after_ms, &value, &entry);
	if (st->extra && st->extra->resource_type) {
		put_text(&value, 1, st->extra->resource_type);
		put_text(&value, 2, st->extra->resource_name);
		put_text(&value, 4, st->detail);
		put_detail(out, "ResourceInfo", &value);
	}
	if (st->code == STATUS_FAILED_PRECONDITION)
		put_precondition(out, st, &value, &entry);
	if (st->extra && st->extra->fields)
		put_bad_request(out, st->extra, &value, &entry);
	buffer_done(&value);
	buffer_done(&entry);
}

bool rpc_status_is_internal(const struct status *st)
{
	return st->code == STATUS_INTERNAL || st->code == STATUS_UNKNOWN || st->code == STATUS_DATA_LOSS;
}
