#include "export/decode/protobuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/moment.h"
#include "export/decode/protobuf_collect.h"
#include "export/decode/protobuf_scalar.h"
#include "export/text/json.h"

struct printer {
	struct export__protobuf *memory;
	const struct export__types *types;
	struct export_json json;
	unsigned depth;
	const char *problem; /* static; NULL: none */
};

static void put_message(struct printer *printer, const struct export__message *type,
			struct export__range parts);

static const struct export__occurrence *at(const struct printer *printer, size_t index)
{
	return &printer->memory->list[index];
}

static bool goes_on(const struct printer *printer)
{
	return !printer->problem && printer->json.out->error == 0;
}

/* Collect the fields of a message that lies in the list in one part or several, on top of the list. Until `discard` gets the range, it
 * stays there. */
static struct export__range collect(struct printer *printer, const struct export__message *type,
				    struct export__range parts)
{
	const size_t begin = printer->memory->len;

	for (size_t i = parts.begin; i < parts.end && !printer->problem; i++)
		printer->problem = export__collect(printer->memory, type, at(printer, i)->value.bytes);
	return export__collected(printer->memory, begin);
}

static void discard(struct printer *printer, struct export__range range)
{
	printer->memory->len = range.begin;
}

/* The last value of field `number`; NULL when there is none. */
static const struct export__occurrence *find(const struct printer *printer, struct export__range range,
					     uint32_t number)
{
	for (size_t i = range.end; i > range.begin; i--)
		if (at(printer, i - 1)->field->number == number)
			return at(printer, i - 1);
	return NULL;
}

static int64_t number_of(const struct printer *printer, struct export__range range, uint32_t number)
{
	const struct export__occurrence *found = find(printer, range, number);

	return found ? (int64_t)found->value.value : 0;
}

/* ---- fields ---- */

/* A value without its key: the last of the range; of messages, all parts of it merged. */
static void put_single(struct printer *printer, struct export__range same)
{
	const struct export__field *field = at(printer, same.begin)->field;

	if (field->message)
		put_message(printer, field->message, same);
	else
		export__scalar(&printer->json, field, &at(printer, same.end - 1)->value);
}

static void put_element(struct printer *printer, size_t index)
{
	const struct export__occurrence *element = at(printer, index);
	const bool is_text = element->field->type == EXPORT__STRING ||
			     element->field->type == EXPORT__BYTES_FIELD || element->field->message;

	if (element->value.type != EXPORT__BYTES || is_text)
		put_single(printer, (struct export__range){index, index + 1});
	else if (!export__scalar_packed(&printer->json, element->field, element->value.bytes))
		printer->problem = "a packed field is not encoded as such";
}

static void put_array(struct printer *printer, struct export__range same)
{
	export_json_array(&printer->json, NULL);
	for (size_t i = same.begin; i < same.end && goes_on(printer); i++)
		put_element(printer, i);
	export_json_array_end(&printer->json);
}

/* Print the default of a field whose value is missing. */
static void put_default(struct printer *printer, const struct export__field *field)
{
	static const struct export__wire_field zero;

	if (field && !field->message && !field->is_repeated)
		export__scalar(&printer->json, field, &zero);
	else if (field && field->message && field->message->known == EXPORT__PLAIN)
		export_json_raw(&printer->json, NULL, WIRE_LITERAL("{}"));
	else
		export_json_null(&printer->json, NULL);
}

/* Key and value of an entry: fields 1 and 2 of a message of its own. */
static void put_entry(struct printer *printer, size_t index)
{
	static const struct export__wire_field zero;
	const struct export__message *type = at(printer, index)->field->message;
	const struct export__field *key_field = export__message_field(type, 1);
	struct export__range fields = collect(printer, type, (struct export__range){index, index + 1});
	const struct export__occurrence *key = find(printer, fields, 1);

	if (!key_field || key_field->message) {
		printer->problem = "the descriptor of a map has no key";
	} else if (!printer->problem) {
		export__scalar_key(&printer->json, key_field, key ? &key->value : &zero);
		while (fields.begin < fields.end && at(printer, fields.begin)->field->number < 2)
			fields.begin++;
		const struct export__range value = export__same_field(printer->memory, fields);
		if (value.end > value.begin)
			put_single(printer, value);
		else
			put_default(printer, export__message_field(type, 2));
	}
	discard(printer, fields);
}

