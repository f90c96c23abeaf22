#include "tap/stream/decoder.h"

#include <stdlib.h>

enum { NESTED_FRAGMENTS_MAX = 4 }; /* packets inside reassembled packets */

struct tap_decoder {
	int64_t time_ns; /* of the latest frame */
	uint64_t frames;
	uint64_t kinds[TAP_PACKET_KINDS];
	uint64_t other_ports;
	const uint16_t *ports;
	size_t ports_count;
	struct tap_undecoded_frames undecoded;
	struct tap_fragments *fragments;
	struct tap_reassembly *reassembly;
};

struct tap_decoder *tap_decoder_open(struct tap_flow_handler *handler,
				     const struct tap_decoder_options *options, struct tap_budget *budget)
{
	struct tap_decoder *decoder = calloc(1, sizeof *decoder);
	if (!decoder)
		return NULL;
	decoder->ports = options->ports;
	decoder->ports_count = options->ports_count;
	decoder->fragments = tap_fragments_open(budget);
	decoder->reassembly = tap_reassembly_open(handler, &options->reassembly, budget);
	if (decoder->fragments && decoder->reassembly)
		return decoder;
	tap_decoder_close(decoder);
	return NULL;
}

void tap_decoder_close(struct tap_decoder *decoder)
{
	if (!decoder)
		return;
	tap_reassembly_close(decoder->reassembly);
	tap_fragments_close(decoder->fragments);
	free(decoder);
}

/* The capture's filter sees the outermost headers only; the ports inside an encapsulation are first known here. */
static bool is_wanted(const struct tap_decoder *decoder, const struct tap_segment *segment)
{
	for (size_t i = 0; i < decoder->ports_count; i++)
		if (decoder->ports[i] == segment->from.port || decoder->ports[i] == segment->to.port)
			return true;
	return decoder->ports_count == 0;
}

/* Count a packet. True when it completes a datagram, which is then to be decoded. */
static bool take_packet(struct tap_decoder *decoder, enum tap_packet_kind kind,
			const struct tap_packet *packet, struct tap_fragment *datagram)
{
	decoder->kinds[kind]++;
	if (kind == TAP_PACKET_FRAGMENT)
		return tap_fragments_take(decoder->fragments, &packet->fragment, decoder->time_ns, datagram);
	if (kind != TAP_PACKET_SEGMENT)
		tap_undecoded_frames_add(&decoder->undecoded, kind, packet->number, 1);
	else if (is_wanted(decoder, &packet->segment))
		tap_reassembly_take(decoder->reassembly, &packet->segment, decoder->time_ns);
	else
		decoder->other_ports++;
	return false;
}

void tap_decoder_take(struct tap_decoder *decoder, const struct tap_frame *frame)
{
	struct tap_packet packet;
	struct tap_fragment datagram;
	enum tap_packet_kind kind = tap_packet_decode(frame, &packet);
	decoder->frames++;
	decoder->time_ns = frame->time_ns;
	for (int depth = 0; take_packet(decoder, kind, &packet, &datagram); depth++)
		kind = depth < NESTED_FRAGMENTS_MAX ? tap_packet_decode_datagram(&datagram, &packet)
						    : TAP_PACKET_TOO_DEEP;
}

void tap_decoder_take_frame(void *decoder, const struct tap_frame *frame)
{
	tap_decoder_take(decoder, frame);
}

void tap_decoder_expire(struct tap_decoder *decoder, int64_t time_ns)
{
	tap_reassembly_expire(decoder->reassembly, time_ns);
}

void tap_decoder_finish(struct tap_decoder *decoder)
{
	const struct tap_fragments_stats *fragments = tap_fragments_stats(decoder->fragments);
	if (fragments->fragments > fragments->used)
		tap_undecoded_frames_add(&decoder->undecoded, TAP_PACKET_FRAGMENT, 0,
					 fragments->fragments - fragments->used);
	tap_reassembly_finish(decoder->reassembly, decoder->time_ns);
}

void tap_decoder_stats(const struct tap_decoder *decoder, struct tap_decoder_stats *stats)
{
	*stats = (struct tap_decoder_stats){.frames = decoder->frames,
					    .other_ports = decoder->other_ports,
					    .undecoded = &decoder->undecoded,
					    .fragments = tap_fragments_stats(decoder->fragments),
					    .reassembly = tap_reassembly_stats(decoder->reassembly)};
	for (unsigned i = 0; i < TAP_PACKET_KINDS; i++)
		stats->kinds[i] = decoder->kinds[i];
}
