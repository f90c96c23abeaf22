/* decoder.h - captured frames in, bytes of connections out: packets, fragments and streams in a row. */
#ifndef TAP_STREAM_DECODER_H
#define TAP_STREAM_DECODER_H

#include "tap/capture/fragments.h"
#include "tap/capture/packet.h"
#include "tap/capture/undecoded.h"
#include "tap/stream/streams.h"

struct tap_decoder;

struct tap_decoder_options {
	struct tap_streams_options streams;
	const uint16_t *ports; /* only TCP from or to one of these; borrowed until close */
	size_t ports_count;    /* 0 = every port */
};

struct tap_decoder_stats {
	uint64_t frames;
	uint64_t
	    kinds[TAP_PACKET_KINDS]; /* frames by what they were; a reassembled datagram counts once more */
	uint64_t other_ports;        /* segments from and to other ports than those asked for */
	/* What follows is valid until the decoder's close. */
	const struct tap_undecoded *undecoded; /* frames, and reassembled datagrams, without a segment;
						  fragments that were of no use once it is finished */
	const struct tap_fragments_stats *fragments;
	const struct tap_streams_stats *streams;
};

/* Borrows handler and budget until close, copies options. NULL when out of memory. */
struct tap_decoder *tap_decoder_open(struct tap_flow_handler *handler,
				     const struct tap_decoder_options *options, struct tap_budget *budget);
void tap_decoder_close(struct tap_decoder *decoder);

/* Take the next frame of the capture. What it brings is told to the handler before this returns. */
void tap_decoder_take(struct tap_decoder *decoder, const struct tap_frame *frame);

/* The same as a tap_frame_taker (tap/capture/capture.h): context is the decoder. */
void tap_decoder_take_frame(void *decoder, const struct tap_frame *frame);

/* As tap_streams_expire: for a live capture in which nothing passes. */
void tap_decoder_expire(struct tap_decoder *decoder, int64_t time_ns);

/* The capture has ended: tell what is kept and close every connection. Once. */
void tap_decoder_finish(struct tap_decoder *decoder);

void tap_decoder_stats(const struct tap_decoder *decoder, struct tap_decoder_stats *stats);

#endif
