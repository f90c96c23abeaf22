/* pcapng_sections.h - the meaning of pcapng blocks: sections, their interfaces, packets and drops. Internal to
 * tap.
 *
 * A packet has the link type and time resolution of its interface. Interfaces are numbered from 0 in each
 * section. A simple packet block has no time: it gets that of the packet before it, or 0.
 *
 * Drops are stated in two overlapping ways: a packet says how many were lost since the previous one of its
 * interface, and statistics say how many were lost since the capture began. Each drop counts once. Of
 * statistics only what exceeds the drops stated by packets meanwhile is new; of a packet only what exceeds the
 * drops added by statistics since the previous packet. */
#ifndef TAP_CAPTURE_PCAPNG_SECTIONS_H
#define TAP_CAPTURE_PCAPNG_SECTIONS_H

#include <stddef.h>

#include "tap/capture/capture.h"
#include "tap/capture/pcapng_block.h"

enum { TAP__INTERFACES_MAX = 65536 }; /* per section */

struct tap__pcapng_interface;

/* Zeroed before the first section. */
struct tap__sections {
	bool is_big_endian;
	struct tap__pcapng_interface *interfaces; /* of this section, owned */
	size_t len, cap;
	int64_t time_ns; /* of the latest packet */
};

void tap__sections_fini(struct tap__sections *sections);

/* The result of a block. */
struct tap__pcapng_news {
	bool has_frame, has_drops;
	struct tap_frame frame; /* borrows the body */
	struct tap_drops drops; /* before the frame, when there are both */
};

/* Must a block of this type be passed to tap__sections_take? Others can be skipped. */
bool tap__sections_want(uint32_t type);

/* Take a whole block of a wanted type. NULL with *news, or what is wrong as a static text. */
const char *tap__sections_take(struct tap__sections *sections, const struct tap__pcapng_block *block,
			       const struct tap__pcapng_body *body, struct tap__pcapng_news *news);

/* DLT_… of the section's first interface; -1 when it has none yet. */
int tap__sections_link_type(const struct tap__sections *sections);

#endif
