#include "api/mutation.h"

#include "api/api.h"
#include "api/convert.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "campaign/change.h"
#include "campaign/committed.h"
#include "events/samples.h"
#include "proto/runtime/method.h"
#include "proto/runtime/unpack.h"
#include "rpc/call.h"
#include "store/idempotency_store.h"
#include "store/query.h"
#include "store/tx.h"

#include <string.h>

/* What store_run's body needs and gives back. */
struct attempt {
	struct mutation *m;
	mutation_fn body;
	ProtobufCMessage *answer;
	struct status status; /* the answer's; with failures that are committed all the same */
	bool is_replay;
};

/* --- answers as records ----------------------------------------------------------------------------------------- */

static const char *extra_to_json(struct arena *arena, const struct status_extra *extra)
{
	AUTO(json) json_t *object = json_object();
	json_t *metas = json_object(), *fields = json_array();

	if (extra) {
		for (const struct status_meta *m = extra->metas; m; m = m->next)
			json_object_set_new(metas, m->key, json_string(m->value));
		for (const struct status_field *f = extra->fields; f; f = f->next)
			json_array_append_new(fields, json_pack("[s,s,s]", f->field, f->reason, f->message));
	}
	json_object_set_new(object, "metadata", metas);
	json_object_set_new(object, "fields", fields);
	return json_to_arena(arena, object);
}

static void extra_from_json(struct arena *arena, const char *text, struct status *st)
{
	AUTO(json) json_t *object = json_loads(text, 0, NULL);
	struct violations violations;
	const char *key;
	json_t *value;
	size_t i;

	violations_init(&violations, arena);
	json_array_foreach (json_object_get(object, "fields"), i, value) {
		const char *field, *reason, *message;
		if (json_unpack(value, "[s,s,s]", &field, &reason, &message) == 0)
			violations_add(&violations, field, arena_strdup(arena, reason), "%s", message);
	}
	if (violations.count) {
		struct status_extra *extra = status_extra_of(st, arena);
		extra->fields = violations.head;
		extra->fields_tail = violations.tail;
	}
	json_object_foreach (json_object_get(object, "metadata"), key, value) {
		const char *copy = arena_strdup(arena, key);
		if (copy && json_is_string(value))
			status_add_meta(st, arena, copy, json_string_value(value));
	}
}

static struct status store_answer(struct attempt *a, const struct idempotency_key *key)
{
	struct mutation *m = a->m;
	struct idempotency_answer answer = {
		.code = (int32_t)a->status.code,
		.reason = a->status.reason ? a->status.reason : "",
		.detail = a->status.detail,
		.extra = extra_to_json(m->arena, a->status.extra),
	};

	if (status_ok(a->status)) {
		uint8_t *bytes = arena_alloc(m->arena, protobuf_c_message_get_packed_size(a->answer));
		if (!bytes)
			return status_out_of_memory();
		answer.response_bytes = protobuf_c_message_pack(a->answer, bytes);
		answer.response = bytes;
	}
	return store_idempotency_answer(m->tx, key, &answer);
}

static struct status replay(struct attempt *a, const struct idempotency_answer *stored)
{
	struct mutation *m = a->m;

	a->is_replay = true;
	if (stored->code == STATUS_OK)
		return message_unpack(rpc_call_method(m->call)->output, stored->response, stored->response_bytes,
				      m->arena, &a->answer);
	a->status = status_make((enum status_code)stored->code, stored->reason, "%s", stored->detail);
	extra_from_json(m->arena, stored->extra, &a->status);
	return STATUS_OK_VALUE;
}

/* Refusals belong to the caller and are kept; failures of ours are not. */
static bool is_refusal(struct status st)
{
	return st.code == STATUS_INVALID_ARGUMENT || st.code == STATUS_NOT_FOUND || st.code == STATUS_ALREADY_EXISTS ||
	       st.code == STATUS_FAILED_PRECONDITION || st.code == STATUS_PERMISSION_DENIED ||
	       st.code == STATUS_OUT_OF_RANGE;
}

/* What the database refuses our own checks should have refused before: the caller neither did it nor learns of tables
 * and constraints. */
static struct status not_the_callers(struct status st)
{
	static const char *const reasons[] = { "CHECK_FAILED", "VALUE_MISSING", "DATA_REFUSED", "REFERENCE_MISSING",
					       "DUPLICATE" };

	for (size_t i = 0; st.reason && i < ARRAY_LEN(reasons); i++)
		if (strcmp(st.reason, reasons[i]) == 0)
			st.code = STATUS_INTERNAL;
	return st;
}

