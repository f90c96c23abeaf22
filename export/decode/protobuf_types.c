#include "export/decode/protobuf_types.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/decode/protobuf_parse.h"
#include "wire/suggest.h"

enum { FILE_BYTES_MAX = 64 << 20 };

struct export__types {
	char *set; /* owned; the slices point into it */
	struct export__parser parsed;
	struct export__message *messages; /* by name */
	struct export__enum *enums;       /* by name */
	size_t messages_len, enums_len;
	const char **names; /* of the messages, NULL-terminated */
};

/* ---- order ---- */

static int compare_names(struct wire_slice a, struct wire_slice b)
{
	const size_t common = a.len < b.len ? a.len : b.len;
	const int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_messages(const void *a, const void *b)
{
	return compare_names(((const struct export__message *)a)->name,
			     ((const struct export__message *)b)->name);
}

static int compare_enums(const void *a, const void *b)
{
	return compare_names(((const struct export__enum *)a)->name, ((const struct export__enum *)b)->name);
}

static int compare_fields(const void *a, const void *b)
{
	const uint32_t x = ((const struct export__field *)a)->number,
		       y = ((const struct export__field *)b)->number;

	return (x > y) - (x < y);
}

/* Names of one number stay in their order in memory: the first is the one that is printed. */
static int compare_values(const void *a, const void *b)
{
	const struct export__enum_value *x = a, *y = b;

	if (x->number != y->number)
		return (x->number > y->number) - (x->number < y->number);
	return (x->name.data > y->name.data) - (x->name.data < y->name.data);
}

static void sort(void *list, size_t len, size_t entry_bytes, int (*compare)(const void *, const void *))
{
	if (len > 1)
		qsort(list, len, entry_bytes, compare);
}

/* ---- connecting ---- */

static enum export__known_type known_type(struct wire_slice name)
{
	static const struct {
		const char *name;
		enum export__known_type known;
	} known[] = {
	    {"Timestamp", EXPORT__TIMESTAMP},
	    {"Duration", EXPORT__DURATION},
	    {"FieldMask", EXPORT__FIELD_MASK},
	    {"Struct", EXPORT__STRUCT},
	    {"Value", EXPORT__VALUE},
	    {"ListValue", EXPORT__LIST_VALUE},
	    {"Any", EXPORT__ANY},
	    {"DoubleValue", EXPORT__WRAPPER},
	    {"FloatValue", EXPORT__WRAPPER},
	    {"Int64Value", EXPORT__WRAPPER},
	    {"UInt64Value", EXPORT__WRAPPER},
	    {"Int32Value", EXPORT__WRAPPER},
	    {"UInt32Value", EXPORT__WRAPPER},
	    {"BoolValue", EXPORT__WRAPPER},
	    {"StringValue", EXPORT__WRAPPER},
	    {"BytesValue", EXPORT__WRAPPER},
	};
	const struct wire_slice prefix = WIRE_LITERAL("google.protobuf.");

	if (name.len <= prefix.len || memcmp(name.data, prefix.data, prefix.len) != 0)
		return EXPORT__PLAIN;
	name = wire_slice(name.data + prefix.len, name.len - prefix.len);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (wire_slice_equal(name, wire_slice_str(known[i].name)))
			return known[i].known;
	return EXPORT__PLAIN;
}

/* Allocates one entry more than needed: an empty list is no lack of memory. */
static int list_messages(struct export__types *types)
{
	const struct export__parsed_list *parsed = &types->parsed.messages;

	types->messages = calloc(parsed->len + 1, sizeof(*types->messages));
	types->names = calloc(parsed->len + 1, sizeof(*types->names));
	if (!types->messages || !types->names)
		return -ENOMEM;
	types->messages_len = parsed->len;
	for (size_t i = 0; i < parsed->len; i++) {
		const struct export__parsed *message = &parsed->list[i];
		struct export__field *fields =
		    message->count > 0 ? types->parsed.fields + message->first : NULL;

		sort(fields, message->count, sizeof(*fields), compare_fields);
		types->messages[i] = (struct export__message){.name = message->name,
							      .known = known_type(message->name),
							      .is_map_entry = message->is_map_entry,
							      .fields = fields,
							      .fields_len = message->count};
		types->names[i] = message->name.data;
	}
	sort(types->messages, types->messages_len, sizeof(*types->messages), compare_messages);
	return 0;
}

static int list_enums(struct export__types *types)
{
	const struct export__parsed_list *parsed = &types->parsed.enums;

	types->enums = calloc(parsed->len + 1, sizeof(*types->enums));
	if (!types->enums)
		return -ENOMEM;
	types->enums_len = parsed->len;
	for (size_t i = 0; i < parsed->len; i++) {
		struct export__enum_value *values =
		    parsed->list[i].count > 0 ? types->parsed.values + parsed->list[i].first : NULL;

		sort(values, parsed->list[i].count, sizeof(*values), compare_values);
		types->enums[i] = (struct export__enum){
		    .name = parsed->list[i].name, .values = values, .values_len = parsed->list[i].count};
	}
	sort(types->enums, types->enums_len, sizeof(*types->enums), compare_enums);
	return 0;
}

/* Find the type of a field. False when the set does not have it. */
static bool connect_field(const struct export__types *types, struct export__field *field)
{
	const struct wire_slice name = field->type_name.len > 0
					   ? wire_slice(field->type_name.data + 1, field->type_name.len - 1)
					   : field->type_name;

	if (field->type == EXPORT__MESSAGE || field->type == EXPORT__GROUP_FIELD)
		field->message = export__types_find(types, name);
	else if (field->type == EXPORT__ENUM)
		field->values = bsearch(&(struct export__enum){.name = name}, types->enums, types->enums_len,
					sizeof(*types->enums), compare_enums);
	else
		return true;
	return field->message || field->values;
}

static int connect_fields(struct export__types *types, const char *path, struct wire_fault *fault)
{
	for (size_t i = 0; i < types->parsed.fields_len; i++) {
		struct export__field *field = &types->parsed.fields[i];

		if (!connect_field(types, field))
			return wire_fault_set(fault, -EINVAL,
					      "%s: the type %.*s of the field %.*s is not in it; write it "
					      "with protoc --include_imports",
					      path, (int)field->type_name.len,
					      field->type_name.len ? field->type_name.data : "",
					      (int)field->name.len, field->name.len ? field->name.data : "");
	}
	return 0;
}

/* ---- opening ---- */

static int build(struct export__types *types, struct wire_slice set, const char *path,
		 struct wire_fault *fault)
{
	int error = export__parser_run(&types->parsed, set);

	if (error == -EINVAL || (!error && types->parsed.messages.len == 0))
		return wire_fault_set(fault, -EINVAL,
				      "%s is no descriptor set; write one with protoc --include_imports "
				      "--descriptor_set_out=FILE",
				      path);
	if (!error)
		error = list_messages(types);
	if (!error)
		error = list_enums(types);
	if (error)
		return wire_fault_set(fault, error, "out of memory");
	return connect_fields(types, path, fault);
}

/* Takes the set. */
static struct export__types *open_owned(char *set, size_t len, const char *path, struct wire_fault *fault)
{
	struct export__types *types = calloc(1, sizeof(*types));

	if (!types) {
		free(set);
		wire_fault_set(fault, -ENOMEM, "out of memory");
		return NULL;
	}
	types->set = set;
	if (build(types, wire_slice(set, len), path, fault) == 0)
		return types;
	export__types_close(types);
	return NULL;
}

struct export__types *export__types_parse(struct wire_slice set, const char *path, struct wire_fault *fault)
{
	char *copy = malloc(set.len + 1);

	if (!copy) {
		wire_fault_set(fault, -ENOMEM, "out of memory");
		return NULL;
	}
	if (set.len > 0)
		memcpy(copy, set.data, set.len);
	return open_owned(copy, set.len, path, fault);
}

/* The bytes of a file, owned; NULL with errno. */
static char *read_file(FILE *file, size_t *len)
{
	char *text = NULL;
	size_t cap = 0, got = 1;

	for (*len = 0; got > 0 && *len <= FILE_BYTES_MAX; *len += got) {
		if (*len == cap) {
			cap = cap ? cap * 2 : 1 << 16;
			char *larger = realloc(text, cap);
			if (!larger) {
				free(text);
				return NULL;
			}
			text = larger;
		}
		got = fread(text + *len, 1, cap - *len, file);
	}
	errno = ferror(file) ? errno : *len > FILE_BYTES_MAX ? EFBIG : 0;
	if (errno == 0)
		return text;
	free(text);
	return NULL;
}

struct export__types *export__types_open(const char *path, struct wire_fault *fault)
{
	FILE *file = fopen(path, "re");
	size_t len = 0;
	char *set = file ? read_file(file, &len) : NULL;
	const int error = errno;

	if (file)
		fclose(file);
	if (set)
		return open_owned(set, len, path, fault);
	wire_fault_set(fault, -error, "cannot read %s: %s", path,
		       error == EFBIG ? "larger than 64 MiB" : wire_error_text(-error));
	return NULL;
}

void export__types_close(struct export__types *types)
{
	if (!types)
		return;
	export__parser_fini(&types->parsed);
	free(types->messages);
	free(types->enums);
	free(types->names);
	free(types->set);
	free(types);
}

/* ---- looking up ---- */

const struct export__message *export__types_find(const struct export__types *types, struct wire_slice name)
{
	return bsearch(&(struct export__message){.name = name}, types->messages, types->messages_len,
		       sizeof(*types->messages), compare_messages);
}

const char *export__types_suggest(const struct export__types *types, const char *name)
{
	return wire_suggest(name, types->names);
}

const struct export__field *export__message_field(const struct export__message *message, uint32_t number)
{
	if (message->fields_len == 0)
		return NULL;
	return bsearch(&(struct export__field){.number = number}, message->fields, message->fields_len,
		       sizeof(*message->fields), compare_fields);
}
