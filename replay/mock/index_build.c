#include "replay/mock/index_build.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "wire/headers.h"

enum { LIST_MIN = 16 };

uint64_t replay__mock_hash(struct wire_slice bytes)
{
	return XXH3_64bits(bytes.data, bytes.len);
}

uint64_t replay__mock_key(struct wire_slice subject, struct wire_slice payload)
{
	return XXH3_64bits_withSeed(payload.data, payload.len, replay__mock_hash(subject));
}

/* A sum, so that the order of the headers has no part in it. */
uint64_t replay_mock_add_header(uint64_t headers, struct wire_slice key, struct wire_slice value)
{
	return headers + XXH3_64bits_withSeed(value.data, value.len, replay__mock_hash(key));
}

uint64_t replay__mock_headers(struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	uint64_t sum = 0;
	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return block.len == 0 ? 0 : replay__mock_hash(block);
	while (wire_headers_next(&headers, &key, &value) > 0)
		sum = replay_mock_add_header(sum, key, value);
	return sum;
}

void *replay__mock_index_reserve(struct replay_mock_index *index, void *list, size_t len, size_t *cap,
				 size_t item_bytes)
{
	if (len < *cap)
		return list;
	size_t wanted = *cap ? *cap * 2 : LIST_MIN;
	void *grown = realloc(list, wanted * item_bytes);
	if (!grown)
		return NULL;
	index->bytes += (wanted - *cap) * item_bytes;
	*cap = wanted;
	return grown;
}

uint32_t replay__mock_index_subject(const struct replay_mock_index *index, struct wire_slice subject)
{
	uint32_t probe = 0, number;
	while (store_table_next(&index->by_subject, replay__mock_hash(subject), &probe, &number))
		if (wire_slice_equal(wire_slice_str(index->subjects[number].name), subject))
			return number;
	return REPLAY__NO_NUMBER;
}

uint32_t replay__mock_index_equals(const struct replay_mock_index *index, uint64_t key)
{
	uint32_t probe = 0, number;
	while (store_table_next(&index->by_key, key, &probe, &number))
		if (index->conversations[index->equals[number].last].key == key)
			return number;
	return REPLAY__NO_NUMBER;
}

/* ---- after everything was read ---- */

static int by_seq(const void *x, const void *y)
{
	const struct replay__conversation *a = x, *b = y;
	if (a->is_kept != b->is_kept)
		return a->is_kept ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Append conversation `number` to the list of its key. 0 or -ENOMEM. */
static int link_equal(struct replay_mock_index *index, uint32_t number)
{
	uint64_t key = index->conversations[number].key;
	uint32_t at = replay__mock_index_equals(index, key);
	if (at != REPLAY__NO_NUMBER) {
		index->conversations[index->equals[at].last].next_equal = number;
		index->equals[at].last = number;
		return 0;
	}
	struct replay__conversation_list *list = replay__mock_index_reserve(
	    index, index->equals, index->equals_len, &index->equals_cap, sizeof *list);
	if (!list)
		return -ENOMEM;
	index->equals = list;
	index->equals[index->equals_len] = (struct replay__conversation_list){.next = number, .last = number};
	return store_table_insert(&index->by_key, key, (uint32_t)index->equals_len++);
}

static void link_on_subject(struct replay_mock_index *index, uint32_t number)
{
	struct replay__conversation_list *list = &index->subjects[index->conversations[number].subject].list;
	if (list->next == REPLAY__NO_NUMBER)
		list->next = number;
	else
		index->conversations[list->last].next_on_subject = number;
	list->last = number;
}

int replay__mock_index_link(struct replay_mock_index *index)
{
	size_t kept = 0;
	if (index->conversations_len > 0)
		qsort(index->conversations, index->conversations_len, sizeof *index->conversations, by_seq);
	while (kept < index->conversations_len && index->conversations[kept].is_kept)
		kept++;
	while (index->conversations_len > kept)
		free(index->conversations[--index->conversations_len].request_text);
	for (uint32_t number = 0; number < kept; number++) {
		struct replay__conversation *conversation = &index->conversations[number];
		conversation->next_equal = conversation->next_on_subject = REPLAY__NO_NUMBER;
		if (!conversation->is_incomparable && link_equal(index, number) != 0)
			return -ENOMEM;
		link_on_subject(index, number);
	}
	return 0;
}