/* --- the transaction -------------------------------------------------------------------------------------------- */

static struct status run_without_key(struct attempt *a)
{
	a->status = not_the_callers(a->body(a->m, &a->answer));
	return a->m->keep ? STATUS_OK_VALUE : a->status;
}

static struct status run_with_key(struct attempt *a, const struct idempotency_key *key)
{
	struct idempotency_answer stored;
	bool is_first;

	TRY(store_idempotency_begin(a->m->tx, key, a->m->arena, &is_first, &stored));
	if (!is_first) {
		if (strcmp(stored.request_hash, key->request_hash) != 0)
			return status_make(STATUS_FAILED_PRECONDITION, "IDEMPOTENCY_KEY_REUSED",
					   "the idempotency key was used for another request");
		return replay(a, &stored);
	}
	TRY(store_script(a->m->tx, "SAVEPOINT mutation"));
	a->status = not_the_callers(a->body(a->m, &a->answer));
	if (!status_ok(a->status)) {
		if (!is_refusal(a->status))
			return a->status;
		if (!a->m->keep)
			TRY(store_script(a->m->tx, "ROLLBACK TO SAVEPOINT mutation"));
	}
	return store_answer(a, key);
}

static struct status hash_request(struct mutation *m, char hash[65])
{
	size_t n = protobuf_c_message_get_packed_size(m->request);
	uint8_t *bytes = arena_alloc(m->arena, n);

	if (!bytes)
		return status_out_of_memory();
	protobuf_c_message_pack(m->request, bytes);
	text_sha256_hex(bytes, n, hash);
	return STATUS_OK_VALUE;
}

static struct status attempt_once(struct store_tx *tx, void *arg)
{
	struct attempt *a = arg;
	const char *key = rpc_call_idempotency_key(a->m->call);
	char hash[65];

	a->m->tx = tx;
	a->m->keep = a->m->has_moved = a->is_replay = false;
	a->m->change = NULL;
	a->m->news.is_any = false;
	a->status = STATUS_OK_VALUE;
	a->answer = NULL;
	if (!key)
		return run_without_key(a);
	TRY(hash_request(a->m, hash));
	return run_with_key(a, &(struct idempotency_key){ .campaign_id = a->m->campaign_id,
							  .workspace = a->m->workspace,
							  .action = a->m->action,
							  .phase = a->m->phase,
							  .key = key,
							  .request_hash = hash });
}

struct status mutation_changed(struct mutation *m, const struct campaign_change *change)
{
	struct campaign_change *kept = arena_alloc(m->arena, sizeof *kept);

	if (!kept)
		return status_out_of_memory();
	*kept = *change;
	m->change = kept;
	m->has_moved = true;
	m->moved = change->now.campaign.id;
	return STATUS_OK_VALUE;
}

void mutation_tells(struct mutation *m, enum sample_type type, const struct uuid *id, const char *name)
{
	m->news = (struct mutation_news){ .is_any = true, .type = type, .id = pb_uuid(m->arena, id), .name = name };
}

static void tell(const struct mutation *m)
{
	struct sample sample = { .type = m->news.type, .at_ms = clock_wall_ms() };
	size_t size = strlen(m->workspace) + 1;

	if (size > sizeof sample.workspace)
		return;
	memcpy(sample.workspace, m->workspace, size);
	sample.payload = json_pack("{s:s, s:s}", "id", m->news.id, "name", m->news.name);
	samples_say(m->api->samples, &sample);
}

struct status api_mutate(struct mutation *m, mutation_fn body, ProtobufCMessage **out)
{
	struct attempt a = { .m = m, .body = body };
	struct status st;

	m->api = rpc_call_app(m->call);
	m->arena = rpc_call_arena(m->call);
	m->workspace = rpc_call_principal(m->call)->workspace;
	st = store_run(m->api->pool, clock_monotonic_ms() + rpc_call_ms_left(m->call), STORE_UNLESS_DONE, attempt_once,
		       &a);
	if (!status_ok(st))
		return st;
	if (m->has_moved && !a.is_replay)
		m->api->moved(m->api->moved_ctx, &m->moved);
	if (m->change && !a.is_replay)
		campaign_committed(m->api->env, m->change);
	if (m->news.is_any && !a.is_replay)
		tell(m);
	if (a.is_replay)
		rpc_call_add_trailer(m->call, "x-idempotent-replay", "true");
	if (status_ok(a.status))
		*out = a.answer;
	return a.status;
}
