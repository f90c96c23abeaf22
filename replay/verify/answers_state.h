/* answers_state.h - what the answers to requests are made of. Internal to replay. */
#ifndef REPLAY_VERIFY_ANSWERS_STATE_H
#define REPLAY_VERIFY_ANSWERS_STATE_H

#include <pthread.h>

#include "replay/verify/answers.h"
#include "replay/verify/tally.h"
#include "store/read/steps.h"

enum {
	REPLAY__RING = REPLAY_ANSWERS_MAX,
	REPLAY__BUCKETS = 1 << 16,
	REPLAY__QUEUE_MAX = 64, /* replies of one side that wait for the other's */
	REPLAY__INBOX_BYTES = 128,
};

/* `due_ns` of a request that has not left, and of one that will not. */
#define REPLAY__UNSENT   0
#define REPLAY__NOT_SENT (-1)

/* A reply that waits for its counterpart. */
struct replay__waiting {
	struct replay__waiting *next;
	int64_t latency_ns;
	size_t status_len, payload_len;
	char bytes[]; /* status, payload */
};

struct replay__side {
	struct replay__waiting *first, **end;
	uint32_t count; /* replies so far, compared ones included */
	uint32_t queued;
};

/* A request, in the ring's slot `id % REPLAY__RING` until a newer one takes it. */
struct replay__outstanding {
	_Atomic uint64_t id; /* 0: none yet */
	_Atomic int64_t due_ns;
	uint64_t seq;
	int64_t recorded_ns;
	char *subject, *inbox; /* owned */
	size_t inbox_len;
	uint64_t chain; /* the request before with the same bucket; by id */
	struct replay__side recorded, live;
	bool is_settled;
	bool is_unwanted;      /* recorded: nobody received it, so that nobody replied */
	bool lost;             /* a reply was not recorded whole, could not be kept, or was not waited for */
	bool is_masked;        /* the request is not the one that the recorded replies answer */
	bool has_masked_reply; /* a recorded reply is not what was sent */
	bool no_responders;
	bool is_slower, is_different, has_other_status;
	struct replay__waiting *first_recorded, *first_live; /* the first pair that differs */
};

struct replay_answers {
	struct replay_answers_options options;
	pthread_mutex_t mutex; /* guards all below but what is atomic */
	struct replay__outstanding *ring;
	uint64_t *buckets;           /* by hash of the recorded inbox: the newest request's id */
	uint64_t next_id, oldest_id; /* those below oldest_id are settled */
	uint64_t gap_id;             /* requests below were read before the last gap… */
	int64_t gap_ns;              /* …which begins there */
	_Atomic int64_t read_ns;     /* how far the log has been read, in recorded time */
	uint64_t end_id;             /* requests below: their recorded replies have all been read */
	size_t waiting_bytes;
	char base[REPLAY__INBOX_BYTES];  /* of our inboxes */
	char inbox[REPLAY__INBOX_BYTES]; /* the last one */
	natsSubscription **subs;         /* owned, each one too */
	uint32_t subs_len;
	struct replay_answers_report report;
	struct replay__tally tally;
};

/* The request of that number; NULL when its slot is a newer one's, or when there was none. */
static inline struct replay__outstanding *replay__outstanding_find(struct replay_answers *answers,
								   uint64_t id)
{
	struct replay__outstanding *request = &answers->ring[id % REPLAY__RING];

	return id > 0 && request->id == id ? request : NULL;
}

/* From one steady time to another. A log may hold any times: what does not fit is as long as can be. */
static inline int64_t replay__span_ns(int64_t from_ns, int64_t to_ns)
{
	return store_time_minus(to_ns, from_ns);
}

/* All with the mutex held: */

/* Take a reply of one side; compare it when its counterpart is there. */
void replay__outstanding_add(struct replay_answers *answers, struct replay__outstanding *request,
			     struct replay__side *side, struct wire_slice status, struct wire_slice payload,
			     int64_t latency_ns);

/* Nothing more is expected: both sides are complete as far as anybody can tell. */
bool replay__outstanding_is_balanced(const struct replay_answers *answers,
				     const struct replay__outstanding *request);

/* Count what came of a request, and forget its bytes. Its slot keeps its number, so that what still arrives is known
 * to be late. */
void replay__outstanding_settle(struct replay_answers *answers, struct replay__outstanding *request);

/* Settle from the oldest on what has had its time. */
void replay__answers_sweep(struct replay_answers *answers, int64_t now_ns);

/* Free what a request holds. */
void replay__outstanding_empty(struct replay_answers *answers, struct replay__outstanding *request);

#endif
