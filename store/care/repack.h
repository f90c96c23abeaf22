/* repack.h - rewrite a closed segment into full blocks, compressed again, and put the result in its place.
 *
 * The new file is written beside the old one (`….seg.tmp`), synced, and exchanged with it in one step: at any moment the name
 * stands for a whole segment, the old one or the new one. Readers that have the old one open go on reading it. A segment that is
 * being rewritten is locked (flock), so that two processes do not rewrite it at once. */
#ifndef STORE_CARE_REPACK_H
#define STORE_CARE_REPACK_H

#include "store/write/segment_writer.h"

struct store_repack_options {
	int level;           /* of zstd */
	uint32_t least_gain; /* replace the segment when that saves 1/least_gain of it or more; 0: any byte */
	/* As `tapedeck pack`: with a trained dictionary; noted in the file header; and the new file is read back and compared event by
	 * event before it replaces the old one. A segment that was packed at this level before is left as it is. */
	bool packs;
	const _Atomic bool *stop; /* give up as soon as it is set; NULL: never */
};

/* Whether it is worth trying: the index has more than twice as many blocks as there would be full ones. */
bool store__repack_is_due(const struct store_index *index);

/* Write the events of the closed segment at path again, with their sequence numbers. Returns the bytes saved, 0 when it was not
 * worth it, or a negative code: STORE_EDAMAGE: it has damage; STORE_ELOCKED: it is open, or being rewritten; -ENOENT: it was deleted
 * meanwhile; -ECANCELED. Unless bytes were saved the segment is as it was. A temporary
 * file that a killed attempt left is removed. */
int64_t store_repack(const char *path, const struct store_repack_options *options);

#endif
