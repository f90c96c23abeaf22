/* undecoded.h - count the frames of a capture in which no TCP segment was found, by the reason.
 *
 * Bounded: the first TAP_UNDECODED_MAX reasons have a count each, all further ones share one. */
#ifndef TAP_UNDECODED_H
#define TAP_UNDECODED_H

#include "tap/packet.h"

enum { TAP_UNDECODED_MAX = 64, TAP_UNDECODED_TEXT = 80 };

struct tap_undecoded_entry {
	enum tap_packet_kind kind; /* neither a segment nor a fragment */
	uint32_t number;           /* of its protocol, as in struct tap_packet */
	uint64_t frames;
};

/* Zeroed = empty. */
struct tap_undecoded {
	struct tap_undecoded_entry entries[TAP_UNDECODED_MAX];
	unsigned len;
	uint64_t others; /* frames without an entry of their own */
	uint64_t frames; /* all */
};

void tap_undecoded_add(struct tap_undecoded *undecoded, enum tap_packet_kind kind, uint32_t number);

/* Sort the entries, those with the most frames first. */
void tap_undecoded_sort(struct tap_undecoded *undecoded);

/* What these frames are, to be read after "12 frames": "of ethertype 0x88cc (LLDP)". Writes at most
 * TAP_UNDECODED_TEXT bytes and returns text. */
const char *tap_undecoded_text(const struct tap_undecoded_entry *entry, char text[TAP_UNDECODED_TEXT]);

#endif
