/* protobuf_parse.h - parse a FileDescriptorSet into growing lists; protobuf_types.c connects what it finds. */
#ifndef EXPORT_DECODE_PROTOBUF_PARSE_H
#define EXPORT_DECODE_PROTOBUF_PARSE_H

#include "export/decode/protobuf_types.h"

/* A message or an enum, whose fields or values are a range of a list. */
struct export__parsed {
	struct wire_slice name; /* owned by the list of names */
	bool is_map_entry;
	size_t first, count;
};

struct export__parsed_list {
	struct export__parsed *list; /* owned */
	size_t len, cap;
};

enum { EXPORT__NAMES_BYTES_MAX = 256 << 20 };

struct export__parser {
	struct export__parsed_list messages, enums;
	struct export__field *fields; /* owned; of all messages */
	size_t fields_len, fields_cap;
	struct export__enum_value *values; /* owned; of all enums */
	size_t values_len, values_cap;
	char **names; /* owned, each of them: texts that are not in the set itself */
	size_t names_len, names_cap;
	size_t names_bytes; /* at most EXPORT__NAMES_BYTES_MAX: deep nesting repeats the outer names */
};

/* Parse. 0, -EINVAL when the bytes are no descriptor set, or -ENOMEM. Call export__parser_fini in any case. What is parsed borrows
 * the set. */
int export__parser_run(struct export__parser *parser, struct wire_slice set);
void export__parser_fini(struct export__parser *parser);

#endif
