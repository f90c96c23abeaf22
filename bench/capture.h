/* capture.h - make a capture file of a publisher, a subscriber and the server between them, as a sniffer on the
 * server's host would have written it: Ethernet, IPv4, TCP segments of 1448 bytes, acknowledgements, nothing lost. */
#ifndef BENCH_CAPTURE_H
#define BENCH_CAPTURE_H

#include "bench/frames.h"
#include "wire/error.h"

/* Write a pcap file in which the frames are published `rounds` times and delivered to one subscriber.
 * *stream_bytes: of TCP payload in it. 0, or a negative code with *fault. */
int bench_capture_make(const char *path, const struct bench_frames *frames, uint64_t rounds,
		       uint64_t *stream_bytes, struct wire_fault *fault);

#endif
