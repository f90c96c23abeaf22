/* undecoded_frames.h - count the frames of a capture in which no TCP segment was found, by the reason.
 *
 * Bounded: the first TAP_UNDECODED_FRAMES_MAX reasons have a count each, all further ones share one. */
#ifndef TAP_PACKET_UNDECODED_FRAMES_H
#define TAP_PACKET_UNDECODED_FRAMES_H

#include "tap/packet/packet.h"

enum { TAP_UNDECODED_FRAMES_MAX = 64 };

struct tap_undecoded_frames_entry {
	enum tap_packet_kind kind; /* other than a segment; fragments are those that were of no use */
	uint32_t number;           /* of its protocol, as in struct tap_packet */
	uint64_t frames;
};

/* Zeroed = empty. */
struct tap_undecoded_frames {
	struct tap_undecoded_frames_entry entries[TAP_UNDECODED_FRAMES_MAX];
	unsigned len;
	uint64_t others; /* frames without an entry of their own */
	uint64_t frames; /* all */
};

void tap_undecoded_frames_add(struct tap_undecoded_frames *undecoded, enum tap_packet_kind kind,
			      uint32_t number, uint64_t frames);

/* "12 frames of ethertype 0x88cc (LLDP), 3 of UDP, 2 of other kinds": the commonest kinds first. An empty text when there
 * are none; what does not fit is cut. */
void tap_undecoded_frames_list(const struct tap_undecoded_frames *undecoded, char *text, size_t size);

#endif
