/* index_read.h - read the conversations of a service from a recording. */
#ifndef REPLAY_MOCK_INDEX_READ_H
#define REPLAY_MOCK_INDEX_READ_H

#include "replay/mock/index.h"

/* The service to mock. Borrowed pointers. */
struct replay_mock_choice {
	const char *service; /* the client of this name; NULL = any client */
	const char *const
	    *subjects;         /* requests on these patterns, NULL-terminated; NULL = all the service got */
	uint64_t memory_bytes; /* the index must not take more; 0 = 256 MiB */
	bool exact;            /* requests must equal recorded ones, headers included */
	const char *queue;     /* queue group to subscribe in; "" = none, NULL = the recorded one */
};

/* Read a source to its end; messages and subscribe events count. 0 with *index, owned by the caller; or a negative code
 * with *fault: -ENOENT when there is no such request (the text names clients that replied), -E2BIG when the index takes
 * more than memory_bytes or needs more than REPLAY_MOCK_SUBSCRIPTIONS_MAX subscriptions. */
int replay_mock_index_read(struct replay_mock_index **index, struct wire_source *source,
			   const struct replay_mock_choice *choice, struct wire_fault *fault);

#endif