static void put_map(struct printer *printer, struct export__range same)
{
	export_json_object(&printer->json, NULL);
	for (size_t i = same.begin; i < same.end && goes_on(printer); i++)
		put_entry(printer, i);
	export_json_object_end(&printer->json);
}

static void put_field(struct printer *printer, struct export__range same)
{
	const struct export__field *field = at(printer, same.begin)->field;

	if (!field->is_repeated)
		put_single(printer, same);
	else if (field->message && field->message->is_map_entry)
		put_map(printer, same);
	else
		put_array(printer, same);
}

/* The members of an object that is open. */
static void put_members(struct printer *printer, struct export__range all)
{
	struct export__range rest = all;

	while (rest.begin < rest.end && goes_on(printer)) {
		const struct export__range same = export__same_field(printer->memory, rest);

		rest.begin = same.end;
		if (export__is_replaced(printer->memory, all, same))
			continue;
		export_json_key(&printer->json, at(printer, same.begin)->field->name);
		put_field(printer, same);
	}
}

static void put_object(struct printer *printer, struct export__range fields)
{
	export_json_object(&printer->json, NULL);
	put_members(printer, fields);
	export_json_object_end(&printer->json);
}

/* ---- messages with a form of their own ---- */

/* Timestamp and Duration: seconds = 1, nanos = 2. As plain messages when they are out of range. */
static void put_time(struct printer *printer, enum export__known_type known, struct export__range fields)
{
	char text[EXPORT__MOMENT_TEXT];
	const int64_t seconds = number_of(printer, fields, 1), nanos = (int32_t)number_of(printer, fields, 2);
	const size_t len = known == EXPORT__TIMESTAMP ? export__moment_text(text, seconds, nanos)
						      : export__span_text(text, seconds, nanos);

	if (len > 0)
		export_json_word(&printer->json, NULL, text, len);
	else
		put_object(printer, fields);
}

/* Paths in camel case, separated by commas: paths = 1. */
static void put_mask(struct printer *printer, struct export__range fields)
{
	struct export_out text;

	if (export_out_init_memory(&text, EXPORT_DECODE_BYTES_MAX) != 0) {
		printer->problem = "out of memory";
		return;
	}
	for (size_t i = fields.begin; i < fields.end; i++) {
		const struct wire_slice path = at(printer, i)->value.bytes;

		if (i > fields.begin)
			export_out_char(&text, ',');
		for (size_t c = 0; c < path.len; c++) {
			const bool is_upper = path.data[c] == '_' && c + 1 < path.len &&
					      path.data[c + 1] >= 'a' && path.data[c + 1] <= 'z';
			c += is_upper;
			export_out_char(&text, is_upper ? (char)(path.data[c] - 'a' + 'A') : path.data[c]);
		}
	}
	export_json_string(&printer->json, NULL, export_out_kept(&text));
	export_out_fini(&text);
}

/* A message that is printed as the value of its only field, or of the one that is set: wrappers, Struct, ListValue and Value. */
static void put_content(struct printer *printer, const struct export__message *type,
			struct export__range fields)
{
	struct export__range rest = fields;

	while (rest.begin < rest.end) {
		const struct export__range same = export__same_field(printer->memory, rest);

		if (!export__is_replaced(printer->memory, fields, same)) {
			put_field(printer, same);
			return;
		}
		rest.begin = same.end;
	}
	if (type->known == EXPORT__STRUCT)
		export_json_raw(&printer->json, NULL, WIRE_LITERAL("{}"));
	else if (type->known == EXPORT__LIST_VALUE)
		export_json_raw(&printer->json, NULL, WIRE_LITERAL("[]"));
	else
		put_default(printer, type->known == EXPORT__VALUE ? NULL : export__message_field(type, 1));
}

