#include "proto/runtime/unpack.h"

#include "proto/runtime/validate.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct unpack_memory {
	struct arena *arena;
	bool is_full;
};

static void *memory_take(void *data, size_t bytes)
{
	struct unpack_memory *memory = data;
	void *block = arena_alloc(memory->arena, bytes);

	if (!block)
		memory->is_full = true;
	return block;
}

static void memory_keep(void *data, void *block)
{
	(void)data;
	(void)block; /* goes with the arena */
}

struct status message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t n, struct arena *arena,
			     ProtobufCMessage **out)
{
	struct unpack_memory memory = { .arena = arena };
	ProtobufCAllocator allocator = { .alloc = memory_take, .free = memory_keep, .allocator_data = &memory };
	ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, n, bytes);

	if (!message && memory.is_full)
		return status_out_of_memory();
	if (!message)
		return status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST", "the bytes are not a %s", type->name);
	*out = message;
	return STATUS_OK_VALUE;
}

/* --- maps: of equal keys the last one counts ------------------------------------------------------------------ */

struct map_entry {
	ProtobufCMessage *message;
	size_t index;
};

static const void *member(const ProtobufCMessage *message, size_t offset)
{
	return (const char *)message + offset;
}

/* Keys are strings, integers or bool; a missing string key is the empty default. */
static int keys_compare(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	const ProtobufCFieldDescriptor *key = protobuf_c_message_descriptor_get_field(a->descriptor, 1);
	size_t width = key->type == PROTOBUF_C_TYPE_INT64 || key->type == PROTOBUF_C_TYPE_SINT64 ||
				       key->type == PROTOBUF_C_TYPE_UINT64 || key->type == PROTOBUF_C_TYPE_FIXED64 ||
				       key->type == PROTOBUF_C_TYPE_SFIXED64
			       ? 8
			       : 4;

	if (key->type != PROTOBUF_C_TYPE_STRING)
		return memcmp(member(a, key->offset), member(b, key->offset), width);
	return strcmp(*(const char *const *)member(a, key->offset), *(const char *const *)member(b, key->offset));
}

static int entries_compare(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;
	int order = keys_compare(x->message, y->message);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static struct status map_settle(ProtobufCMessage **entries, size_t *count, struct arena *arena)
{
	struct map_entry *sorted;
	size_t kept = 0;

	if (*count < 2)
		return STATUS_OK_VALUE;
	sorted = arena_array(arena, *count, sizeof *sorted);
	if (!sorted)
		return status_out_of_memory();
	for (size_t i = 0; i < *count; i++)
		sorted[i] = (struct map_entry){ entries[i], i };
	qsort(sorted, *count, sizeof *sorted, entries_compare);
	for (size_t i = 0; i + 1 < *count; i++)
		if (keys_compare(sorted[i].message, sorted[i + 1].message) == 0)
			entries[sorted[i].index] = NULL;
	for (size_t i = 0; i < *count; i++)
		if (entries[i])
			entries[kept++] = entries[i];
	*count = kept;
	return STATUS_OK_VALUE;
}

static bool is_map(const struct message_rules *rules, uint32_t number)
{
	for (size_t i = 0; rules && i < rules->field_count; i++)
		if (rules->fields[i].number == number)
			return rules->fields[i].is_map;
	return false;
}

/* Depth is bounded: validation has refused what is nested deeper than MESSAGE_DEPTH_MAX. */
static struct status maps_settle(const struct method *method, ProtobufCMessage *message, struct arena *arena)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	const struct message_rules *rules = method_rules_find(method, type);

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char *at = (char *)message + field->offset, *quantifier = (char *)message + field->quantifier_offset;
		ProtobufCMessage **items = (ProtobufCMessage **)(void *)at;
		size_t one = 1, *count = &one;

		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			items = *(ProtobufCMessage ***)(void *)at;
			count = (size_t *)(void *)quantifier;
			if (is_map(rules, field->id))
				TRY(map_settle(items, count, arena));
		} else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
			   *(uint32_t *)(void *)quantifier != field->id) {
			continue; /* the pointer belongs to another member of the oneof */
		}
		for (size_t j = 0; j < *count; j++)
			if (items[j])
				TRY(maps_settle(method, items[j], arena));
	}
	return STATUS_OK_VALUE;
}

static bool has_maps(const struct method *method)
{
	for (size_t i = 0; i < method->rule_count; i++)
		for (size_t j = 0; j < method->rules[i]->field_count; j++)
			if (method->rules[i]->fields[j].is_map)
				return true;
	return false;
}

struct status message_read(const struct method *method, const void *bytes, size_t n, struct arena *arena,
			   ProtobufCMessage **out)
{
	ProtobufCMessage *message;

	TRY(message_validate(method, bytes, n, arena));
	TRY(message_unpack(method->input, bytes, n, arena, &message));
	if (has_maps(method))
		TRY(maps_settle(method, message, arena));
	*out = message;
	return STATUS_OK_VALUE;
}
