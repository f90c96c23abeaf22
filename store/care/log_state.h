/* state.h - where a log stands when a writer takes it over, or after a repair. Internal to store. */
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

/* What is to be done on the way. */
struct store__care {
	bool
	    is_thorough; /* check every block, take out damaged ones, put gap events where segments are missing */
	/* Called with a line for people about everything that was done. May be NULL. */
	void (*report)(void *context, const char *line);
	void *context;
	uint64_t changed; /* out: segments that were closed, rewritten, replaced, removed or added */
};

/* Close what a crash left open, put aside what cannot be read, remove what was left half done, learn where the log stands.
 * Needs the lock. Unless care is thorough, a segment that cannot be made whole (on a full disk, say) is left as it is:
 * readers do without a footer. The numbers of events that may have been lost are not used again in any case. 0, or a
 * negative code with *fault: STORE_EVERSION, then nothing was touched. */
int store__log_state_find(struct store__log_state *state, const char *dir, struct store__care *care,
			  struct wire_fault *fault);

#endif
