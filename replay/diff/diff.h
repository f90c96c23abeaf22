/* diff.h - compare the messages of two recordings: missing, extra, changed, reordered, slower.
 *
 * What two recordings of the same traffic need not share is not compared: sequence numbers, times, connection
 * numbers, and how the messages of different publishers or subjects lie between each other. What they must share is
 * the messages of each subject, and the order in which each publisher sent them.
 *
 * How it is done, in one pass and bounded memory. A message is known by a hash of its subject, headers and payload.
 * Both recordings are read side by side; a message waits until its like turns up in the other one:
 *
 *   A  ── read ──▶ [ waiting: a7 a9 … ] ─┐
 *                                        ├─ alike ──▶ a pair ──▶ in order? same receivers? how long did replies take?
 *   B  ── read ──▶ [ waiting: b8 … ]  ───┘
 *
 * The oldest that waits is given up once `window` later messages of its side found theirs (or when memory is short).
 * What waits on the other side at the same place of the same subject is then its changed self; without such it is
 * missing there, or unverifiable when that recording says that it has a gap at this place.
 *
 * Inboxes are made up anew in each run. A message to an inbox is a reply: it is compared among the replies to the
 * subject of its request, and told apart by the request that it answers. */
#ifndef REPLAY_DIFF_DIFF_H
#define REPLAY_DIFF_DIFF_H

#include "replay/verify/compare.h"
#include "wire/source.h"

/* Bounds on memory; beyond the first, subjects share one entry in the summary. */
enum { REPLAY_DIFF_SUBJECTS_MAX = 1 << 18, REPLAY_DIFF_KEPT_BYTES = 4096, REPLAY_DIFF_WINDOW_MAX = 1 << 20 };

enum replay_diff_side { REPLAY_A, REPLAY_B, REPLAY_SIDES };

enum replay_difference_kind {
	REPLAY_DIFF_MISSING,    /* in A only */
	REPLAY_DIFF_EXTRA,      /* in B only */
	REPLAY_DIFF_CHANGED,    /* at the same place of the same subject, with other headers or payload */
	REPLAY_DIFF_REORDERED,  /* in both, but elsewhere among those of its publisher */
	REPLAY_DIFF_DELIVERIES, /* in both, but received by more, fewer or others */
	REPLAY_DIFF_SLOWER,     /* a subject whose requests take longer to be answered in B */
	REPLAY_DIFFERENCES
};

/* What is said of reply subjects. */
enum replay_diff_replies {
	REPLAY_REPLIES_FOLD,  /* all inboxes are alike; others are compared */
	REPLAY_REPLIES_EXACT, /* all are compared as they are */
	REPLAY_REPLIES_IGNORE /* not even compared for presence; inboxes are alike */
};

/* Whose messages must be in the same order. */
enum replay_diff_order {
	REPLAY_ORDER_SUBJECT,   /* those of one publisher on one subject */
	REPLAY_ORDER_PUBLISHER, /* all of one publisher */
	REPLAY_ORDER_NONE
};

/* What is compared of the receivers of a message, where both recordings know all of them. */
enum replay_diff_receivers {
	REPLAY_RECEIVERS_EACH,  /* the recordings are of the same traffic: who they are, and their number */
	REPLAY_RECEIVERS_COUNT, /* their number */
	REPLAY_RECEIVERS_IGNORE
};

struct replay_diff_options {
	enum replay_diff_replies replies;
	enum replay_diff_order order;
	const char *const *ignore_headers;    /* keys, NULL-terminated; NULL = none. Borrowed */
	const char *const *inboxes;           /* patterns of inboxes besides _INBOX.>; likewise */
	const struct replay_compare *compare; /* of payloads; NULL = bytes. Borrowed */
	enum replay_diff_receivers receivers;
	double slower;   /* a subject is slower when its median exceeds so many times that of A; 0 = never */
	uint64_t window; /* messages to look ahead, at most REPLAY_DIFF_WINDOW_MAX; 0 = 65536 */
	/* The recordings overlap in time, and their times can be compared: what is read, and given up when memory is short, goes by
	 * time. Else it goes by what has been paired. */
	bool same_clock;
	uint64_t memory_bytes;       /* for what waits, both sides together; 0 = 256 MiB */
	bool (*stop)(void *context); /* asked now and then whether to end early; may be NULL */
	void *context;               /* of stop */
};

