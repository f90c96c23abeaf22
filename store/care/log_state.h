/* log_state.h - make a log whole and find where it ends, before a writer takes it over or after a repair. Internal to
 * store. */
#ifndef STORE_CARE_LOG_STATE_H
#define STORE_CARE_LOG_STATE_H

#include "store/write/writer.h"

struct store__log_state {
	uint8_t log_id[16]; /* a new random one when the log is empty */
	uint64_t next_seq;
	uint64_t next_conn; /* the first connection number never used */
	uint64_t bytes;     /* of all segments */
	uint32_t segments;
	int64_t last_time_ns; /* of an event; 0 = there is none */
};

/* How to make it whole. */
struct store__care {
	bool
	    is_thorough; /* check every block, take out damaged ones, put gap events where segments are missing */
	/* Called with a line for people about everything that was done. May be NULL. */
	void (*report)(void *context, const char *line);
	void *context;
	uint64_t changed; /* out: segments that were closed, rewritten, replaced, removed or added */
};

/* Close segments that a crash left open, put what cannot be read in quarantine, remove temporary files, find where the log
 * ends. Needs the lock. Unless care is thorough, a segment that cannot be made whole (for example on a full disk) is left
 * as it is: readers do without a footer. The numbers of events that may have been lost are never used again. 0, or a
 * negative code with *fault; on STORE_EVERSION nothing was changed. */
int store__log_state_find(struct store__log_state *state, const char *dir, struct store__care *care,
			  struct wire_fault *fault);

#endif
