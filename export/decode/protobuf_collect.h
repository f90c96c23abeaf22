/* protobuf_collect.h - the fields of a message that is being decoded, in the order in which JSON prints them.
 *
 * The encoder may scatter the elements of a field, repeat a field of which the last counts, and cut a message into parts that must be
 * merged. So the fields of a message are collected and sorted before the first is printed. The list is a stack: the fields of an inner
 * message lie above those of the outer one while it is printed.
 *
 *   list  [ order: id items items ][ items[0]: sku count ][ … ]
 */
#ifndef EXPORT_DECODE_PROTOBUF_COLLECT_H
#define EXPORT_DECODE_PROTOBUF_COLLECT_H

#include "export/decode/protobuf.h"
#include "export/decode/protobuf_wire.h"

/* Fields that are collected at the same time: about 72 MB. */
enum { EXPORT__OCCURRENCES_MAX = 1 << 20 };

/* A field that the message has, with its value. */
struct export__occurrence {
	const struct export__field *field;
	struct export__wire_field value;
	size_t order; /* in which they were read */
};

/* A part of the list. */
struct export__range {
	size_t begin, end;
};

/* Add the fields of an encoded message to the list. NULL, or what is wrong (static). Fields that the type does not have are passed
 * over, and so are those whose encoding cannot be that of their type. */
const char *export__collect(struct export__protobuf *memory, const struct export__message *type,
			    struct wire_slice message);

/* Sort the fields from `begin` to the end of the list by number. */
struct export__range export__collected(struct export__protobuf *memory, size_t begin);

/* The part at the beginning of the range that is of one field. */
struct export__range export__same_field(const struct export__protobuf *memory, struct export__range range);

/* A member of the same oneof came after the last value of this field: of a oneof, the last member counts. */
bool export__is_replaced(const struct export__protobuf *memory, struct export__range all,
			 struct export__range same);

#endif
