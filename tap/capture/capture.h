/* capture.h - frames from a network interface, through libpcap, or from a capture file.
 *
 * Files: pcap and pcapng, of either byte order and any time resolution, with several sections and interfaces of
 * different link types, optionally compressed by gzip or zstd, also from standard input. Interfaces: one, or
 * "any". Times are nanoseconds since the epoch. */
#ifndef TAP_CAPTURE_CAPTURE_H
#define TAP_CAPTURE_CAPTURE_H

#include "tap/packet/packet.h"
#include "wire/error.h"
#include "wire/progress.h"

#include <stddef.h>

struct tap_capture_options {
	const char *interface;          /* to capture on; NULL: read the file */
	const char *file;               /* to read; "-" = standard input */
	const char *filter;             /* in libpcap's language (pcap-filter(7)); NULL = none */
	const uint16_t *ports;          /* only TCP from or to one of these; see tap_port_filter */
	size_t ports_count;             /* 0 = every port */
	uint32_t snaplen;               /* bytes kept of a frame; 0 = all. Interfaces only */
	uint64_t buffer_bytes;          /* the kernel's buffer; 0 = 64 MiB. Interfaces only */
	struct wire_progress *progress; /* of reading the file; borrowed until close; NULL = not wanted */
	const char *write_file;         /* also write the frames to this new pcap file (0600); NULL = don't */
	int write_fd; /* or to this descriptor, which is taken, as they are read; write_file names it. 0 = no */
	bool
	    keeps_secrets; /* write credentials, too; otherwise they are overwritten (tap/capture/redactor.h) */
};

struct tap_capture;

/* Open. Borrows the options during the call. 0, or a negative code with *fault, whose text has a remedy: the
 * available interfaces, the missing right, libpcap's message about the filter. TAP_ECAPTURE: the file is not a
 * capture. A live capture has begun when this returns. */
int tap_capture_open(struct tap_capture **capture, const struct tap_capture_options *options,
		     struct wire_fault *fault);
/* Close, completing the file that is written. 0, or a negative code with *fault when it could not be completed. */
int tap_capture_close(struct tap_capture *capture, struct wire_fault *fault);

/* Packets that the capture says were dropped. */
struct tap_drops {
	uint64_t kernel, interface; /* by these */
	uint64_t either;            /* by one of them: the capture does not say by which */
	int64_t from_ns, to_ns;     /* when they were dropped */
};

typedef void (*tap_drops_taker)(void *context, const struct tap_drops *drops);

/* Report drops that a file states, during tap_capture_read, in order with the frames. Those of an interface are
 * only in tap_capture_counts. */
void tap_capture_on_drops(struct tap_capture *capture, tap_drops_taker take, void *context);

/* The interface or file, for messages. Valid until close. */
const char *tap_capture_name(const struct tap_capture *capture);

/* A descriptor for poll(2), to be used after tap_capture_read has returned 0: readable when a live capture has
 * frames, at most 20 ms after they passed. -1 for files, which can always be read. */
int tap_capture_fd(const struct tap_capture *capture);

/* Takes a frame, which is valid during the call. */
typedef void (*tap_frame_taker)(void *context, const struct tap_frame *frame);

/* Give at most `max` frames, without waiting. Returns their number; 0: none now (interface), or the end (file);
 * or a negative code with *fault, after which nothing more can be read. TAP_ECUT: the file ends inside a
 * record; all frames before it were given. */
int tap_capture_read(struct tap_capture *capture, int max, tap_frame_taker take, void *context,
		     struct wire_fault *fault);

struct tap_capture_counts {
	uint64_t frames, bytes;   /* given so far; bytes as captured */
	uint64_t kernel_drops;    /* the kernel's buffer was full */
	uint64_t interface_drops; /* by the interface or its driver */
	uint64_t either_drops;    /* by one of them: files do not always say by which */
};

/* Until now. */
void tap_capture_counts(struct tap_capture *capture, struct tap_capture_counts *counts);

#endif
