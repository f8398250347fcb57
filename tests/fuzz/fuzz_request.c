/* fuzz_request.c: any bytes as a request of any method.
 *
 * The first byte picks the method: below 128 from the contract, else from the awkward test protos. Bytes that pass
 * must unpack within the memory limit or say so, and what was unpacked must pass again when it is packed. */
#include "fuzz.h"

#include "awkward_methods.h"
#include "proto/runtime/unpack.h"
#include "proto/runtime/validate.h"
#include "proto_methods.h"

#include "base/arena.h"

#include <stdlib.h>

#define MEMORY_BYTES_MAX (8 * 1024 * 1024)

static void read_again(const struct method *method, const ProtobufCMessage *message, struct arena *arena)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = arena_alloc(arena, n);

	if (!bytes)
		return;
	if (protobuf_c_message_pack(message, bytes) != n)
		abort();
	if (!status_ok(message_validate(method, bytes, n, arena)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct method *method;
	ProtobufCMessage *message;
	struct arena *arena;
	struct status st;

	if (size == 0)
		return 0;
	method = data[0] < 128 ? proto_methods[data[0] % proto_methods_count]
			       : awkward_methods[data[0] % awkward_methods_count];
	arena = arena_create(MEMORY_BYTES_MAX);
	if (!arena)
		return 0;
	st = message_read(method, data + 1, size - 1, arena, &message);
	if (status_ok(st))
		read_again(method, message, arena);
	else if (st.code != STATUS_INVALID_ARGUMENT && st.code != STATUS_RESOURCE_EXHAUSTED)
		abort();
	arena_destroy(arena);
	return 0;
}
