#include "export/decode/protobuf_collect.h"

#include <stdlib.h>

/* How a single value of a type is encoded. */
static enum export__wire_type wire_type_of(enum export__field_type type)
{
	switch (type) {
	case EXPORT__DOUBLE:
	case EXPORT__FIXED64_FIELD:
	case EXPORT__SFIXED64: return EXPORT__FIXED64;
	case EXPORT__FLOAT:
	case EXPORT__FIXED32_FIELD:
	case EXPORT__SFIXED32: return EXPORT__FIXED32;
	case EXPORT__STRING:
	case EXPORT__BYTES_FIELD:
	case EXPORT__MESSAGE: return EXPORT__BYTES;
	case EXPORT__GROUP_FIELD: return EXPORT__GROUP;
	default: return EXPORT__VARINT;
	}
}

/* Numbers of a repeated field may be packed, whatever the type says of it; messages may be groups (editions). */
static bool fits(const struct export__field *field, enum export__wire_type type)
{
	const enum export__wire_type own = wire_type_of(field->type);
	const bool is_number = own != EXPORT__BYTES && own != EXPORT__GROUP;

	return type == own || (is_number && field->is_repeated && type == EXPORT__BYTES) ||
	       (field->message && (type == EXPORT__BYTES || type == EXPORT__GROUP));
}

static const char *add(struct export__protobuf *memory, const struct export__field *field,
		       const struct export__wire_field *value)
{
	if (memory->len == EXPORT__OCCURRENCES_MAX)
		return "it has more than a million fields";
	if (memory->len == memory->cap) {
		const size_t cap = memory->cap ? memory->cap * 2 : 64;
		struct export__occurrence *list = reallocarray(memory->list, cap, sizeof(*list));

		if (!list)
			return "out of memory";
		memory->list = list;
		memory->cap = cap;
	}
	memory->list[memory->len] =
	    (struct export__occurrence){.field = field, .value = *value, .order = memory->len};
	memory->len++;
	return NULL;
}

const char *export__collect(struct export__protobuf *memory, const struct export__message *type,
			    struct wire_slice message)
{
	struct export__wire_field value;
	const char *problem = NULL;
	int status = 0;

	while (!problem && (status = export__wire_next(&message, &value)) > 0) {
		const struct export__field *field = export__message_field(type, value.number);

		if (field && fits(field, value.type))
			problem = add(memory, field, &value);
	}
	return status < 0 ? "it is not encoded as a protobuf message is" : problem;
}

static int compare(const void *a, const void *b)
{
	const struct export__occurrence *x = a, *y = b;

	if (x->field->number != y->field->number)
		return x->field->number < y->field->number ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

struct export__range export__same_field(const struct export__protobuf *memory, struct export__range range)
{
	struct export__range same = {range.begin, range.begin};

	while (same.end < range.end && memory->list[same.end].field == memory->list[range.begin].field)
		same.end++;
	return same;
}

bool export__is_replaced(const struct export__protobuf *memory, struct export__range all,
			 struct export__range same)
{
	const struct export__occurrence *last = &memory->list[same.end - 1];

	for (size_t i = all.begin; i < all.end && last->field->oneof >= 0; i++)
		if (memory->list[i].field->oneof == last->field->oneof && memory->list[i].order > last->order)
			return true;
	return false;
}

struct export__range export__collected(struct export__protobuf *memory, size_t begin)
{
	const struct export__range all = {begin, memory->len};

	if (all.end > all.begin + 1)
		qsort(memory->list + begin, all.end - all.begin, sizeof(*memory->list), compare);
	return all;
}
