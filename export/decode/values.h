/* values.h - values that come one after another, each container with the count of what is in it, written as JSON.
 *
 * MessagePack and CBOR are such: a decoder reads one head after another and calls one of these for each. Containers end by
 * themselves. No recursion, and no memory but the output's.
 *
 * Byte strings become base64; numbers that JSON readers would round (beyond 2^53), and floating-point numbers that JSON
 * does not have, become strings. A key that is no text becomes the text of it. */
#ifndef EXPORT_DECODE_VALUES_H
#define EXPORT_DECODE_VALUES_H

#include "export/decode/step.h"
#include "export/text/json.h"

/* A container that is open. */
struct export__level {
	uint64_t left; /* values, or pairs of a map, that are still to come, the current one included */
	bool is_map;
	bool is_value; /* of a map: the key is there, and its value is next */
	bool is_open;  /* ended by a break, not by a count */
};

struct export__values {
	struct export_json json;
	struct export__level levels[EXPORT_DECODE_DEPTH_MAX];
	size_t depth;
	bool is_done;        /* one whole value was written */
	bool has_odd_keys;   /* keys that are no text, or are not valid UTF-8 */
	const char *problem; /* static; NULL: none. After one nothing more is to be called */
};

void export__values_init(struct export__values *values, struct export_out *out);

/* Whether to go on: the value is not whole, there is no problem, and the output has room. */
static inline bool export__values_go_on(const struct export__values *values)
{
	return !values->is_done && !values->problem && values->json.out->error == 0;
}

/* Containers with a count (of pairs for a map), and those that a break ends. */
void export__values_array(struct export__values *values, uint64_t count);
void export__values_map(struct export__values *values, uint64_t count);
void export__values_open_array(struct export__values *values);
void export__values_open_map(struct export__values *values);
void export__values_break(struct export__values *values);

void export__values_text(struct export__values *values, struct wire_slice text);
void export__values_bytes(struct export__values *values, struct wire_slice bytes);
void export__values_unsigned(struct export__values *values, uint64_t value);
/* -1 - value */
void export__values_negative(struct export__values *values, uint64_t value);
void export__values_signed(struct export__values *values, int64_t value);
/* float: the shortest text that reads as the same number in single precision. */
void export__values_float(struct export__values *values, float value);
void export__values_double(struct export__values *values, double value);
/* true, false, null */
void export__values_word(struct export__values *values, const char *word);

/* An extension of MessagePack: {"ext":type,"data":"base64"}. */
void export__values_extension(struct export__values *values, int type, struct wire_slice bytes);

#endif
