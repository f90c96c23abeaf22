/* repacker.h - the thread that repacks closed segments, one at a time. Internal to store. */
#ifndef STORE_CARE_REPACKER_H
#define STORE_CARE_REPACKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed = idle. All calls from one thread. */
struct store__repacker {
	pthread_t thread;
	char *path; /* owned; NULL: idle */
	_Atomic bool stop, done;
	int64_t saved_bytes;
};

/* Repack the segment at path in the background; takes path. Does nothing while another one is being repacked: a segment of
 * small blocks is only larger than it need be. */
void store__repacker_start(struct store__repacker *repacker, char *path);

/* Returns the bytes saved by a repack that ended since the last call; 0 when none did. */
uint64_t store__repacker_reap(struct store__repacker *repacker);

/* Wait for the repack under way, which gives up early when `hurry` is set. Returns the bytes saved. */
uint64_t store__repacker_join(struct store__repacker *repacker, bool hurry);

#endif
