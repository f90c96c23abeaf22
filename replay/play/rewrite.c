#include "replay/play/rewrite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/headers.h"

/* A buffer that grows and is used again. */
struct text {
	char *data;
	size_t len, cap;
};

struct replay_rewrite {
	struct replay_map *map;
	char **add, **drop; /* NULL-terminated */
	char *renew_id;     /* owned; NULL: ids are kept */
	bool provenance;
	bool adds_headers;
	uint32_t clones;
	struct text subject, headers;
	uint64_t guarded;
};

/* ---- opening ---- */

static void free_list(char **list)
{
	for (char **entry = list; entry && *entry; entry++)
		free(*entry);
	free(list);
}

static int copy_list(char ***out, const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	*out = calloc(count + 1, sizeof(**out));
	for (size_t i = 0; i < count && *out; i++)
		if (!((*out)[i] = strdup(list[i])))
			return -ENOMEM;
	return *out ? 0 : -ENOMEM;
}

static int check_header(const char *header, struct wire_fault *fault)
{
	size_t key = strcspn(header, ": \t");

	if (key == 0 || header[key] != ':' || strpbrk(header, "\r\n"))
		return wire_fault_set(fault, -EINVAL, "\"%s\" is not a header; write 'Key: value'", header);
	return 0;
}

static int fill(struct replay_rewrite *rewrite, const struct replay_rewrite_options *options,
		struct wire_fault *fault)
{
	int error = 0;

	rewrite->map = replay_map_open();
	rewrite->renew_id = options->renew_id ? strdup(options->renew_id) : NULL;
	if ((options->renew_id && !rewrite->renew_id) || !rewrite->map ||
	    copy_list(&rewrite->add, options->add_headers) ||
	    copy_list(&rewrite->drop, options->drop_headers))
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (const char *const *rule = options->maps; rule && *rule && !error; rule++)
		error = replay_map_add(rewrite->map, *rule, fault);
	for (const char *const *header = options->add_headers; header && *header && !error; header++)
		error = check_header(*header, fault);
	return error;
}

int replay_rewrite_open(struct replay_rewrite **rewrite, const struct replay_rewrite_options *options,
			struct wire_fault *fault)
{
	struct replay_rewrite *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->provenance = options->provenance;
	opened->clones = options->clones;
	int error = fill(opened, options, fault);
	if (error) {
		replay_rewrite_close(opened);
		return error;
	}
	opened->adds_headers = opened->provenance || opened->add[0];
	*rewrite = opened;
	return 0;
}

void replay_rewrite_close(struct replay_rewrite *rewrite)
{
	if (!rewrite)
		return;
	replay_map_close(rewrite->map);
	free_list(rewrite->add);
	free_list(rewrite->drop);
	free(rewrite->renew_id);
	free(rewrite->subject.data);
	free(rewrite->headers.data);
	free(rewrite);
}

/* ---- text ---- */

/* Append bytes. When out of memory they are left out: the message is then sent without that header. */
static void put(struct text *text, struct wire_slice bytes)
{
	if (bytes.len > text->cap - text->len) {
		size_t cap = 2 * (text->len + bytes.len) + 256;
		char *grown = realloc(text->data, cap);
		if (!grown)
			return;
		text->data = grown;
		text->cap = cap;
	}
	if (bytes.len > 0)
		memcpy(text->data + text->len, bytes.data, bytes.len);
	text->len += bytes.len;
}

__attribute__((format(printf, 2, 3))) static void put_format(struct text *text, const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	put(text, wire_slice(line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1));
}

static struct wire_slice slice_of(const struct text *text)
{
	return wire_slice(text->data, text->len);
}

/* ---- headers ---- */

#define FIRST_LINE WIRE_LITERAL("NATS/1.0\r\n")
#define LINE_END   WIRE_LITERAL("\r\n")

static bool is_dropped(const struct replay_rewrite *rewrite, struct wire_slice key)
{
	for (char **drop = rewrite->drop; *drop; drop++) {
		size_t len = strlen(*drop);
		bool is_prefix = len > 0 && (*drop)[len - 1] == '*';
		if (is_prefix ? key.len >= len - 1 && memcmp(key.data, *drop, len - 1) == 0
			      : wire_slice_equal(key, wire_slice(*drop, len)))
			return true;
	}
	return false;
}

