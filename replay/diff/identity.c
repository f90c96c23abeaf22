#include "replay/diff/identity.h"

#include <stdlib.h>
#include <xxhash.h>

#include "trace/jetstream.h"
#include "wire/headers.h"

static uint64_t mix(uint64_t hash, struct wire_slice bytes)
{
	return XXH3_64bits_withSeed(bytes.data, bytes.len, hash);
}

static uint64_t not_zero(uint64_t hash)
{
	return hash ? hash : 1;
}

/* A subject as it is compared. */
static struct wire_slice fold(const struct replay_diff_options *options, struct wire_slice subject)
{
	bool is_folded =
	    options->replies != REPLAY_REPLIES_EXACT && trace_is_inbox(&options->inboxes, subject);
	return is_folded ? WIRE_LITERAL(TRACE_INBOX_PATTERN) : subject;
}

/* A consumer's acknowledgement subject has another name and another time in each run. */
static struct wire_slice fold_reply(const struct replay_diff_options *options, struct wire_slice reply)
{
	bool is_folded = options->replies != REPLAY_REPLIES_EXACT && trace_is_ack_subject(reply);
	return is_folded ? WIRE_LITERAL("$JS.ACK.>") : fold(options, reply);
}

static bool is_ignored(const struct replay_diff_options *options, struct wire_slice key)
{
	for (const char *const *ignored = options->ignore_headers; *ignored; ignored++)
		if (wire_slice_equal(key, wire_slice_str(*ignored)))
			return true;
	return false;
}

/* Add the headers that are not ignored to *hash; without any, *hash is unchanged. False when the block is malformed. */
static bool mix_some_headers(const struct replay_diff_options *options, struct wire_slice block,
			     uint64_t *hash)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	int status = wire_headers_open(&headers, block);
	if (status != 0)
		return false;
	if (headers.status.len > 0)
		*hash = mix(mix(*hash, headers.status), headers.text);
	while ((status = wire_headers_next(&headers, &key, &value)) > 0)
		if (!is_ignored(options, key))
			*hash = mix(mix(*hash, key), value);
	return status == 0;
}

static uint64_t mix_headers(const struct replay_diff_options *options, struct wire_slice block, uint64_t hash)
{
	uint64_t some = hash;
	if (block.len == 0)
		return hash;
	if (options->ignore_headers && mix_some_headers(options, block, &some))
		return some;
	return mix(hash, block);
}

/* Equal JSON has the same hash. */
static uint64_t mix_payload(const struct replay_diff_options *options, struct wire_slice payload,
			    uint64_t hash)
{
	size_t len;
	char *normal = options->compare ? replay_compare_normal(options->compare, payload, &len) : NULL;
	if (!normal)
		return mix(hash, payload);
	hash = mix(hash, wire_slice(normal, len));
	free(normal);
	return hash;
}

uint64_t replay__content_hash(const struct replay_diff_options *options, const struct wire_event *message)
{
	uint64_t hash = mix(0, fold(options, message->subject));
	if (options->replies != REPLAY_REPLIES_IGNORE)
		hash = mix(hash, fold_reply(options, message->reply));
	hash = mix_headers(options, message->headers, hash);
	return not_zero(mix_payload(options, message->payload, hash));
}

uint64_t replay__reply_key(uint64_t content, uint64_t request)
{
	return not_zero(content ^ (request * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x517cc1b727220a95)));
}

uint64_t replay__subject_hash(struct wire_slice subject)
{
	return mix(0, subject);
}
