/* link_type.h - the link layers of capture files in libpcap's terms. Internal to tap. */
#ifndef TAP_CAPTURE_LINK_TYPE_H
#define TAP_CAPTURE_LINK_TYPE_H

#include <pcap/dlt.h>

#include "tap/packet/packet.h"

/* The DLT_… of a LINKTYPE_…: the same number except for raw IP, whose DLT differs between systems. */
static inline int tap__link_type(uint32_t link_type)
{
	enum { LINKTYPE_RAW = 101 };
	return link_type == LINKTYPE_RAW ? DLT_RAW : (int)link_type;
}

/* Remove the checksum from the end of a frame, as far as it was captured. */
static inline void tap__frame_trim(struct tap_frame *frame, uint32_t fcs_bytes)
{
	if (fcs_bytes == 0 || frame->wire_bytes < fcs_bytes)
		return;
	frame->wire_bytes -= fcs_bytes;
	if (frame->captured_bytes > frame->wire_bytes)
		frame->captured_bytes = frame->wire_bytes;
}

#endif
