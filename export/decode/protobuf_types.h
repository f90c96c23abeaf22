/* protobuf_types.h - the message types that a FileDescriptorSet describes: `protoc --descriptor_set_out=F --include_imports`.
 *
 * The set is itself a protobuf message (google/protobuf/descriptor.proto). */
#ifndef EXPORT_DECODE_PROTOBUF_TYPES_H
#define EXPORT_DECODE_PROTOBUF_TYPES_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

/* As descriptor.proto numbers them. */
enum export__field_type {
	EXPORT__DOUBLE = 1,
	EXPORT__FLOAT = 2,
	EXPORT__INT64 = 3,
	EXPORT__UINT64 = 4,
	EXPORT__INT32 = 5,
	EXPORT__FIXED64_FIELD = 6,
	EXPORT__FIXED32_FIELD = 7,
	EXPORT__BOOL = 8,
	EXPORT__STRING = 9,
	EXPORT__GROUP_FIELD = 10,
	EXPORT__MESSAGE = 11,
	EXPORT__BYTES_FIELD = 12,
	EXPORT__UINT32 = 13,
	EXPORT__ENUM = 14,
	EXPORT__SFIXED32 = 15,
	EXPORT__SFIXED64 = 16,
	EXPORT__SINT32 = 17,
	EXPORT__SINT64 = 18,
};

/* Messages that have a form of their own in JSON. */
enum export__known_type {
	EXPORT__PLAIN,
	EXPORT__TIMESTAMP,
	EXPORT__DURATION,
	EXPORT__FIELD_MASK,
	EXPORT__STRUCT,
	EXPORT__VALUE,
	EXPORT__LIST_VALUE,
	EXPORT__WRAPPER, /* google.protobuf.Int32Value and its like */
	EXPORT__ANY,
};

struct export__enum_value {
	int32_t number;
	struct wire_slice name;
};

/* All slices borrow the memory of the types. */
struct export__enum {
	struct wire_slice name;
	const struct export__enum_value *values; /* by rising number */
	size_t values_len;
};

struct export__field {
	uint32_t number;
	enum export__field_type type;
	bool is_repeated;
	int32_t oneof;                         /* -1: it is in none, or alone in one (proto3's optional) */
	struct wire_slice name;                /* in JSON */
	struct wire_slice type_name;           /* of messages and enums, with a dot in front */
	const struct export__message *message; /* EXPORT__MESSAGE, EXPORT__GROUP_FIELD */
	const struct export__enum *values;     /* EXPORT__ENUM */
};

struct export__message {
	struct wire_slice name; /* "shop.Order" */
	enum export__known_type known;
	bool is_map_entry;
	const struct export__field *fields; /* by rising number */
	size_t fields_len;
};

struct export__types;

/* Read a descriptor set from a file, at most 64 MiB. NULL with *fault, which names the file. */
struct export__types *export__types_open(const char *path, struct wire_fault *fault);
/* Likewise from memory, which is copied. */
struct export__types *export__types_parse(struct wire_slice set, const char *path, struct wire_fault *fault);
void export__types_close(struct export__types *types);

/* The message type of that name, without a dot in front. NULL when there is none. */
const struct export__message *export__types_find(const struct export__types *types, struct wire_slice name);
/* The name of the type that is most like it; NULL when none is near, or memory is short. Valid as long as the types. */
const char *export__types_suggest(const struct export__types *types, const char *name);

/* The field of that number; NULL when there is none. */
const struct export__field *export__message_field(const struct export__message *message, uint32_t number);

#endif
