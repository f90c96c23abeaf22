/* undecoded_frames.h - count the frames of a capture without a TCP segment, by reason.
 *
 * Bounded: the first TAP_UNDECODED_FRAMES_MAX reasons are counted one by one, all others together. */
#ifndef TAP_PACKET_UNDECODED_FRAMES_H
#define TAP_PACKET_UNDECODED_FRAMES_H

#include "tap/packet/packet.h"

enum { TAP_UNDECODED_FRAMES_MAX = 64 };

struct tap_undecoded_frames_entry {
	enum tap_packet_kind
	    kind;        /* not TAP_PACKET_SEGMENT; fragments are those whose datagram was not completed */
	uint32_t number; /* of its protocol, as in struct tap_packet */
	uint64_t frames;
};

/* Zeroed is empty. */
struct tap_undecoded_frames {
	struct tap_undecoded_frames_entry entries[TAP_UNDECODED_FRAMES_MAX];
	unsigned len;
	uint64_t others; /* frames without an entry */
	uint64_t frames; /* in total */
};

void tap_undecoded_frames_add(struct tap_undecoded_frames *undecoded, enum tap_packet_kind kind,
			      uint32_t number, uint64_t frames);

/* Print, for example, "12 frames of ethertype 0x88cc (LLDP), 3 of UDP, 2 of other kinds", most frequent kinds
 * first. Empty when there are none; cut to size. */
void tap_undecoded_frames_list(const struct tap_undecoded_frames *undecoded, char *text, size_t size);

#endif
