#include "replay/mock/index.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "replay/mock/store.h"

enum { LIST_MIN = 16 };

uint64_t replay__mock_hash(struct wire_slice bytes)
{
	return XXH3_64bits(bytes.data, bytes.len);
}

uint64_t replay__mock_key(struct wire_slice subject, struct wire_slice payload)
{
	return XXH3_64bits_withSeed(payload.data, payload.len, replay__mock_hash(subject));
}

void *replay__mock_room(struct replay_mock_index *index, void *list, size_t len, size_t *cap,
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

void replay_mock_index_close(struct replay_mock_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->conversations_len; i++)
		free(index->conversations[i].asked);
	for (size_t i = 0; i < index->bodies_len; i++)
		free(index->bodies[i].bytes);
	for (size_t i = 0; i < index->topics_len; i++)
		free(index->topics[i].name);
	free(index->conversations);
	free(index->answers);
	free(index->bodies);
	free(index->topics);
	free(index->alike);
	replay__subscribed_fini(&index->subscriptions);
	replay__table_fini(&index->by_key);
	replay__table_fini(&index->by_subject);
	replay__table_fini(&index->by_body);
	free(index);
}

uint32_t replay__mock_topic(const struct replay_mock_index *index, struct wire_slice subject)
{
	size_t probe = 0;
	uint32_t number;
	while (replay__table_next(&index->by_subject, replay__mock_hash(subject), &probe, &number))
		if (wire_slice_equal(wire_slice_str(index->topics[number].name), subject))
			return number;
	return REPLAY__NO_NUMBER;
}

/* ---- in order, once all is read ---- */

static int by_seq(const void *x, const void *y)
{
	const struct replay__conversation *a = x, *b = y;
	if (a->is_kept != b->is_kept)
		return a->is_kept ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static uint32_t find_alike(const struct replay_mock_index *index, uint64_t key)
{
	size_t probe = 0;
	uint32_t number;
	return replay__table_next(&index->by_key, key, &probe, &number) ? number : REPLAY__NO_NUMBER;
}

/* Append conversation `number` to the list of its key. 0 or -ENOMEM. */
static int link_alike(struct replay_mock_index *index, uint32_t number)
{
	uint64_t key = index->conversations[number].key;
	uint32_t at = find_alike(index, key);
	if (at != REPLAY__NO_NUMBER) {
		index->conversations[index->alike[at].last].next_alike = number;
		index->alike[at].last = number;
		return 0;
	}
	struct replay__list *list =
	    replay__mock_room(index, index->alike, index->alike_len, &index->alike_cap, sizeof *list);
	if (!list)
		return -ENOMEM;
	index->alike = list;
	index->alike[index->alike_len] = (struct replay__list){.next = number, .last = number};
	return replay__table_add(&index->by_key, key, (uint32_t)index->alike_len++);
}

static void link_on_subject(struct replay_mock_index *index, uint32_t number)
{
	struct replay__list *list = &index->topics[index->conversations[number].subject].list;
	if (list->next == REPLAY__NO_NUMBER)
		list->next = number;
	else
		index->conversations[list->last].next_on_subject = number;
	list->last = number;
}

int replay__mock_settle(struct replay_mock_index *index)
{
	size_t kept = 0;
	if (index->conversations_len > 0)
		qsort(index->conversations, index->conversations_len, sizeof *index->conversations, by_seq);
	while (kept < index->conversations_len && index->conversations[kept].is_kept)
		kept++;
	while (index->conversations_len > kept)
		free(index->conversations[--index->conversations_len].asked);
	for (uint32_t number = 0; number < kept; number++) {
		struct replay__conversation *conversation = &index->conversations[number];
		conversation->next_alike = conversation->next_on_subject = REPLAY__NO_NUMBER;
		if (link_alike(index, number) != 0)
			return -ENOMEM;
		link_on_subject(index, number);
	}
	return 0;
}

/* ---- answering ---- */

static uint32_t skip_played_alike(const struct replay_mock_index *index, uint32_t number)
{
	while (number != REPLAY__NO_NUMBER && index->conversations[number].is_played)
		number = index->conversations[number].next_alike;
	return number;
}

static uint32_t skip_played_on_subject(const struct replay_mock_index *index, uint32_t number)
{
	while (number != REPLAY__NO_NUMBER && index->conversations[number].is_played)
		number = index->conversations[number].next_on_subject;
	return number;
}

/* The next of those that had this request, the last again when all were played. */
static uint32_t take_exact(struct replay_mock_index *index, uint64_t key)
{
	uint32_t at = find_alike(index, key);
	if (at == REPLAY__NO_NUMBER)
		return REPLAY__NO_NUMBER;
	struct replay__list *list = &index->alike[at];
	list->next = skip_played_alike(index, list->next);
	return list->next != REPLAY__NO_NUMBER ? list->next : list->last;
}

static uint32_t take_in_order(struct replay_mock_index *index, struct replay__topic *topic)
{
	topic->list.next = skip_played_on_subject(index, topic->list.next);
	return topic->list.next;
}

enum replay_mock_match replay_mock_index_ask(struct replay_mock_index *index, struct wire_slice subject,
					     struct wire_slice payload, int64_t *conversation)
{
	enum replay_mock_match match = REPLAY_MOCK_EXACT;
	uint32_t topic = replay__mock_topic(index, subject);
	*conversation = REPLAY_MOCK_NONE;
	if (topic == REPLAY__NO_NUMBER)
		return REPLAY_MOCK_MISS;
	uint32_t number = take_exact(index, replay__mock_key(subject, payload));
	if (number == REPLAY__NO_NUMBER) {
		match = REPLAY_MOCK_IN_ORDER;
		number = take_in_order(index, &index->topics[topic]);
	}
	if (number == REPLAY__NO_NUMBER) {
		*conversation = index->topics[topic].played_last;
		return REPLAY_MOCK_MISS;
	}
	index->conversations[number].is_played = true;
	index->topics[topic].played_last = number;
	*conversation = number;
	return match;
}

bool replay_mock_index_reply(const struct replay_mock_index *index, int64_t conversation, int64_t *reply,
			     struct replay_mock_reply *out)
{
	uint32_t number = *reply == REPLAY_MOCK_NONE ? index->conversations[conversation].first
						     : index->answers[*reply].next;
	if (number == REPLAY__NO_NUMBER)
		return false;
	const struct replay__answer *answer = &index->answers[number];
	const struct replay__body *body = &index->bodies[answer->body];
	out->after_ns = answer->after_ns;
	out->headers = wire_slice(body->bytes, body->headers_len);
	out->payload = wire_slice(body->bytes + body->headers_len, body->payload_len);
	*reply = number;
	return true;
}

/* ---- counts ---- */

uint64_t replay_mock_index_conversations(const struct replay_mock_index *index)
{
	return index->conversations_len;
}

uint64_t replay_mock_index_replies(const struct replay_mock_index *index)
{
	return index->answers_len;
}

uint64_t replay_mock_index_incomplete(const struct replay_mock_index *index)
{
	return index->incomplete;
}

const struct replay_mock_subscription *replay_mock_index_subscriptions(const struct replay_mock_index *index,
								       size_t *count)
{
	*count = index->subscriptions.len;
	return index->subscriptions.list;
}
