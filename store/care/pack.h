/* pack.h - compress the closed segments of a log as well as it goes; also of one that is being written. */
#ifndef STORE_CARE_PACK_H
#define STORE_CARE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/error.h"

struct store_pack_options {
	int level;                /* of zstd */
	const _Atomic bool *stop; /* give up as soon as it is set; NULL: never */
};

/* Segments, each counted once. */
struct store_pack_report {
	uint64_t packed;
	uint64_t as_before; /* it was packed at this level or a higher one before, or packing saves nothing */
	uint64_t open;      /* not closed yet */
	uint64_t busy;      /* being rewritten by another process, or deleted meanwhile */
	uint64_t damaged;   /* left as it is */
	uint64_t before_bytes, after_bytes; /* of all that are closed and were not deleted */
};

/* Called for each segment that could not be packed, with a line for people. */
typedef void store_pack_finding(void *context, const char *line);

/* Pack the segments of the log directory, or the one segment, at path. 0, or a negative code with *fault: -ENOSPC and the like, after
 * which each segment is whole, packed or as it was; -ECANCELED. */
int store_pack(const char *path, const struct store_pack_options *options, struct store_pack_report *report,
	       store_pack_finding *finding, void *context, struct wire_fault *fault);

#endif
