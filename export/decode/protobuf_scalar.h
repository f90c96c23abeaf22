/* protobuf_scalar.h - single values of a protobuf message, other than messages, as JSON. */
#ifndef EXPORT_DECODE_PROTOBUF_SCALAR_H
#define EXPORT_DECODE_PROTOBUF_SCALAR_H

#include "export/decode/protobuf_types.h"
#include "export/decode/protobuf_wire.h"
#include "export/text/json.h"

/* Write the value of a field whose type is no message. key: NULL where the key was written, or in an array. */
void export__scalar(struct export_json *json, const struct export__field *field,
		    const struct export__wire_field *value);

/* Write it as a key of an object. */
void export__scalar_key(struct export_json *json, const struct export__field *field,
			const struct export__wire_field *value);

/* Write all elements of a packed field into the array that is open. False when they are not encoded as their type is. */
bool export__scalar_packed(struct export_json *json, const struct export__field *field,
			   struct wire_slice rest);

#endif
