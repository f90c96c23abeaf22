/* connection_names.h - the clients of the connection numbers of a segment, looked up when first asked for.
 *
 * Each segment describes all its connections, so that only blocks with connect events of that segment are read.
 * Internal to store. */
#ifndef STORE_READ_CONNECTION_NAMES_H
#define STORE_READ_CONNECTION_NAMES_H

#include "store/read/clients.h"
#include "store/read/segment_reader.h"

/* Where one segment follows the other, events of both may take turns. */
enum { STORE__NAMED_SEGMENTS = 2 };

struct store__segment_names {
	struct store_segment_reader *segment; /* held; NULL: none */
	struct store_clients clients;
	size_t entries; /* of its index: blocks that were searched */
};

/* Zeroed = empty. */
struct store__connection_names {
	struct store__segment_names
	    segments[STORE__NAMED_SEGMENTS]; /* the one asked about last comes first */
	struct store_block *block;
};

void store__connection_names_fini(struct store__connection_names *names);

/* The client of a connection that has an event in block `entry` of the segment. NULL when it is not known. Valid until the
 * next call. Blocks that cannot be read are passed over. */
const struct wire_client *store__connection_names_find(struct store__connection_names *names,
						       struct store_segment_reader *segment, size_t entry,
						       uint64_t conn);

#endif
