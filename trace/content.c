#include "trace/content.h"

#include <xxhash.h>

#include "trace/inbox.h"

enum { PAYLOAD_MAX = 4096, WORD_MIN = 4, DIGITS_MIN = 5, WORD_MAX = 128 };

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value ends in a word that goes on before or after it. */
static bool is_part_of_word(struct wire_slice bytes, const char *at, struct wire_slice value)
{
	const char *end = at + value.len;
	if (at > bytes.data && is_alphanumeric(at[0]) && is_alphanumeric(at[-1]))
		return true;
	return end < bytes.data + bytes.len && is_alphanumeric(end[-1]) && is_alphanumeric(end[0]);
}

bool trace_content_holds(struct wire_slice bytes, struct wire_slice value)
{
	const char *from = bytes.data;
	if (value.len == 0 || bytes.len < value.len)
		return false;
	for (;;) {
		size_t left = bytes.len - (size_t)(from - bytes.data);
		const char *at = memmem(from, left, value.data, value.len);
		if (!at)
			return false;
		if (!is_part_of_word(bytes, at, value))
			return true;
		from = at + 1;
	}
}

bool trace_message_holds(const struct wire_event *event, struct wire_slice value)
{
	return trace_content_holds(event->subject, value) || trace_content_holds(event->payload, value) ||
	       trace_content_holds(event->headers, value) || trace_content_holds(event->reply, value);
}

/* ---- ids ---- */

struct ids {
	uint64_t *list;
	size_t count;
};

static void add_word(struct ids *ids, struct wire_slice word, size_t digits)
{
	if (digits == 0 || word.len < WORD_MIN || word.len > WORD_MAX || ids->count == TRACE_CONTENT_IDS_MAX)
		return;
	if (digits == word.len && word.len < DIGITS_MIN)
		return;
	uint64_t hash = XXH3_64bits(word.data, word.len);
	for (size_t i = 0; i < ids->count; i++)
		if (ids->list[i] == hash)
			return;
	ids->list[ids->count++] = hash;
}

static void add_words(struct ids *ids, struct wire_slice text)
{
	size_t start = 0, digits = 0;
	for (size_t i = 0; i <= text.len; i++) {
		char c = i < text.len ? text.data[i] : ' ';
		if (is_alphanumeric(c) || c == '-' || c == '_') {
			digits += c >= '0' && c <= '9';
			continue;
		}
		add_word(ids, wire_slice(text.data + start, i - start), digits);
		start = i + 1;
		digits = 0;
	}
}

size_t trace_content_ids(const struct wire_event *event, uint64_t list[TRACE_CONTENT_IDS_MAX])
{
	struct ids ids = {.list = list};
	struct wire_slice payload = event->payload;
	if (payload.len > PAYLOAD_MAX)
		payload.len = PAYLOAD_MAX;
	if (!trace_has_inbox_prefix(event->subject))
		add_words(&ids, event->subject);
	add_words(&ids, payload);
	return ids.count;
}
