/* tally.h - what came of requests, by subject. Internal to replay. */
#ifndef REPLAY_TALLY_H
#define REPLAY_TALLY_H

#include "replay/answers.h"

/* Zero-initialised: empty. */
struct replay__tally {
	struct replay_answers_row *rows;
	size_t len, cap;
	uint32_t *index; /* open addressing over rows, by subject: number + 1, 0 = free */
};

void replay__tally_fini(struct replay__tally *tally);

/* One request's verdict. What finds no room, for lack of memory or because there are REPLAY_ANSWERS_SUBJECTS rows,
 * goes to the row "(other subjects)", or nowhere. */
void replay__tally_verdict(struct replay__tally *tally, const char *subject, enum replay_verdict verdict);
/* Two replies that were compared. */
void replay__tally_pair(struct replay__tally *tally, const char *subject, int64_t recorded_ns,
			int64_t live_ns);

/* The most mismatches first, then the most requests. No more can be added. */
void replay__tally_sort(struct replay__tally *tally);

#endif
