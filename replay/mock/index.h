/* index.h - the requests that a recorded service received, and its replies.
 *
 * A conversation is a request and the replies to it; it may have none, because the service did not reply. A live request
 * is answered with
 *
 *   1. exact      a conversation whose request had the same subject and payload: the next one that was not played yet;
 *                 when all were, the last of them again
 *   2. in order   the next conversation on the same subject that was not played yet
 *   3. a miss     no conversation on that subject, or all were played
 *
 * Headers of requests are not compared, because they hold traces and identifiers. An exact index compares them, too (the same
 * keys with the same values, in any order), and has no second step: what does not equal a recorded request is a miss.
 * A request that was not recorded whole, or masked, equals none. Everything is held in memory, equal replies once. */
#ifndef REPLAY_MOCK_INDEX_H
#define REPLAY_MOCK_INDEX_H

#include "wire/source.h"

enum { REPLAY_MOCK_NONE = -1, REPLAY_MOCK_SUBSCRIPTIONS_MAX = 10000 };

/* The subjects that the mock subscribes to: patterns that the service subscribed to as far as they are known, else the subjects of its
 * requests. */
struct replay_mock_subscription {
	char *subject, *queue; /* owned, NUL-terminated; queue "" = none */
};

struct replay_mock_reply {
	int64_t after_ns; /* since the request; never negative, never less than that of the reply before */
	struct wire_slice headers, payload;
};

/* Made by replay_mock_index_read (replay/mock/index_read.h). */
struct replay_mock_index;

void replay_mock_index_close(struct replay_mock_index *index);

uint64_t replay_mock_index_conversations(const struct replay_mock_index *index);
uint64_t replay_mock_index_replies(const struct replay_mock_index *index);
/* Replies that were not recorded whole: the mock sends the part that was recorded. */
uint64_t replay_mock_index_incomplete(const struct replay_mock_index *index);

/* The subscriptions to make; owned by the index. */
const struct replay_mock_subscription *replay_mock_index_subscriptions(const struct replay_mock_index *index,
								       size_t *count);

enum replay_mock_match { REPLAY_MOCK_EXACT, REPLAY_MOCK_IN_ORDER, REPLAY_MOCK_MISS, REPLAY_MOCK_MATCHES };

/* The headers of a request as a number, the same in any order: 0 without headers, then call it for each value. */
uint64_t replay_mock_add_header(uint64_t headers, struct wire_slice key, struct wire_slice value);

/* Headers are compared. */
bool replay_mock_index_is_exact(const struct replay_mock_index *index);

/* Find the conversation that answers a live request, and mark it as played. headers: see above; ignored unless the index is
 * exact. On a miss *conversation is the one that was played last on that subject, REPLAY_MOCK_NONE when there is none. */
enum replay_mock_match replay_mock_index_match(struct replay_mock_index *index, struct wire_slice subject,
					       uint64_t headers, struct wire_slice payload,
					       int64_t *conversation);

/* Iterate over the replies of a conversation: *reply starts at REPLAY_MOCK_NONE. False after the last. The slices borrow
 * the index. */
bool replay_mock_index_reply(const struct replay_mock_index *index, int64_t conversation, int64_t *reply,
			     struct replay_mock_reply *out);

#endif
