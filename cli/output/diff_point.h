/* diff_point.h - find the first byte in which two messages differ. */
#ifndef CLI_OUTPUT_DIFF_POINT_H
#define CLI_OUTPUT_DIFF_POINT_H

#include "export/decode/decode.h"
#include "replay/diff/diff.h"

enum cli_diff_part { CLI_DIFF_PAYLOAD, CLI_DIFF_HEADERS, CLI_DIFF_REPLY, CLI_DIFF_SUBJECT, CLI_DIFF_BEYOND };

struct cli_diff_point {
	enum cli_diff_part part; /* CLI_DIFF_BEYOND: after the bytes that were kept */
	size_t at;               /* the first byte of the part that differs */
};

struct cli_diff_point cli_diff_point_find(const struct replay_diff_message *a,
					  const struct replay_diff_message *b);

/* "payload", "headers", "reply", "subject", "payload beyond the first 4096 bytes". Static. */
const char *cli_diff_part_name(enum cli_diff_part part);

/* That part of a message. */
struct wire_slice cli_diff_part_of(const struct replay_diff_message *message, enum cli_diff_part part);

/* Decode the payload of a message, as export_decode does. What is beyond the bytes that are kept cannot be decoded. */
enum export_decode_result cli_diff_decode(struct export_decoder *decoder,
					  const struct replay_diff_message *message,
					  struct export_decoded *decoded);

/* The first byte in which two slices differ; the length of both when none does. */
size_t cli_diff_first_difference(struct wire_slice a, struct wire_slice b);

#endif
