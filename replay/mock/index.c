#include "replay/mock/index.h"

#include <stdlib.h>

#include "replay/mock/index_build.h"
#include "replay/mock/subscriptions.h"

void replay_mock_index_close(struct replay_mock_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->conversations_len; i++)
		free(index->conversations[i].request_text);
	for (size_t i = 0; i < index->bodies_len; i++)
		free(index->bodies[i].bytes);
	for (size_t i = 0; i < index->subjects_len; i++)
		free(index->subjects[i].name);
	free(index->conversations);
	free(index->replies);
	free(index->bodies);
	free(index->subjects);
	free(index->equals);
	replay__subscriptions_fini(&index->subscriptions);
	store_table_fini(&index->by_key);
	store_table_fini(&index->by_subject);
	store_table_fini(&index->by_body);
	free(index);
}

/* ---- answering ---- */

static uint32_t skip_played_equal(const struct replay_mock_index *index, uint32_t number)
{
	while (number != REPLAY__NO_NUMBER && index->conversations[number].is_played)
		number = index->conversations[number].next_equal;
	return number;
}

static uint32_t skip_played_on_subject(const struct replay_mock_index *index, uint32_t number)
{
	while (number != REPLAY__NO_NUMBER && index->conversations[number].is_played)
		number = index->conversations[number].next_on_subject;
	return number;
}

/* The next conversation with this request that was not played; when all were, the last of them. */
static uint32_t take_exact(struct replay_mock_index *index, uint64_t key)
{
	uint32_t at = replay__mock_index_equals(index, key);
	if (at == REPLAY__NO_NUMBER)
		return REPLAY__NO_NUMBER;
	struct replay__conversation_list *list = &index->equals[at];
	list->next = skip_played_equal(index, list->next);
	return list->next != REPLAY__NO_NUMBER ? list->next : list->last;
}

static uint32_t take_in_order(struct replay_mock_index *index, struct replay__mock_subject *subject)
{
	subject->list.next = skip_played_on_subject(index, subject->list.next);
	return subject->list.next;
}

bool replay_mock_index_is_exact(const struct replay_mock_index *index)
{
	return index->is_exact;
}

enum replay_mock_match replay_mock_index_match(struct replay_mock_index *index, struct wire_slice subject,
					       uint64_t headers, struct wire_slice payload,
					       int64_t *conversation)
{
	enum replay_mock_match match = REPLAY_MOCK_EXACT;
	uint32_t at = replay__mock_index_subject(index, subject);
	*conversation = REPLAY_MOCK_NONE;
	if (at == REPLAY__NO_NUMBER)
		return REPLAY_MOCK_MISS;
	uint32_t number =
	    take_exact(index, replay__mock_key(subject, payload) + (index->is_exact ? headers : 0));
	if (number == REPLAY__NO_NUMBER && !index->is_exact) {
		match = REPLAY_MOCK_IN_ORDER;
		number = take_in_order(index, &index->subjects[at]);
	}
	if (number == REPLAY__NO_NUMBER) {
		*conversation = index->subjects[at].played_last;
		return REPLAY_MOCK_MISS;
	}
	index->conversations[number].is_played = true;
	index->subjects[at].played_last = number;
	*conversation = number;
	return match;
}

bool replay_mock_index_reply(const struct replay_mock_index *index, int64_t conversation, int64_t *reply,
			     struct replay_mock_reply *out)
{
	uint32_t number = *reply == REPLAY_MOCK_NONE ? index->conversations[conversation].first
						     : index->replies[*reply].next;
	if (number == REPLAY__NO_NUMBER)
		return false;
	const struct replay__recorded_reply *recorded = &index->replies[number];
	const struct replay__reply_body *body = &index->bodies[recorded->body];
	out->after_ns = recorded->after_ns;
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
	return index->replies_len;
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
