/* join_state.h - the state of a join, shared by the files join*.c. Internal to tap. */
#ifndef TAP_SESSION_JOIN_STATE_H
#define TAP_SESSION_JOIN_STATE_H

#include "tap/session/delays.h"
#include "tap/session/join.h"
#include "tap/session/lag.h"
#include "tap/session/search.h"

struct tap_join {
	struct tap__pending pending;
	int64_t window_ns;
	uint64_t limit_bytes; /* when the queue uses more, entries leave early */
	int64_t newest_ns;    /* of the newest event */
	int64_t now_ns;       /* of the capture */
	bool is_finished;
	bool assumes_unseen_subs; /* of connections that are not seen */
	bool is_relay;
	bool is_given;      /* the oldest entry was given out and is to be dropped */
	uint64_t orphans;   /* deliveries that wait for their message */
	int64_t partial_ns; /* when a partial message was last seen */
	struct tap__search search;
	struct tap__interest interest;
	struct tap__lag lag;
	struct tap__delays *delays; /* by server, of a relay */
	int64_t late_ns; /* when a delivery last came late in its window, or after it; INT64_MIN = never */
	int64_t *
	    unseen_until_ns; /* by server: until when it had unseen subscriptions; INT64_MAX = it still has */
	struct wire_receiver *receivers; /* of the event that was given out */
	int64_t *delays_ns;              /* theirs */
	size_t receivers_cap;
	struct {
		uint64_t events, messages, bytes;
		int64_t from_ns, to_ns;
	} loss; /* not reported yet */
	struct tap_join_stats stats;
};

#endif
