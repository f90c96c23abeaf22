/* state.h - the state of a comparison. Internal to replay/diff. */
#ifndef REPLAY_DIFF_STATE_H
#define REPLAY_DIFF_STATE_H

#include "replay/diff/gaps.h"
#include "replay/diff/identity.h"
#include "replay/diff/order.h"
#include "replay/diff/subjects.h"
#include "trace/requests.h"

/* One of the two recordings. */
struct replay__recording {
	struct wire_source *source; /* borrowed */
	bool ended;
	uint64_t messages;                   /* read: the index of the next one */
	uint64_t paired, given_up;           /* of them */
	int64_t first_time_ns, last_time_ns; /* of the first message and of the last, time of day */
	int64_t steady_ns;                   /* of the last message */
	int64_t counterpart_ns; /* steady time of the latest counterpart found in the other one */
	struct replay__window window;
	struct trace_requests requests; /* key: of the entry; owner: the subject that counts the replies */
	struct replay__gaps gaps;
};

struct replay_diff {
	struct replay_diff_options options;
	struct replay__recording recordings[REPLAY_SIDES];
	struct replay__subjects subjects;
	struct replay__order *order;
	int64_t lead; /* how many messages A has been read further than B, by the latest pair */
	uint64_t short_of_memory;
	bool stopped;
	struct replay_diff_subject *list; /* owned: the summary's */
	replay_difference_found *found;
	void *context;
};

#endif
