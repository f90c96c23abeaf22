/* diff.h - compare the messages of two recordings: missing, extra, changed, reordered, slower.
 *
 * Two recordings of the same traffic must have the same messages on each subject, and each publisher's messages in the
 * same order. Sequence numbers, times, connection numbers, and how messages of different publishers or subjects
 * interleave may differ, and are not compared.
 *
 * Both recordings are read once, side by side, in bounded memory. A message is identified by a hash of its subject,
 * headers and payload, and waits until its counterpart is read from the other recording:
 *
 *   A  ── read ──▶ [ waiting: a7 a9 … ] ─┐
 *                                        ├─ equal ──▶ a pair ──▶ in order? same receivers? latency of replies?
 *   B  ── read ──▶ [ waiting: b8 … ]  ───┘
 *
 * The oldest waiting message is given up after `window` later messages of its recording have found their counterparts,
 * or when memory is short. A message that waits on the other side at the same place of the same subject is then its
 * changed counterpart. Without one it is missing there, or unverifiable when the other recording has a gap there.
 *
 * Clients generate new inboxes in each run. A message to an inbox is a reply: it is compared with the replies to the
 * subject of its request, and identified by the request that it answers. */
#ifndef REPLAY_DIFF_DIFF_H
#define REPLAY_DIFF_DIFF_H

#include "replay/verify/compare.h"
#include "trace/inbox.h"
#include "wire/source.h"

/* Bounds on memory; beyond the first, subjects share one entry in the summary. */
enum { REPLAY_DIFF_SUBJECTS_MAX = 1 << 18, REPLAY_DIFF_KEPT_BYTES = 4096, REPLAY_DIFF_WINDOW_MAX = 1 << 20 };

enum replay_diff_side { REPLAY_A, REPLAY_B, REPLAY_SIDES };

static inline enum replay_diff_side replay_diff_other(enum replay_diff_side side)
{
	return side == REPLAY_A ? REPLAY_B : REPLAY_A;
}

enum replay_difference_kind {
	REPLAY_DIFF_MISSING,    /* in A only */
	REPLAY_DIFF_EXTRA,      /* in B only */
	REPLAY_DIFF_CHANGED,    /* at the same place of the same subject, with other headers or payload */
	REPLAY_DIFF_REORDERED,  /* in both, at another place among the messages of its publisher */
	REPLAY_DIFF_DELIVERIES, /* in both, received by more, fewer or other clients */
	REPLAY_DIFF_SLOWER,     /* a subject whose requests are answered later in B */
	REPLAY_DIFFERENCES
};

/* How reply subjects are compared. */
enum replay_diff_replies {
	REPLAY_REPLIES_FOLD,  /* all inboxes count as equal */
	REPLAY_REPLIES_EXACT, /* all subjects are compared as they are */
	REPLAY_REPLIES_IGNORE /* not at all; inboxes count as equal as subjects */
};

/* Which messages must be in the same order. */
enum replay_diff_order {
	REPLAY_ORDER_SUBJECT,   /* those of one publisher on one subject */
	REPLAY_ORDER_PUBLISHER, /* all of one publisher */
	REPLAY_ORDER_NONE
};

/* How the receivers of a message are compared when both recordings know all of them. */
enum replay_diff_receivers {
	REPLAY_RECEIVERS_EACH,  /* who they are, and their number; for recordings of the same traffic */
	REPLAY_RECEIVERS_COUNT, /* their number */
	REPLAY_RECEIVERS_IGNORE
};

struct replay_diff_options {
	enum replay_diff_replies replies;
	enum replay_diff_order order;
	const char *const *ignore_headers; /* keys, NULL-terminated; NULL = none. Borrowed */
	struct trace_inboxes inboxes;
	const struct replay_compare *compare; /* of payloads; NULL = bytes. Borrowed */
	enum replay_diff_receivers receivers;
	double slower;   /* a subject is slower when its median is this many times that of A; 0 = never */
	uint64_t window; /* messages to look ahead, at most REPLAY_DIFF_WINDOW_MAX; 0 = 65536 */
	/* The recordings overlap in time and their times can be compared: read, and give up when memory is short, by time.
	 * Else by the messages that have been paired. */
	bool same_clock;
	uint64_t memory_bytes;       /* for waiting messages of both recordings; 0 = 256 MiB */
	bool (*stop)(void *context); /* called regularly: true to end early. May be NULL */
	void *context;               /* of stop */
};

/* A message of one recording. The slices hold at most REPLAY_DIFF_KEPT_BYTES each of headers and payload. */
struct replay_diff_message {
	uint64_t seq, conn, size;
	int64_t time_ns;           /* time of day */
	int64_t steady_ns;         /* without clock steps */
	uint32_t receivers;        /* the number of known ones */
	bool is_masked;            /* headers and payload are not the ones that were sent */
	bool are_receivers_known;  /* all of them are known */
	bool are_receivers_listed; /* it is known who they are */
	uint64_t receivers_hash;   /* of their names, subscription ids and queue groups, in any order */
	struct wire_slice subject, reply, headers, payload;
};

struct replay_difference {
	enum replay_difference_kind kind;
	struct wire_slice subject; /* of the message; of its request, when it is a reply */
	bool is_reply;
	const struct replay_diff_message *a,
	    *b;                           /* NULL where there is none; both NULL for a slower subject */
	int64_t latency_ns[REPLAY_SIDES]; /* slower: medians */
};

/* Called for each difference when it is found. Slices are invalid after the call returns. */
typedef void replay_difference_found(void *context, const struct replay_difference *difference);

struct replay_diff;

/* Options are copied, what they point at is borrowed. NULL when out of memory. */
struct replay_diff *replay_diff_open(const struct replay_diff_options *options);
void replay_diff_close(struct replay_diff *diff);

/* Read both sources to their ends and compare their messages. Call it once. 0, or a negative code with *fault. */
int replay_diff_run(struct replay_diff *diff, struct wire_source *a, struct wire_source *b,
		    replay_difference_found *found, void *context, struct wire_fault *fault);

#endif
