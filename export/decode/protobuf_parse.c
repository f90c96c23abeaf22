#include "export/decode/protobuf_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/protobuf_wire.h"
#include "export/decode/step.h"

/* The field numbers of descriptor.proto. */
enum { SET_FILE = 1 };
enum { FILE_PACKAGE = 2, FILE_MESSAGE = 4, FILE_ENUM = 5 };
enum {
	MESSAGE_NAME = 1,
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_OPTIONS = 7,
	OPTIONS_MAP_ENTRY = 7
};
enum {
	FIELD_NAME = 1,
	FIELD_NUMBER = 3,
	FIELD_LABEL = 4,
	FIELD_TYPE = 5,
	FIELD_TYPE_NAME = 6,
	FIELD_ONEOF = 9,
	FIELD_JSON_NAME = 10,
	FIELD_PROTO3_OPTIONAL = 17,
	LABEL_REPEATED = 3
};
enum { ENUM_NAME = 1, ENUM_VALUE = 2, VALUE_NAME = 1, VALUE_NUMBER = 2 };

/* Make room for one more entry in an owned list. 0 or -ENOMEM. */
static int grow(void *list, size_t len, size_t *cap, size_t entry_bytes)
{
	void **entries = list;

	if (len < *cap)
		return 0;
	const size_t more = *cap ? *cap * 2 : 16;
	void *larger = reallocarray(*entries, more, entry_bytes);
	if (!larger)
		return -ENOMEM;
	*entries = larger;
	*cap = more;
	return 0;
}

/* Keep an owned text. 0 or -ENOMEM; the text is freed then. */
static int keep_name(struct export__parser *parser, char *text)
{
	if (!text || grow(&parser->names, parser->names_len, &parser->names_cap, sizeof(char *)) != 0) {
		free(text);
		return -ENOMEM;
	}
	parser->names[parser->names_len++] = text;
	return 0;
}

/* "scope.name", or the name alone. 0 with *full, or -EINVAL, -ENOMEM. */
static int join_name(struct export__parser *parser, struct wire_slice scope, struct wire_slice name,
		     struct wire_slice *full)
{
	char *text = NULL;

	parser->names_bytes += scope.len + name.len + 2;
	if (parser->names_bytes > EXPORT__NAMES_BYTES_MAX)
		return -EINVAL;
	const int len = asprintf(&text, "%.*s%s%.*s", (int)scope.len, scope.len ? scope.data : "",
				 scope.len ? "." : "", (int)name.len, name.len ? name.data : "");

	if (len < 0 || keep_name(parser, text) != 0)
		return -ENOMEM;
	*full = wire_slice_str(text);
	return 0;
}

