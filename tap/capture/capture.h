/* capture.h - frames from a network interface, through libpcap, or from a capture file.
 *
 * Files: pcap and pcapng of either byte order and any resolution of time, with several sections and interfaces of
 * different link types, as they are or compressed by gzip or zstd, also from standard input. Interfaces: one, or "any".
 * Times are nanoseconds since the epoch. */
#ifndef TAP_CAPTURE_CAPTURE_H
#define TAP_CAPTURE_CAPTURE_H

#include "tap/packet/packet.h"
#include "wire/error.h"

#include <stddef.h>

struct tap_capture_options {
	const char *interface;  /* to capture on; NULL: read the file */
	const char *file;       /* to be read; "-" = standard input */
	const char *filter;     /* in libpcap's language (pcap-filter(7)); NULL = none */
	const uint16_t *ports;  /* only TCP from or to one of these; see tap_port_filter */
	size_t ports_count;     /* 0 = every port */
	uint32_t snaplen;       /* bytes kept of a frame; 0 = all. Interfaces only */
	uint64_t buffer_bytes;  /* the kernel's buffer; 0 = 64 MiB. Interfaces only */
	const char *write_file; /* write the frames to a new pcap file, too (0600); NULL = don't */
	bool keeps_secrets; /* in that file; otherwise credentials are overwritten (tap/capture/redactor.h) */
};

struct tap_capture;

/* Open. Borrows the options during the call. 0, or a negative code with *fault, which names what can be done: the
 * interfaces there are, the right that is missing, what libpcap says of the filter. TAP_ECAPTURE: the file is not a
 * capture. A live capture has begun when this returns. */
int tap_capture_open(struct tap_capture **capture, const struct tap_capture_options *options,
		     struct wire_fault *fault);
/* Close, completing the file that is written. 0, or a negative code with *fault when that could not be written. */
int tap_capture_close(struct tap_capture *capture, struct wire_fault *fault);

/* Packets that the capture says were dropped. */
struct tap_drops {
	uint64_t kernel, interface; /* by the one or the other */
	uint64_t either;            /* by one of them: the capture does not say which */
	int64_t from_ns, to_ns;     /* between these times */
};

typedef void (*tap_drops_taker)(void *context, const struct tap_drops *drops);

/* Have drops that a file tells of reported, during tap_capture_read and in their place between the frames. Those of an
 * interface are seen in tap_capture_counts only. */
void tap_capture_on_drops(struct tap_capture *capture, tap_drops_taker take, void *context);

/* Of the interface or the file, for messages; valid until close. */
const char *tap_capture_name(const struct tap_capture *capture);

/* For poll(2), once tap_capture_read has returned 0: readable when a live capture has frames, at the latest 20 ms after
 * they passed. -1 for files, which always have. */
int tap_capture_fd(const struct tap_capture *capture);

/* What to do with a frame, whose bytes die when the call returns. */
typedef void (*tap_frame_taker)(void *context, const struct tap_frame *frame);

/* Give at most `max` frames, without waiting. The number given; 0: nothing there now (interface), or the end (file); or
 * a negative code with *fault, after which nothing more can be read: TAP_ECUT when the file ends in the middle of
 * something. What lies before was given. */
int tap_capture_read(struct tap_capture *capture, int max, tap_frame_taker take, void *context,
		     struct wire_fault *fault);

struct tap_capture_counts {
	uint64_t frames, bytes;   /* given so far; bytes as captured */
	uint64_t kernel_drops;    /* for want of room in the kernel's buffer */
	uint64_t interface_drops; /* by the interface or its driver */
	uint64_t either_drops;    /* by one of them: a file does not always say which */
};

/* So far. */
void tap_capture_counts(struct tap_capture *capture, struct tap_capture_counts *counts);

#endif
