/* select.h - decide which messages are played, and say why others are not. */
#ifndef REPLAY_PLAY_SELECT_H
#define REPLAY_PLAY_SELECT_H

#include "store/filter/filter.h"

/* Why a message that was asked for is left out. X(name, key in JSON, text). */
#define REPLAY_OMISSIONS(X)                                                                               \
	X(INTERNAL, "internal", "internal subjects ($SYS, $JS, _R_ and the like); --internal plays them") \
	X(LIVE, "live", "published by services that are live")                                            \
	X(REPLY, "replies", "recorded replies to requests that get live ones")                            \
	X(SUBJECT, "subjects", "subjects that no client can publish to")                                  \
	X(INCOMPLETE, "incomplete", "recorded without all of their bytes")                                \
	X(OTHER_SHARD, "other_shards", "left to the other shards")

enum replay_omission {
#define REPLAY_OMISSION_ENUM(name, key, text) REPLAY_OMIT_##name,
	REPLAY_OMISSIONS(REPLAY_OMISSION_ENUM)
#undef REPLAY_OMISSION_ENUM
	    REPLAY_OMISSION_COUNT,
	REPLAY_PLAYED = REPLAY_OMISSION_COUNT, /* none */
};

/* Steady times: from the first (inclusive) to the second (exclusive). */
struct replay_range {
	int64_t from_ns, to_ns;
};

struct replay_select {
	const struct store_filter *filter; /* borrowed; NULL: the source filters already */
	const char *const *live; /* names of services that are live, NULL-terminated; borrowed; NULL = none */
	bool internal;           /* also play internal subjects */
	const struct replay_range *range; /* borrowed; NULL: all times */
	uint64_t after_seq;               /* only messages with a higher sequence number in the log */
	uint32_t shard, shards;           /* play shard number `shard`, from 0; 0 of 1: all */
};

/* The text and the JSON key of an omission. Static. */
const char *replay_omission_text(enum replay_omission omission);
const char *replay_omission_key(enum replay_omission omission);

/* The event is in the range. NULL: always. */
static inline bool replay_range_holds(const struct replay_range *range, const struct wire_event *event)
{
	return !range || (event->steady_ns >= range->from_ns &&
			  (event->steady_ns < range->to_ns || range->to_ns == INT64_MAX));
}

/* The message, which the source has just given out, was asked for. */
bool replay_select_wants(const struct replay_select *select, const struct wire_event *message,
			 struct wire_source *source);

/* Whether a message that was asked for is played: REPLAY_PLAYED, or why not. client: the publisher, or NULL. Never REPLAY_OMIT_REPLY. */
enum replay_omission replay_select_judge(const struct replay_select *select, const struct wire_event *message,
					 const struct wire_client *client);

/* The client has the name of a live service. */
bool replay_select_is_live(const struct replay_select *select, const struct wire_client *client);

#endif
