#include "tap/decoder.h"

#include <stdlib.h>

struct tap_decoder {
	int link_type;
	int64_t time_ns; /* of the latest frame */
	uint64_t frames;
	uint64_t kinds[TAP_PACKET_KINDS];
	struct tap_fragments *fragments;
	struct tap_streams *streams;
};

struct tap_decoder *tap_decoder_open(int link_type, struct tap_flow_handler *handler,
				     const struct tap_streams_options *options, struct tap_budget *budget)
{
	struct tap_decoder *decoder = calloc(1, sizeof *decoder);
	if (!decoder)
		return NULL;
	decoder->link_type = link_type;
	decoder->fragments = tap_fragments_open(budget);
	decoder->streams = tap_streams_open(handler, options, budget);
	if (decoder->fragments && decoder->streams)
		return decoder;
	tap_decoder_close(decoder);
	return NULL;
}

void tap_decoder_close(struct tap_decoder *decoder)
{
	if (!decoder)
		return;
	tap_streams_close(decoder->streams);
	tap_fragments_close(decoder->fragments);
	free(decoder);
}

static void take_datagram(struct tap_decoder *decoder, const struct tap_fragment *fragment, int64_t time_ns)
{
	struct tap_fragment datagram;
	struct tap_packet packet;
	if (!tap_fragments_take(decoder->fragments, fragment, time_ns, &datagram))
		return;
	enum tap_packet_kind kind = tap_packet_decode_datagram(&datagram, &packet);
	decoder->kinds[kind]++;
	if (kind == TAP_PACKET_SEGMENT)
		tap_streams_take(decoder->streams, &packet.segment, time_ns);
}

void tap_decoder_take(struct tap_decoder *decoder, const struct tap_frame *frame)
{
	struct tap_packet packet;
	enum tap_packet_kind kind = tap_packet_decode(decoder->link_type, frame, &packet);
	decoder->frames++;
	decoder->kinds[kind]++;
	decoder->time_ns = frame->time_ns;
	if (kind == TAP_PACKET_SEGMENT)
		tap_streams_take(decoder->streams, &packet.segment, frame->time_ns);
	else if (kind == TAP_PACKET_FRAGMENT)
		take_datagram(decoder, &packet.fragment, frame->time_ns);
}

void tap_decoder_take_frame(void *decoder, const struct tap_frame *frame)
{
	tap_decoder_take(decoder, frame);
}

void tap_decoder_expire(struct tap_decoder *decoder, int64_t time_ns)
{
	tap_streams_expire(decoder->streams, time_ns);
}

void tap_decoder_finish(struct tap_decoder *decoder)
{
	tap_streams_finish(decoder->streams, decoder->time_ns);
}

void tap_decoder_stats(const struct tap_decoder *decoder, struct tap_decoder_stats *stats)
{
	*stats = (struct tap_decoder_stats){.frames = decoder->frames,
					    .fragments = tap_fragments_stats(decoder->fragments),
					    .streams = tap_streams_stats(decoder->streams)};
	for (unsigned i = 0; i < TAP_PACKET_KINDS; i++)
		stats->kinds[i] = decoder->kinds[i];
}
