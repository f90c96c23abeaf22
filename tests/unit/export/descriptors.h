/* descriptors.h - write encoded protobuf, and the descriptors of message types in it. */
#ifndef TESTS_UNIT_EXPORT_DESCRIPTORS_H
#define TESTS_UNIT_EXPORT_DESCRIPTORS_H

#include "export/decode/protobuf_types.h"

struct encoded {
	char data[8192];
	size_t len;
};

enum { OPTIONAL = 1, REPEATED = 3 };

static inline void put_varint(struct encoded *to, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		to->data[to->len++] = (char)(0x80 | (value & 0x7f));
	to->data[to->len++] = (char)value;
}

static inline void put_number(struct encoded *to, unsigned field, uint64_t value)
{
	put_varint(to, field << 3);
	put_varint(to, value);
}

static inline void put_slice(struct encoded *to, unsigned field, struct wire_slice bytes)
{
	put_varint(to, field << 3 | 2);
	put_varint(to, bytes.len);
	memcpy(to->data + to->len, bytes.data, bytes.len);
	to->len += bytes.len;
}

static inline void put_text(struct encoded *to, unsigned field, const char *text)
{
	put_slice(to, field, wire_slice_str(text));
}

static inline void put_encoded(struct encoded *to, unsigned field, const struct encoded *inner)
{
	put_slice(to, field, wire_slice(inner->data, inner->len));
}

/* A field of a message that is being described. type_name: ".shop.Item", or NULL. */
static inline struct encoded field_of(const char *name, unsigned number, enum export__field_type type,
				      int label, const char *type_name)
{
	struct encoded field = {.len = 0};

	put_text(&field, 1, name);
	put_number(&field, 3, number);
	put_number(&field, 4, (uint64_t)label);
	put_number(&field, 5, (uint64_t)type);
	if (type_name)
		put_text(&field, 6, type_name);
	return field;
}

static inline void add_field(struct encoded *message, const char *name, unsigned number,
			     enum export__field_type type, int label, const char *type_name)
{
	const struct encoded field = field_of(name, number, type, label, type_name);

	put_encoded(message, 2, &field);
}

/* A set of one file of this package and these messages. */
static inline struct encoded set_of(const char *package, const struct encoded *messages, size_t len)
{
	struct encoded file = {.len = 0}, set = {.len = 0};

	put_text(&file, 2, package);
	for (size_t i = 0; i < len; i++)
		put_encoded(&file, 4, &messages[i]);
	put_encoded(&set, 1, &file);
	return set;
}

static inline struct encoded message_of(const char *name)
{
	struct encoded message = {.len = 0};

	put_text(&message, 1, name);
	return message;
}

#endif