/* A message as one recording has it. The slices hold at most REPLAY_DIFF_KEPT_BYTES each of headers and payload. */
struct replay_sighting {
	uint64_t seq, conn, size;
	int64_t time_ns;           /* time of day */
	int64_t steady_ns;         /* without clock steps */
	uint32_t receivers;        /* how many; those that are known */
	bool is_masked;            /* headers and payload are not what was sent */
	bool are_receivers_known;  /* all of them */
	bool are_receivers_listed; /* who they are is known, too */
	uint64_t receivers_hash;   /* of who they are: name, subscription id and queue group, in no order */
	struct wire_slice subject, reply, headers, payload;
};

struct replay_difference {
	enum replay_difference_kind kind;
	struct wire_slice subject; /* of the message; of the request, when it is a reply to one */
	bool is_reply;
	const struct replay_sighting *a, *b; /* NULL where there is none; both NULL: a subject is slower */
	int64_t latency_ns[REPLAY_SIDES];    /* slower: medians */
};

/* Told each difference when it is found. Slices die when the call returns. */
typedef void replay_difference_found(void *context, const struct replay_difference *difference);

/* Time from a request to its first reply. */
struct replay_latency {
	uint64_t count;
	int64_t p50_ns, p99_ns, max_ns;
};

/* Counts of messages on one subject, or of replies to requests on it. */
struct replay_diff_subject {
	struct wire_slice subject; /* empty: of all beyond REPLAY_DIFF_SUBJECTS_MAX */
	bool is_reply;
	uint64_t messages[REPLAY_SIDES];
	uint64_t equal; /* pairs, also of those that are reordered or differ in deliveries */
	uint64_t differences[REPLAY_DIFFERENCES];
	uint64_t masked;       /* pairs of which one was masked on purpose, so that they cannot be compared */
	uint64_t unverifiable; /* a gap may have swallowed the like, or bytes of it were not recorded */
	struct replay_latency latency[REPLAY_SIDES]; /* replies only */
};

struct replay_diff_summary {
	struct replay_diff_subject total; /* but for subject and latency */
	struct replay_diff_subject
	    *subjects; /* by falling number of differences, then by name; owned by the diff */
	size_t subjects_len;
	int64_t first_time_ns[REPLAY_SIDES], last_time_ns[REPLAY_SIDES]; /* of messages */
	uint64_t gaps[REPLAY_SIDES], gap_messages[REPLAY_SIDES];
	uint64_t
	    short_of_memory; /* messages given up before their window had passed: matches may have been missed */
	bool stopped;        /* ended early: what follows in the recordings was not compared */
};

struct replay_diff;

/* Options are copied, what they point at is borrowed. NULL when out of memory. */
struct replay_diff *replay_diff_open(const struct replay_diff_options *options);
void replay_diff_close(struct replay_diff *diff);

/* Read both sources to their ends. Only messages are compared and gaps heeded. 0, or a negative code with *fault. Once. */
int replay_diff_run(struct replay_diff *diff, struct wire_source *a, struct wire_source *b,
		    replay_difference_found *found, void *context, struct wire_fault *fault);

/* After the run. Valid until the diff is closed. 0 or -ENOMEM. */
int replay_diff_sum_up(struct replay_diff *diff, struct replay_diff_summary *summary);

/* "missing", "extra", "changed", "reordered", "deliveries", "slower". Static. */
const char *replay_difference_name(enum replay_difference_kind kind);

/* All differences of the counts. */
uint64_t replay_diff_differences(const struct replay_diff_subject *counts);

#endif