static bool is_guard(struct wire_slice key)
{
	const struct wire_slice id = WIRE_LITERAL("Nats-Msg-Id"), expected = WIRE_LITERAL("Nats-Expected-");

	return wire_slice_equal(key, id) ||
	       (key.len > expected.len && memcmp(key.data, expected.data, expected.len) == 0);
}

static void put_header(struct text *text, struct wire_slice key, struct wire_slice value, const char *suffix)
{
	put(text, key);
	put(text, WIRE_LITERAL(": "));
	put(text, value);
	put(text, wire_slice_str(suffix));
	put(text, LINE_END);
}

static bool is_message_id(struct wire_slice key)
{
	return wire_slice_equal(key, WIRE_LITERAL("Nats-Msg-Id"));
}

/* The block has a header that is dropped or renewed; any other block is sent as it was recorded. */
static bool has_changes(const struct replay_rewrite *rewrite, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &key, &value) > 0)
		if (is_dropped(rewrite, key) || (rewrite->renew_id && is_message_id(key)))
			return true;
	return false;
}

/* Append the recorded lines except those that are dropped. A malformed block ends at the bad line. */
static void put_kept(struct replay_rewrite *rewrite, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return;
	while (wire_headers_next(&headers, &key, &value) > 0)
		if (!is_dropped(rewrite, key))
			put_header(&rewrite->headers, key, value,
				   rewrite->renew_id && is_message_id(key) ? rewrite->renew_id : "");
}

static void put_provenance(struct replay_rewrite *rewrite, const struct wire_event *message, uint32_t clone)
{
	struct text *text = &rewrite->headers;
	time_t seconds = (time_t)(message->time_ns / 1000000000);
	char calendar[32] = "";
	struct tm tm;

	if (message->time_ns >= 0 && gmtime_r(&seconds, &tm))
		strftime(calendar, sizeof(calendar), "%Y-%m-%dT%H:%M:%S", &tm);
	if (calendar[0])
		put_format(text, "Tapedeck-Time: %s.%09" PRId64 "Z\r\n", calendar,
			   message->time_ns % 1000000000);
	put_format(text, "Tapedeck-Seq: %" PRIu64 "\r\n", message->seq);
	if (rewrite->clones > 1)
		put_format(text, "Tapedeck-Clone: %u\r\n", clone);
}

static struct wire_slice rewrite_headers(struct replay_rewrite *rewrite, const struct wire_event *message,
					 uint32_t clone)
{
	struct text *text = &rewrite->headers;

	text->len = 0;
	put(text, FIRST_LINE);
	put_kept(rewrite, message->headers);
	for (char **header = rewrite->add; *header; header++) {
		put(text, wire_slice_str(*header));
		put(text, LINE_END);
	}
	if (rewrite->provenance)
		put_provenance(rewrite, message, clone);
	if (text->len <= FIRST_LINE.len)
		return wire_slice(NULL, 0);
	put(text, LINE_END);
	return slice_of(text);
}

static void note_guards(struct replay_rewrite *rewrite, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return;
	while (wire_headers_next(&headers, &key, &value) > 0) {
		if (!is_guard(key))
			continue;
		rewrite->guarded++;
		return;
	}
}

void replay_rewrite(struct replay_rewrite *rewrite, const struct wire_event *message, uint32_t clone,
		    struct replay_rewritten *out)
{
	*out = (struct replay_rewritten){
	    .subject = message->subject, .reply = message->reply, .headers = message->headers};
	if (replay_map_len(rewrite->map) > 0) {
		rewrite->subject.len = 0;
		put(&rewrite->subject, replay_map_apply(rewrite->map, message->subject, clone));
		out->subject = slice_of(&rewrite->subject);
		if (message->reply.len > 0)
			out->reply = replay_map_apply(rewrite->map, message->reply, clone);
	}
	if (rewrite->adds_headers || has_changes(rewrite, message->headers))
		out->headers = rewrite_headers(rewrite, message, clone);
	note_guards(rewrite, out->headers);
}

struct replay_map *replay_rewrite_map(const struct replay_rewrite *rewrite)
{
	return rewrite->map;
}

uint64_t replay_rewrite_guarded(const struct replay_rewrite *rewrite)
{
	return rewrite->guarded;
}
