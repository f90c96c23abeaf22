/* decoder.h - captured frames in, bytes of connections out: packets, fragments and streams in a row. */
#ifndef TAP_DECODER_H
#define TAP_DECODER_H

#include "tap/fragments.h"
#include "tap/packet.h"
#include "tap/streams.h"

struct tap_decoder;

struct tap_decoder_stats {
	uint64_t frames;
	uint64_t
	    kinds[TAP_PACKET_KINDS]; /* frames by what they were; a reassembled datagram counts once more */
	const struct tap_fragments_stats *fragments; /* valid until the decoder's close */
	const struct tap_streams_stats *streams;
};

/* link_type: DLT_… of libpcap, as tap_capture_link_type says. Borrows handler and budget until close. NULL when out of
 * memory. */
struct tap_decoder *tap_decoder_open(int link_type, struct tap_flow_handler *handler,
				     const struct tap_streams_options *options, struct tap_budget *budget);
void tap_decoder_close(struct tap_decoder *decoder);

/* Take the next frame of the capture. What it brings is told to the handler before this returns. */
void tap_decoder_take(struct tap_decoder *decoder, const struct tap_frame *frame);

/* The same as a tap_frame_taker (tap/capture.h): context is the decoder. */
void tap_decoder_take_frame(void *decoder, const struct tap_frame *frame);

/* As tap_streams_expire: for a live capture in which nothing passes. */
void tap_decoder_expire(struct tap_decoder *decoder, int64_t time_ns);

/* The capture has ended: tell what is kept and close every connection. */
void tap_decoder_finish(struct tap_decoder *decoder);

void tap_decoder_stats(const struct tap_decoder *decoder, struct tap_decoder_stats *stats);

#endif
