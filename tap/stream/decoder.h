/* decoder.h - decode captured frames to the bytes of TCP connections: packets, fragments and reassembly in a
 * row. */
#ifndef TAP_STREAM_DECODER_H
#define TAP_STREAM_DECODER_H

#include "tap/packet/fragments.h"
#include "tap/packet/packet.h"
#include "tap/packet/undecoded_frames.h"
#include "tap/stream/reassembly.h"

struct tap_decoder;

struct tap_decoder_options {
	struct tap_reassembly_options reassembly;
	const uint16_t *ports; /* only TCP from or to one of these; borrowed until close */
	size_t ports_count;    /* 0 = every port */
};

struct tap_decoder_stats {
	uint64_t frames;
	uint64_t kinds[TAP_PACKET_KINDS]; /* frames by kind; a reassembled datagram counts again */
	uint64_t other_ports;             /* segments of other ports than those asked for */
	/* The following are valid until the decoder is closed. */
	const struct tap_undecoded_frames *
	    undecoded; /* frames and reassembled datagrams without a segment; when finished, also fragments whose datagram never became whole */
	const struct tap_fragments_stats *fragments;
	const struct tap_reassembly_stats *reassembly;
};

/* Borrows handler and budget until close, copies options. NULL when out of memory. */
struct tap_decoder *tap_decoder_open(struct tap_flow_handler *handler,
				     const struct tap_decoder_options *options, struct tap_budget *budget);
void tap_decoder_close(struct tap_decoder *decoder);

/* Take the next frame of the capture. The handler is called before this returns. */
void tap_decoder_take(struct tap_decoder *decoder, const struct tap_frame *frame);

/* The same as a tap_frame_taker (tap/capture/capture.h): context is the decoder. */
void tap_decoder_take_frame(void *decoder, const struct tap_frame *frame);

/* As tap_reassembly_expire. */
void tap_decoder_expire(struct tap_decoder *decoder, int64_t time_ns);

/* The capture has ended: emit what is kept and close every connection. Call once. */
void tap_decoder_finish(struct tap_decoder *decoder);

void tap_decoder_stats(const struct tap_decoder *decoder, struct tap_decoder_stats *stats);

#endif
