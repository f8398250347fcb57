#include "options.h"

uint64_t option_varint(const ProtobufCMessage *options, enum option_number number, uint64_t absent)
{
	uint64_t value = absent;

	if (!options)
		return absent;
	for (unsigned i = 0; i < options->n_unknown_fields; i++) {
		const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
		uint64_t read = 0;

		if (field->tag != (uint32_t)number || field->wire_type != PROTOBUF_C_WIRE_TYPE_VARINT)
			continue;
		for (size_t at = 0; at < field->len && at < 10; at++)
			read |= (uint64_t)(field->data[at] & 0x7F) << (7 * at);
		value = read;
	}
	return value;
}

bool option_present(const ProtobufCMessage *options, enum option_number number)
{
	if (options)
		for (unsigned i = 0; i < options->n_unknown_fields; i++)
			if (options->unknown_fields[i].tag == (uint32_t)number)
				return true;
	return false;
}