/* order_id → orderId, for descriptors whose writer left json_name out. 0 or -ENOMEM. */
static int camel_case(struct export__parser *parser, struct wire_slice name, struct wire_slice *camel)
{
	char *text = malloc(name.len + 1);
	size_t len = 0;

	for (size_t i = 0; text && i < name.len; i++) {
		const bool is_upper = i > 0 && name.data[i - 1] == '_';
		const char c = name.data[i];

		if (c != '_')
			text[len++] = is_upper && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	*camel = wire_slice(text, len);
	return keep_name(parser, text);
}

/* ---- enums ---- */

static int parse_value(struct export__parser *parser, struct wire_slice rest)
{
	struct export__enum_value value = {0};
	struct export__wire_field field;
	int status;

	while ((status = export__wire_next(&rest, &field)) > 0) {
		if (field.number == VALUE_NAME)
			value.name = field.bytes;
		else if (field.number == VALUE_NUMBER)
			value.number = (int32_t)field.value;
	}
	if (status < 0)
		return -EINVAL;
	if (grow(&parser->values, parser->values_len, &parser->values_cap, sizeof(value)) != 0)
		return -ENOMEM;
	parser->values[parser->values_len++] = value;
	return 0;
}

static int add(struct export__parsed_list *list, const struct export__parsed *parsed)
{
	if (grow(&list->list, list->len, &list->cap, sizeof(*parsed)) != 0)
		return -ENOMEM;
	list->list[list->len++] = *parsed;
	return 0;
}

static int parse_enum(struct export__parser *parser, struct wire_slice scope, struct wire_slice rest)
{
	struct export__parsed parsed = {.first = parser->values_len};
	struct wire_slice name = {0};
	struct export__wire_field field;
	int status, error = 0;

	while (!error && (status = export__wire_next(&rest, &field)) != 0) {
		if (status < 0)
			error = -EINVAL;
		else if (field.number == ENUM_NAME)
			name = field.bytes;
		else if (field.number == ENUM_VALUE)
			error = parse_value(parser, field.bytes);
	}
	parsed.count = parser->values_len - parsed.first;
	if (!error)
		error = join_name(parser, scope, name, &parsed.name);
	return error ? error : add(&parser->enums, &parsed);
}

/* ---- messages ---- */

static void note_field(struct export__field *parsed, const struct export__wire_field *field,
		       struct wire_slice *name, bool *is_alone)
{
	switch (field->number) {
	case FIELD_NAME: *name = field->bytes; break;
	case FIELD_NUMBER: parsed->number = (uint32_t)field->value; break;
	case FIELD_LABEL: parsed->is_repeated = field->value == LABEL_REPEATED; break;
	case FIELD_TYPE:
		parsed->type = (enum export__field_type)(field->value <= EXPORT__SINT64 ? field->value : 0);
		break;
	case FIELD_TYPE_NAME: parsed->type_name = field->bytes; break;
	case FIELD_ONEOF: parsed->oneof = (int32_t)field->value; break;
	case FIELD_JSON_NAME: parsed->name = field->bytes; break;
	case FIELD_PROTO3_OPTIONAL: *is_alone = field->value != 0; break;
	default: break;
	}
}

static int parse_field(struct export__parser *parser, struct wire_slice rest)
{
	struct export__field parsed = {.oneof = -1};
	struct export__wire_field field;
	struct wire_slice name = {0};
	bool is_alone = false;
	int status, error = 0;

	while ((status = export__wire_next(&rest, &field)) > 0)
		note_field(&parsed, &field, &name, &is_alone);
	if (status < 0 || parsed.type == 0)
		return -EINVAL;
	if (is_alone)
		parsed.oneof = -1;
	if (parsed.name.len == 0)
		error = camel_case(parser, name, &parsed.name);
	if (!error)
		error = grow(&parser->fields, parser->fields_len, &parser->fields_cap, sizeof(parsed));
	if (!error)
		parser->fields[parser->fields_len++] = parsed;
	return error;
}

static bool is_map_entry(struct wire_slice options)
{
	struct export__wire_field field;
	bool is_entry = false;

	while (export__wire_next(&options, &field) > 0)
		if (field.number == OPTIONS_MAP_ENTRY)
			is_entry = field.value != 0;
	return is_entry;
}

/* Name, options and fields: those of one message must follow one another in the list, so nested types come later. */
static int parse_own(struct export__parser *parser, struct export__parsed *parsed, struct wire_slice scope,
		     struct wire_slice rest)
{
	struct export__wire_field field;
	struct wire_slice name = {0};
	int status, error = 0;

	parsed->first = parser->fields_len;
	while (!error && (status = export__wire_next(&rest, &field)) != 0) {
		if (status < 0)
			error = -EINVAL;
		else if (field.number == MESSAGE_NAME)
			name = field.bytes;
		else if (field.number == MESSAGE_FIELD)
			error = parse_field(parser, field.bytes);
		else if (field.number == MESSAGE_OPTIONS)
			parsed->is_map_entry = is_map_entry(field.bytes);
	}
	parsed->count = parser->fields_len - parsed->first;
	return error ? error : join_name(parser, scope, name, &parsed->name);
}

static int parse_message(struct export__parser *parser, struct wire_slice scope, struct wire_slice rest,
			 unsigned depth)
{
	struct export__parsed parsed = {0};
	struct export__wire_field field;
	int error = depth > EXPORT_DECODE_DEPTH_MAX ? -EINVAL : parse_own(parser, &parsed, scope, rest);

	if (!error)
		error = add(&parser->messages, &parsed);
	while (!error && export__wire_next(&rest, &field) > 0) {
		if (field.number == MESSAGE_NESTED)
			error = parse_message(parser, parsed.name, field.bytes, depth + 1);
		else if (field.number == MESSAGE_ENUM)
			error = parse_enum(parser, parsed.name, field.bytes);
	}
	return error;
}

/* ---- the set ---- */

static int parse_file(struct export__parser *parser, struct wire_slice file)
{
	struct wire_slice rest = file, package = {0};
	struct export__wire_field field;
	int status, error = 0;

	while ((status = export__wire_next(&rest, &field)) > 0)
		if (field.number == FILE_PACKAGE)
			package = field.bytes;
	if (status < 0)
		return -EINVAL;
	while (!error && export__wire_next(&file, &field) > 0) {
		if (field.number == FILE_MESSAGE)
			error = parse_message(parser, package, field.bytes, 0);
		else if (field.number == FILE_ENUM)
			error = parse_enum(parser, package, field.bytes);
	}
	return error;
}

int export__parser_run(struct export__parser *parser, struct wire_slice set)
{
	struct export__wire_field field;
	int status, error = 0;

	while (!error && (status = export__wire_next(&set, &field)) != 0) {
		if (status < 0 || field.number != SET_FILE)
			error = -EINVAL;
		else
			error = parse_file(parser, field.bytes);
	}
	return error;
}

void export__parser_fini(struct export__parser *parser)
{
	for (size_t i = 0; i < parser->names_len; i++)
		free(parser->names[i]);
	free(parser->names);
	free(parser->messages.list);
	free(parser->enums.list);
	free(parser->fields);
	free(parser->values);
	*parser = (struct export__parser){0};
}
