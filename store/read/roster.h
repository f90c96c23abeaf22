/* roster.h - who is behind the connection numbers of one segment, found when first asked.
 *
 * Each segment describes all its connections, so nothing but the segment itself is read, and of it only blocks with
 * connect events. Internal to store. */
#ifndef STORE_READ_ROSTER_H
#define STORE_READ_ROSTER_H

#include "store/read/clients.h"
#include "store/read/walk.h"

/* Zeroed = empty. */
struct store__roster {
	struct store_clients clients;
	struct store_block *block;
	uint64_t generation; /* the segment, as store__walk counts them */
	size_t entries;      /* that were looked through */
};

void store__roster_fini(struct store__roster *roster);

/* NULL when nothing is known of the connection in the segment the walk is in. Valid until asked about another
 * segment. Blocks that cannot be read tell nothing. */
const struct wire_client *store__roster_find(struct store__roster *roster, const struct store__walk *walk,
					     uint64_t conn);

#endif
