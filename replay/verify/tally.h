/* tally.h - what came of requests, by subject. Internal to replay. */
#ifndef REPLAY_VERIFY_TALLY_H
#define REPLAY_VERIFY_TALLY_H

#include "replay/verify/answers.h"
#include "replay/verify/names.h"

/* Zeroed = empty. */
struct replay__tally {
	struct replay__names names;
	struct replay_answers_row *rows; /* by number of the name */
	uint32_t len, cap;
};

void replay__tally_fini(struct replay__tally *tally);

/* One request's verdict. What finds no room, for lack of memory or because there are REPLAY_ANSWERS_SUBJECTS rows,
 * goes to the row "(other subjects)", or nowhere. */
void replay__tally_verdict(struct replay__tally *tally, const char *subject, enum replay_verdict verdict);
/* Two replies that were compared. */
void replay__tally_pair(struct replay__tally *tally, const char *subject, int64_t recorded_ns,
			int64_t live_ns);

/* The most mismatches first, then the most requests. Nothing can be added any more. */
void replay__tally_sort(struct replay__tally *tally);

#endif
