/* proto/runtime/descriptor_set.h: the contract describing itself. Constant data, any thread. */
#ifndef PROTO_RUNTIME_DESCRIPTOR_SET_H
#define PROTO_RUNTIME_DESCRIPTOR_SET_H

#include <stddef.h>
#include <stdint.h>

/* A packed google.protobuf.FileDescriptorSet: our files, health, reflection, and all they import; imports come
 * before the files that need them. Without comments. */
extern const uint8_t proto_descriptor_set[];
extern const size_t proto_descriptor_set_size;

#endif
