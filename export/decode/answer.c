#include "export/decode/answer.h"

enum { LENGTH_BYTES = 4 };

static uint32_t length_of(struct wire_slice arrived)
{
	const unsigned char *bytes = (const unsigned char *)arrived.data;

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_whole_frame(struct wire_slice arrived, struct wire_slice *text, size_t *used)
{
	if (arrived.len < LENGTH_BYTES || arrived.len - LENGTH_BYTES < length_of(arrived))
		return false;
	*text = wire_slice(arrived.data + LENGTH_BYTES, length_of(arrived));
	*used = LENGTH_BYTES + text->len;
	return true;
}

/* Count a character of JSON outside of strings. */
static void count(struct export__answer *answer, char c)
{
	if (c == '"')
		answer->is_string = true;
	else if (c == '{' || c == '[')
		answer->depth++;
	else if (c == '}' || c == ']')
		answer->depth--;
}

static void look(struct export__answer *answer, char c)
{
	if (answer->at == 0)
		answer->is_json = c == '{' || c == '[';
	if (!answer->is_json)
		return;
	if (!answer->is_string)
		count(answer, c);
	else if (answer->is_escaped)
		answer->is_escaped = false;
	else if (c == '\\')
		answer->is_escaped = true;
	else if (c == '"')
		answer->is_string = false;
}

static bool is_whole_text(struct export__answer *answer, struct wire_slice arrived, struct wire_slice *text,
			  size_t *used)
{
	for (; answer->at < arrived.len; answer->at++) {
		const char c = arrived.data[answer->at];

		look(answer, c);
		if (c != '\n' || (answer->is_json && (answer->depth > 0 || answer->is_string)))
			continue;
		*used = answer->at + 1;
		*text = wire_slice(arrived.data, answer->at);
		if (text->len > 0 && text->data[text->len - 1] == '\r')
			text->len--;
		return true;
	}
	return false;
}

bool export__answer_is_whole(struct export__answer *answer, enum export__framing framing,
			     struct wire_slice arrived, struct wire_slice *text, size_t *used)
{
	return framing == EXPORT__FRAMES ? is_whole_frame(arrived, text, used)
					 : is_whole_text(answer, arrived, text, used);
}

bool export__answer_is_too_large(enum export__framing framing, struct wire_slice arrived)
{
	return framing == EXPORT__FRAMES && arrived.len >= LENGTH_BYTES &&
	       length_of(arrived) > EXPORT_DECODE_BYTES_MAX;
}
