#include "cli/options/near_miss.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/options/inputs.h"
#include "wire/headers.h"
#include "wire/subject.h"
#include "wire/suggest.h"

enum {
	TIME_MS = 500,
	EVENTS_PER_LOOK = 4096,  /* at the clock */
	REMEMBERED_NAMES = 4096, /* so many are not looked at again */
};

struct search {
	struct cli_near_misses *misses;
	uint64_t seen[REMEMBERED_NAMES]; /* hashes */
};

/* ---- comparing ---- */

/* FNV-1a */
static uint64_t hash_of(struct wire_slice text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* The name has not been looked at yet, or was forgotten. */
static bool is_new(struct search *search, struct wire_slice name)
{
	uint64_t hash = hash_of(name), *seen = &search->seen[hash % REMEMBERED_NAMES];
	bool is_known = *seen == hash;

	*seen = hash;
	return !is_known;
}

static size_t token_len(const char *text, size_t len)
{
	const char *dot = memchr(text, '.', len);

	return dot ? (size_t)(dot - text) : len;
}

/* The subject with the wildcards of the pattern: of "ordes.*.>" and "orders.eu.new.x" "orders.*.>". False when it has
 * fewer or more tokens than the pattern can match, or does not fit. */
static bool put_wildcards(char *out, size_t size, const char *pattern, struct wire_slice subject)
{
	size_t len = 0;

	for (;;) {
		size_t asked = strcspn(pattern, "."), there = token_len(subject.data, subject.len);
		bool is_rest = strcmp(pattern, ">") == 0, is_any = asked == 1 && pattern[0] == '*';

		if (subject.len == 0 || len + there + 2 > size)
			return false;
		if (is_rest)
			snprintf(out + len, size - len, ">");
		else
			snprintf(out + len, size - len, "%.*s", (int)(is_any ? 1 : there),
				 is_any ? "*" : subject.data);
		bool is_last = pattern[asked] == '\0', was_last = there == subject.len;
		if (is_rest || (is_last && was_last))
			return true;
		if (is_last || was_last)
			return false;
		len = strlen(out);
		out[len++] = '.';
		pattern += asked + 1;
		subject = wire_slice(subject.data + there + 1, subject.len - there - 1);
	}
}

/* Only plain text is suggested: it goes to a terminal. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

static void note_candidate(struct cli_near_miss *miss, const char *candidate)
{
	const char *words[] = {miss->nearest[0] ? miss->nearest : candidate, candidate, NULL};
	const char *nearest = wire_suggest(miss->typed, words);

	if (nearest == candidate && is_printable(candidate) && strcmp(candidate, miss->typed) != 0)
		snprintf(miss->nearest, sizeof(miss->nearest), "%s", candidate);
}

static void compare_subject(struct cli_near_miss *miss, struct wire_slice subject)
{
	char candidate[CLI_NEAREST_TEXT];

	miss->is_there |= wire_subject_matches(wire_slice_str(miss->typed), subject);
	if (!miss->is_there && put_wildcards(candidate, sizeof(candidate), miss->typed, subject))
		note_candidate(miss, candidate);
}

static bool is_address(const char *typed, struct wire_slice address)
{
	size_t len = strlen(typed);

	return len <= address.len && memcmp(typed, address.data, len) == 0 &&
	       (len == address.len || address.data[len] == ':');
}

static void compare_client(struct cli_near_miss *miss, uint64_t conn, const struct wire_client *client)
{
	char text[CLI_NEAREST_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, conn);
	miss->is_there |= strcmp(text, miss->typed) == 0;
	if (!client)
		return;
	miss->is_there |= wire_slice_equal(client->name, wire_slice_str(miss->typed)) ||
			  is_address(miss->typed, client->address);
	if (miss->is_there || client->name.len == 0 || client->name.len >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)client->name.len, client->name.data);
	note_candidate(miss, text);
}

/* The key as it is there, with what was typed after its own, or with this value. */
static void compare_header(struct cli_near_miss *miss, struct wire_slice key, struct wire_slice value)
{
	const char *rest = miss->typed + strcspn(miss->typed, "=~");
	const struct wire_slice typed_key = wire_slice(miss->typed, (size_t)(rest - miss->typed));
	char candidate[CLI_NEAREST_TEXT];
	bool is_key = key.len == typed_key.len && strncasecmp(key.data, typed_key.data, key.len) == 0;

	miss->is_there |= is_key && (*rest != '=' || wire_slice_equal(value, wire_slice_str(rest + 1)));
	int len = *rest == '='
		      ? snprintf(candidate, sizeof(candidate), "%.*s=%.*s", (int)key.len, key.data,
				 (int)value.len, value.data)
		      : snprintf(candidate, sizeof(candidate), "%.*s%s", (int)key.len, key.data, rest);
	if (!miss->is_there && (size_t)len < sizeof(candidate))
		note_candidate(miss, candidate);
}

static void compare_headers(struct search *search, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;

	if (!is_new(search, block) || wire_headers_open(&headers, block) != 0)
		return;
	while (wire_headers_next(&headers, &key, &value) == 1)
		for (size_t i = 0; i < search->misses->len; i++)
			if (search->misses->list[i].kind == CLI_NEAR_HEADER)
				compare_header(&search->misses->list[i], key, value);
}

/* ---- looking ---- */

static void look_at(struct search *search, const struct wire_event *event, const struct wire_client *client)
{
	struct cli_near_misses *misses = search->misses;
	bool has_subject = event->subject.len > 0 && is_new(search, event->subject);
	char conn[24];

	snprintf(conn, sizeof(conn), "#%" PRIu64, event->conn);
	bool has_client = event->conn != 0 && is_new(search, wire_slice_str(conn));
	for (size_t i = 0; i < misses->len; i++) {
		if (misses->list[i].kind == CLI_NEAR_CLIENT && has_client)
			compare_client(&misses->list[i], event->conn, client);
		else if (misses->list[i].kind == CLI_NEAR_SUBJECT && has_subject)
			compare_subject(&misses->list[i], event->subject);
	}
	if (event->headers.len > 0 && event->headers.data)
		compare_headers(search, event->headers);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void look_through(struct search *search, struct store_merge *logs)
{
	struct cli_near_misses *misses = search->misses;
	struct wire_fault fault;
	struct wire_event event;
	int64_t end_ms = now_ms() + TIME_MS;
	int status;

	while ((status = store_merge_next(logs, &event, &fault)) > 0) {
		if (misses->events++ == 0)
			misses->first_ns = event.time_ns;
		if (event.time_ns > misses->last_ns)
			misses->last_ns = event.time_ns;
		look_at(search, &event, store_merge_client(logs, event.conn));
		if (misses->events % EVENTS_PER_LOOK == 0 && now_ms() > end_ms)
			return;
	}
	misses->is_whole = status == 0;
}

static bool can_be_read_again(const struct cli_operands *logs)
{
	struct stat file;

	for (int i = 0; i < logs->len; i++)
		if (stat(logs->values[i], &file) != 0 || !(S_ISREG(file.st_mode) || S_ISDIR(file.st_mode)))
			return false;
	return true;
}

static bool asks_for_headers(const struct cli_near_misses *misses)
{
	for (size_t i = 0; i < misses->len; i++)
		if (misses->list[i].kind == CLI_NEAR_HEADER)
			return true;
	return false;
}

bool cli_near_misses_find(struct cli_near_misses *misses, const struct cli_operands *logs)
{
	static const char kinds[] = "message,delivery,connect,disconnect,subscribe,unsubscribe,error,mark";
	struct store_filter *filter = store_filter_open();
	struct search search = {.misses = misses};
	struct store_merge *merge;
	struct wire_fault fault;

	misses->last_ns = INT64_MIN;
	if (!filter || !can_be_read_again(logs) || store_filter_kinds(filter, kinds, &fault) != 0) {
		store_filter_close(filter);
		return false;
	}
	const struct store_reader_options options = {
	    .filter = filter, .in_time_order = true, .payloads = asks_for_headers(misses)};
	bool is_open = cli_inputs_open(&merge, logs, &options, &fault) == 0;
	if (is_open) {
		look_through(&search, merge);
		store_merge_close(merge);
	}
	store_filter_close(filter);
	return is_open;
}