/* The type that the URL of an Any names. */
static const struct export__message *type_of(const struct printer *printer, struct wire_slice url)
{
	const char *slash = url.len > 0 ? memrchr(url.data, '/', url.len) : NULL;
	const size_t skipped = slash ? (size_t)(slash - url.data) + 1 : 0;

	return export__types_find(printer->types, wire_slice(url.data + skipped, url.len - skipped));
}

/* Any: type_url = 1, value = 2. The value of a type that the descriptor set does not have is printed as it is. */
static void put_any(struct printer *printer, struct export__range fields)
{
	const struct export__occurrence *url_field = find(printer, fields, 1);
	const struct export__occurrence *value = find(printer, fields, 2);
	const struct wire_slice url = url_field ? url_field->value.bytes : wire_slice("", 0);
	const struct export__message *type = url_field ? type_of(printer, url) : NULL;
	const size_t index = value ? (size_t)(value - printer->memory->list) : fields.end;
	const struct export__range part = {index, index + (value != NULL)};

	export_json_object(&printer->json, NULL);
	export_json_string(&printer->json, "@type", url);
	if (type && type->known == EXPORT__PLAIN) {
		const struct export__range inner = collect(printer, type, part);

		put_members(printer, inner);
		discard(printer, inner);
	} else if (type) {
		export_json_key(&printer->json, WIRE_LITERAL("value"));
		put_message(printer, type, part);
	} else if (value) {
		export_json_base64(&printer->json, "value", value->value.bytes);
	}
	export_json_object_end(&printer->json);
}

static void put_known(struct printer *printer, const struct export__message *type,
		      struct export__range fields)
{
	switch (type->known) {
	case EXPORT__TIMESTAMP:
	case EXPORT__DURATION: put_time(printer, type->known, fields); break;
	case EXPORT__FIELD_MASK: put_mask(printer, fields); break;
	case EXPORT__STRUCT:
	case EXPORT__VALUE:
	case EXPORT__LIST_VALUE:
	case EXPORT__WRAPPER: put_content(printer, type, fields); break;
	case EXPORT__ANY: put_any(printer, fields); break;
	case EXPORT__PLAIN: put_object(printer, fields); break;
	}
}

/* A message that lies in the list in one part or several, without its key. */
static void put_message(struct printer *printer, const struct export__message *type,
			struct export__range parts)
{
	if (printer->depth == EXPORT_DECODE_DEPTH_MAX) {
		printer->problem = "it is nested more than 100 levels deep";
		return;
	}
	printer->depth++;
	const struct export__range fields = collect(printer, type, parts);
	if (goes_on(printer))
		put_known(printer, type, fields);
	discard(printer, fields);
	printer->depth--;
}

/* ---- the whole ---- */

int export__protobuf_json(struct export__protobuf *memory, const struct export__types *types,
			  const struct export__message *type, struct wire_slice in, struct export_out *out,
			  struct wire_fault *fault)
{
	struct printer printer = {.memory = memory, .types = types, .json = {.out = out}};

	memory->len = 0;
	printer.problem = export__collect(memory, type, in);
	const struct export__range fields = export__collected(memory, 0);
	if (goes_on(&printer) && fields.end == 0 && in.len > 0)
		return wire_fault_set(fault, -EINVAL, "it has no field of %.*s", (int)type->name.len,
				      type->name.data);
	if (goes_on(&printer))
		put_known(&printer, type, fields);
	return printer.problem ? wire_fault_set(fault, -EINVAL, "%s", printer.problem) : 0;
}

void export__protobuf_fini(struct export__protobuf *memory)
{
	free(memory->list);
	*memory = (struct export__protobuf){0};
}
