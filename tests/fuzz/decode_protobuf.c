/* Fuzz target: a descriptor set and a message. The first two bytes are the length of the set, big-endian; the message is of its type
 * shop.Order. Whatever is decoded is valid JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "export/decode/protobuf.h"
#include "export/text/utf8.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void decode(const struct export__types *types, const struct export__message *type,
		   struct wire_slice in)
{
	struct export__protobuf memory = {0};
	struct wire_fault fault = {0};
	struct export_out out;
	require(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX) == 0);
	const int error = export__protobuf_json(&memory, types, type, in, &out, &fault);
	require(error == 0 || fault.text[0] != '\0');
	const struct wire_slice text = export_out_kept(&out);
	if (error == 0 && out.error == 0) {
		require(wire_json_is_valid(text, NULL));
		require(export_utf8_is_valid(text));
	}
	export_out_fini(&out);
	export__protobuf_fini(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_fault fault = {0};
	if (size < 2)
		return 0;
	const size_t len = (size_t)data[0] << 8 | data[1], left = size - 2;
	const size_t set = len < left ? len : left;
	const char *begin = (const char *)data + 2;
	struct export__types *types = export__types_parse(wire_slice(begin, set), "set", &fault);
	require(types || fault.text[0] != '\0');
	const struct export__message *type =
	    types ? export__types_find(types, WIRE_LITERAL("shop.Order")) : NULL;
	if (type)
		decode(types, type, wire_slice(begin + set, left - set));
	export__types_close(types);
	return 0;
}
