/* blocks.h - the blocks of a pcapng file (draft-ietf-opsawg-pcapng), in little-endian order. Internal to export/pcapng.
 *
 * A file is one section with one interface: raw IP packets of either version (LINKTYPE_RAW), times in nanoseconds.
 *
 *	section header · interface description · enhanced packet… · interface statistics
 *
 * Comments are text in UTF-8; longer ones than EXPORT__COMMENT_MAX are cut by the caller. */
#ifndef EXPORT_PCAPNG_BLOCKS_H
#define EXPORT_PCAPNG_BLOCKS_H

#include "export/text/out.h"

enum { EXPORT__COMMENT_MAX = 60000 }; /* the length of an option has 16 bits */

/* The section header and the interface. comment: about the whole file. */
void export__blocks_begin(struct export_out *out, struct wire_slice comment);

/* A packet whose first bytes are in the file. */
struct export__packet {
	int64_t time_ns; /* since the epoch; earlier times count as 0 */
	const struct wire_slice *parts;
	size_t parts_count;
	size_t captured;           /* bytes of all parts */
	size_t bytes;              /* of the packet, as it was on the wire */
	struct wire_slice comment; /* empty: none */
};

void export__blocks_packet(struct export_out *out, const struct export__packet *packet);

/* Statistics of the interface at its end. */
void export__blocks_end(struct export_out *out, int64_t time_ns, uint64_t packets, struct wire_slice comment);

#endif
