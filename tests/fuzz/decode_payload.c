/* Fuzz target: decoders of payloads. The first byte says which: whatever they make of the rest is bounded, and valid JSON where it is to be
 * JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "export/decode/answer.h"
#include "export/decode/cbor.h"
#include "export/decode/compressed.h"
#include "export/decode/embed.h"
#include "export/decode/guess.h"
#include "export/decode/msgpack.h"
#include "export/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void require_json(struct export_out *out)
{
	const struct wire_slice text = export_out_kept(out);
	if (out->error != 0)
		return;
	require(wire_json_is_valid(text, NULL));
	require(export_utf8_is_valid(text));
}

static void check_values(int (*decode)(struct wire_slice, struct export__values *, struct wire_fault *),
			 struct wire_slice in, struct export_out *out)
{
	struct export__values values;
	struct wire_fault fault = {0};
	export__values_init(&values, out);
	const int error = decode(in, &values, &fault);
	require(error == 0 || fault.text[0] != '\0');
	if (error == 0)
		require_json(out);
}

static void check_compressed(int (*decompress)(struct wire_slice, struct export_out *, struct wire_fault *),
			     struct wire_slice in, struct export_out *out)
{
	struct wire_fault fault = {0};
	const int error = decompress(in, out, &fault);
	require(error == 0 || fault.text[0] != '\0');
	require(export_out_kept(out).len <= EXPORT_DECODE_BYTES_MAX);
}

static void check_guess(struct wire_slice in, struct export_out *out)
{
	const enum export__guess guess = export__guess(in, out);
	if (guess == EXPORT__GUESS_MSGPACK || guess == EXPORT__GUESS_CBOR)
		require_json(out);
	if (guess == EXPORT__GUESS_NOTHING)
		require(export_out_kept(out).len == 0);
}

static void check_embed(struct wire_slice in, struct export_out *out)
{
	static struct export__embed embed;
	struct export_json json = {.out = out};
	if (export__embed_is_json(&embed, in)) {
		export__embed_put(&embed, &json, NULL, in);
		require_json(out);
	}
	export__embed_fini(&embed);
}

/* However the answer arrives, it ends at the same place. */
static void check_answer(enum export__framing framing, struct wire_slice in)
{
	struct export__answer whole = {0}, pieces = {0};
	struct wire_slice text, text_of_pieces;
	size_t used = 0, used_of_pieces = 0, len = 0;
	const bool is_whole = export__answer_is_whole(&whole, framing, in, &text, &used);
	bool is_whole_in_pieces = false;
	for (; len <= in.len && !is_whole_in_pieces; len++)
		is_whole_in_pieces = export__answer_is_whole(&pieces, framing, wire_slice(in.data, len),
							     &text_of_pieces, &used_of_pieces);
	require(is_whole == is_whole_in_pieces);
	require(!is_whole || (used == used_of_pieces && used <= in.len && text.len == text_of_pieces.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct export_out out;
	if (size == 0)
		return 0;
	const struct wire_slice in = wire_slice((const char *)data + 1, size - 1);
	require(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX) == 0);
	switch (data[0] % 9) {
	case 0: check_values(export__msgpack, in, &out); break;
	case 1: check_values(export__cbor, in, &out); break;
	case 2: check_compressed(export__gunzip, in, &out); break;
	case 3: check_compressed(export__unzstd, in, &out); break;
	case 4: check_compressed(export__unsnappy, in, &out); break;
	case 5: check_guess(in, &out); break;
	case 6: check_embed(in, &out); break;
	case 7: check_answer(EXPORT__LINES, in); break;
	default: check_answer(EXPORT__FRAMES, in);
	}
	export_out_fini(&out);
	return 0;
}
