/* pcapng_sections.h - what the blocks of a pcapng file mean: its sections, their interfaces, packets and drops.
 * Internal to tap.
 *
 * A packet has the link type and the resolution of its interface; interfaces are counted anew in each section. A simple
 * packet block has no time: it gets that of the packet before it, or 0 when there is none.
 *
 * Drops are stated in two ways that overlap: a packet says how many were lost since the packet before it (of the same
 * interface), statistics say how many were lost since the capture began. Each drop counts once: what statistics add to
 * those before them is new only where it exceeds what packets have stated meanwhile, and what a packet states only where
 * it exceeds what statistics have added since the packet before it. */
#ifndef TAP_CAPTURE_PCAPNG_SECTIONS_H
#define TAP_CAPTURE_PCAPNG_SECTIONS_H

#include <stddef.h>

#include "tap/capture/capture.h"
#include "tap/capture/pcapng_block.h"

enum { TAP__INTERFACES_MAX = 65536 }; /* in a section */

struct tap__pcapng_interface;

/* Zeroed = before the first section. */
struct tap__sections {
	bool is_big_endian;
	struct tap__pcapng_interface *interfaces; /* of this section, owned */
	size_t len, cap;
	int64_t time_ns; /* of the latest packet */
};

void tap__sections_fini(struct tap__sections *sections);

/* What a block brings. */
struct tap__pcapng_news {
	bool has_frame, has_drops;
	struct tap_frame frame; /* borrows the body */
	struct tap_drops drops; /* before the frame, when there are both */
};

/* Is the block of a type that tap__sections_take wants? Others are skipped. */
bool tap__sections_want(uint32_t type);

/* Take a whole block that tap__sections_want. NULL with *news, or what is wrong as a static text. */
const char *tap__sections_take(struct tap__sections *sections, const struct tap__pcapng_block *block,
			       const struct tap__pcapng_body *body, struct tap__pcapng_news *news);

/* DLT_… of the section's first interface; -1 when it has none yet. */
int tap__sections_link_type(const struct tap__sections *sections);

#endif
