/* roster.h - who is behind the connection numbers of one segment, found when first asked.
 *
 * Each segment describes all its connections, so nothing but the segment itself is read, and of it only blocks with
 * connect events. Internal to store. */
#ifndef STORE_READ_CONNECTION_NAMES_H
#define STORE_READ_CONNECTION_NAMES_H

#include "store/read/block_cursor.h"
#include "store/read/clients.h"

/* Zeroed = empty. */
struct store__connection_names {
	struct store_clients clients;
	struct store_block *block;
	uint64_t generation; /* the segment, as store__block_cursor counts them */
	size_t entries;      /* that were looked through */
};

void store__connection_names_fini(struct store__connection_names *roster);

/* NULL when nothing is known of the connection in the segment the walk is in. Valid until asked about another
 * segment. Blocks that cannot be read tell nothing. */
const struct wire_client *store__connection_names_find(struct store__connection_names *roster,
						       const struct store__block_cursor *walk, uint64_t conn);

#endif
