/* cli/pb_value.h: looking at any message of the contract through its descriptor, so that tables and JSON need no code
 * per message. Pure; any thread. */
#ifndef CLI_PB_VALUE_H
#define CLI_PB_VALUE_H

#include "base/compiler.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define PB_ENUM_TEXT_SIZE 64
#define PB_TIME_TEXT_SIZE 32

/* One place a value stands: a field of a message, for repeated fields one element of it. */
struct pb_slot {
	const ProtobufCFieldDescriptor *field;
	const void *at; /* where the value is, of the field's C type */
};

/* Whether the field holds something: a set oneof member, a message that is there; plain fields always do. */
bool pb_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
size_t pb_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Element i of a repeated field; i is 0 for others. Only when pb_is_set, or i < pb_count. */
struct pb_slot pb_slot(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t i);

/* A message with its defaults, in the arena; NULL when that is full. */
ProtobufCMessage *pb_make(struct arena *arena, const ProtobufCMessageDescriptor *type) MUST_CHECK;
/* Where the plain or oneof field of that name is, which becomes the chosen one of its oneof; it must be there. What is
 * written is of the field's C type: const char *, protobuf_c_boolean, int (enums), ProtobufCMessage *. */
void *pb_place(ProtobufCMessage *message, const char *name);

/* "lower_case" without the enum's own prefix; "" for _UNSPECIFIED, the number for a value this build doesn't know. */
void pb_enum_text(const ProtobufCEnumDescriptor *type, int value, char out[PB_ENUM_TEXT_SIZE]);
/* The value of a word, whose case, '-' and '_' don't matter; false when there is none such. */
bool pb_enum_parse(const ProtobufCEnumDescriptor *type, const char *word, int *out);

bool pb_is_timestamp(const ProtobufCMessageDescriptor *type);
/* RFC 3339 in UTC with milliseconds; microseconds where there are any. */
void pb_time_text(const ProtobufCMessage *timestamp, char out[PB_TIME_TEXT_SIZE]);

/* The value at a path ("progress.percent_complete") as a person reads it: "" for what is absent, numbers without
 * needless zeroes, enums as words, times as RFC 3339. Text is as the server sent it, not yet fit for a terminal.
 * In the arena or borrowed from the message; "" too when the arena is full. */
const char *pb_text(struct arena *arena, const ProtobufCMessage *message, const char *path);
/* The same for programs: real numbers with every digit that tells them apart, repeated values joined with "; ". */
const char *pb_text_exact(struct arena *arena, const ProtobufCMessage *message, const char *path);
/* The message at a path; NULL when absent. */
const ProtobufCMessage *pb_message(const ProtobufCMessage *message, const char *path);
/* A number at a path; 0 when absent or no number. */
double pb_number(const ProtobufCMessage *message, const char *path);

#endif
