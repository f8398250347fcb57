/* options.h: our options (proto/domainflow/v2/options.proto) as they sit in a descriptor: unknown fields. */
#ifndef PROTOC_GEN_GRPC_C_OPTIONS_H
#define PROTOC_GEN_GRPC_C_OPTIONS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* The numbers of options.proto. */
enum option_number {
	OPTION_PB_C = 1019, /* protobuf-c's own options, which we do not follow */
	OPTION_MAX_BYTES = 50001,
	OPTION_MAX_ITEMS = 50002,
	OPTION_IS_JSON = 50003,
	OPTION_ROLE = 50011,
};

/* Value of a varint option, the last one when it occurs several times; `absent` when it does not occur, when
 * `options` is NULL, or when it has another wire type. */
uint64_t option_varint(const ProtobufCMessage *options, enum option_number number, uint64_t absent);
bool option_present(const ProtobufCMessage *options, enum option_number number);

#endif
