/* protobuf.h - protobuf messages as JSON, by the rules of proto3's JSON mapping:
 * https://protobuf.dev/programming-guides/json/
 *
 * Written here, since no C library decodes by descriptors that are read at run time. Fields that the type does not have are left out, as
 * the mapping has it; a message that has no others is an error, since it is most likely of another type. */
#ifndef EXPORT_DECODE_PROTOBUF_H
#define EXPORT_DECODE_PROTOBUF_H

#include "export/decode/protobuf_types.h"
#include "export/decode/step.h"

/* Memory of a decoder, kept from message to message. Zeroed before the first; freed by export__protobuf_fini. */
struct export__protobuf {
	struct export__occurrence *list;
	size_t len, cap;
};

/* 0, or a negative code with *fault. types: for google.protobuf.Any. */
int export__protobuf_json(struct export__protobuf *memory, const struct export__types *types,
			  const struct export__message *type, struct wire_slice in, struct export_out *out,
			  struct wire_fault *fault);
void export__protobuf_fini(struct export__protobuf *memory);

#endif
