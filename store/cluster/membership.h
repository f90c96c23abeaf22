/* membership.h - which logs are of the same cluster: those that name one of the same name (docs/format.md, "Marks"). */
#ifndef STORE_CLUSTER_MEMBERSHIP_H
#define STORE_CLUSTER_MEMBERSHIP_H

#include "wire/source.h"

enum { STORE_MEMBERSHIP_NAMES = 8 }; /* of a log; a server without a configured name may change its name */

struct store_membership {
	char names[STORE_MEMBERSHIP_NAMES][64]; /* NUL-terminated */
	uint32_t count;
};

/* Read the names of clusters in a log or segment, of which only the blocks with marks are read. 0, or a negative code with
 * *fault. */
int store_membership_read(struct store_membership *membership, const char *path, struct wire_fault *fault);

/* Number the clusters of logs from 1: logs that share a name, also through others, have the same number; 0: no other log is of
 * its cluster. Returns how many clusters of several logs there are. */
uint32_t store_membership_number(const struct store_membership *logs, uint32_t count, uint32_t *numbers);

#endif
