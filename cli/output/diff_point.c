#include "cli/output/diff_point.h"

static const char *const names[] = {
    [CLI_DIFF_PAYLOAD] = "payload",
    [CLI_DIFF_HEADERS] = "headers",
    [CLI_DIFF_REPLY] = "reply",
    [CLI_DIFF_SUBJECT] = "subject",
    [CLI_DIFF_BEYOND] = "payload beyond the first 4096 bytes",
};

const char *cli_diff_part_name(enum cli_diff_part part)
{
	return names[part];
}

struct wire_slice cli_diff_part_of(const struct replay_diff_message *message, enum cli_diff_part part)
{
	switch (part) {
	case CLI_DIFF_HEADERS: return message->headers;
	case CLI_DIFF_REPLY: return message->reply;
	case CLI_DIFF_SUBJECT: return message->subject;
	case CLI_DIFF_PAYLOAD:
	case CLI_DIFF_BEYOND: break;
	}
	return message->payload;
}

size_t cli_diff_first_difference(struct wire_slice a, struct wire_slice b)
{
	size_t at = 0;

	while (at < a.len && at < b.len && a.data[at] == b.data[at])
		at++;
	return at;
}

struct cli_diff_point cli_diff_point_find(const struct replay_diff_message *a,
					  const struct replay_diff_message *b)
{
	static const enum cli_diff_part parts[] = {CLI_DIFF_PAYLOAD, CLI_DIFF_HEADERS};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct wire_slice in_a = cli_diff_part_of(a, parts[i]), in_b = cli_diff_part_of(b, parts[i]);
		size_t at = cli_diff_first_difference(in_a, in_b);

		if (at < in_a.len || at < in_b.len)
			return (struct cli_diff_point){.part = parts[i], .at = at};
	}
	if (a->payload.len == REPLAY_DIFF_KEPT_BYTES || a->headers.len == REPLAY_DIFF_KEPT_BYTES)
		return (struct cli_diff_point){.part = CLI_DIFF_BEYOND, .at = a->payload.len};
	enum cli_diff_part part = wire_slice_equal(a->reply, b->reply) ? CLI_DIFF_SUBJECT : CLI_DIFF_REPLY;
	struct wire_slice in_a = cli_diff_part_of(a, part), in_b = cli_diff_part_of(b, part);
	return (struct cli_diff_point){.part = part, .at = cli_diff_first_difference(in_a, in_b)};
}

enum export_decode_result cli_diff_decode(struct export_decoder *decoder,
					  const struct replay_diff_message *message,
					  struct export_decoded *decoded)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
					 .flags = message->is_masked ? WIRE_EVENT_MASKED : 0,
					 .seq = message->seq,
					 .subject = message->subject,
					 .payload = message->payload,
					 .size = message->size};

	return export_decode(decoder, &event, decoded);
}
