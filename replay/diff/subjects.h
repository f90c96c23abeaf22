/* subjects.h - what is counted by subject while two recordings are compared, and what waits of each. Internal to
 * replay. */
#ifndef REPLAY_DIFF_SUBJECTS_H
#define REPLAY_DIFF_SUBJECTS_H

#include "replay/diff/latency.h"
#include "replay/diff/window.h"

/* Messages of one subject; or, apart from them, the replies to requests on it. */
struct replay__subject {
	uint64_t hash;
	struct replay_diff_subject counts; /* its subject is NUL-terminated behind this struct */
	struct replay__entries waiting[REPLAY_SIDES];
	uint64_t given_up[REPLAY_SIDES];  /* without a counterpart */
	uint64_t publisher[REPLAY_SIDES]; /* of the first message */
	bool has_publishers;              /* more than one, on either side */
	struct replay__latencies
	    *latencies[REPLAY_SIDES]; /* NULL: no reply yet, or too many subjects have them */
};

struct replay__subjects {
	struct replay__subject **slots; /* open addressing, at most half full */
	size_t mask, count;
	size_t text_bytes, histograms;
	struct replay__subject *others; /* all beyond the bounds */
};

/* 0 or -ENOMEM; in any case to be given to replay__subjects_fini. */
int replay__subjects_init(struct replay__subjects *subjects);
void replay__subjects_fini(struct replay__subjects *subjects);

/* The entry of a subject, made when it is new; that of all others beyond the bounds. NULL when out of memory. */
struct replay__subject *replay__subjects_get(struct replay__subjects *subjects, struct wire_slice subject,
					     bool is_reply);

/* How long a reply took. Uncounted beyond a bound on the number of histograms, or without memory. */
void replay__subjects_add_latency(struct replay__subjects *subjects, struct replay__subject *subject,
				  enum replay_diff_side side, int64_t ns);

#endif
