#include "export/perfetto/packets.h"

#include <assert.h>

#include "export/perfetto/fields.h"
#include "export/perfetto/proto.h"

enum { SEQUENCE = 1, NAME_MAX_BYTES = 512 };

static const char *const notes[] = {
    [EXPORT__NOTE_SUBJECT] = "subject", [EXPORT__NOTE_SEQ] = "seq",
    [EXPORT__NOTE_SIZE] = "size",       [EXPORT__NOTE_HEADERS] = "headers",
    [EXPORT__NOTE_QUEUE] = "queue",     [EXPORT__NOTE_CONVERSATION] = "conversation",
    [EXPORT__NOTE_ERROR] = "error",     [EXPORT__NOTE_UNFINISHED] = "unfinished",
};
static_assert(sizeof(notes) / sizeof(*notes) == EXPORT__NOTES, "every annotation");

void export__packets_fini(struct export__packets *packets)
{
	export_buffer_fini(&packets->packet);
	trace_names_fini(&packets->names);
}

/* ---- packets ---- */

static size_t begin(struct export__packets *packets, int64_t ns, unsigned flags)
{
	struct export_buffer *packet = &packets->packet;

	packet->len = 0;
	const size_t at = export__proto_begin(packet, TRACE_PACKET);

	export__proto_number(packet, PACKET_SEQUENCE_ID, SEQUENCE);
	export__proto_number(packet, PACKET_SEQUENCE_FLAGS, flags);
	if (ns > 0)
		export__proto_number(packet, PACKET_TIMESTAMP, (uint64_t)ns);
	return at;
}

size_t export__packets_begin(struct export__packets *packets, int64_t ns)
{
	return begin(packets, ns, FLAG_NEEDS_STATE);
}

void export__packets_end(struct export__packets *packets, size_t at)
{
	export__proto_end(&packets->packet, at);
	export_out_bytes(packets->out, packets->packet.data,
			 packets->packet.is_failed ? 0 : packets->packet.len);
}

/* ---- names ---- */

static void add_interned(struct export_buffer *packet, unsigned kind, uint32_t id, struct wire_slice name)
{
	const size_t at = export__proto_begin(packet, kind);

	export__proto_number(packet, INTERNED_ID, id);
	export__proto_text(packet, INTERNED_NAME, name, NAME_MAX_BYTES);
	export__proto_end(packet, at);
}

uint32_t export__packets_name(struct export__packets *packets, struct wire_slice name)
{
	const uint32_t known = packets->names.len;
	const uint32_t number = trace_names_number(&packets->names, name, UINT32_MAX - 1);

	if (number == TRACE_NO_NAME)
		return 0;
	if (number == known) {
		const size_t at = export__proto_begin(&packets->packet, PACKET_INTERNED_DATA);

		add_interned(&packets->packet, INTERNED_EVENT_NAMES, number + 1, name);
		export__proto_end(&packets->packet, at);
	}
	return number + 1;
}

/* ---- the sequence ---- */

static void add_clock(struct export_buffer *packet, unsigned id, int64_t ns)
{
	const size_t at = export__proto_begin(packet, CLOCKS_CLOCK);

	export__proto_number(packet, CLOCK_ID, id);
	export__proto_number(packet, CLOCK_TIMESTAMP, ns > 0 ? (uint64_t)ns : 0);
	export__proto_end(packet, at);
}

/* The trace's clock, which is that of packets that name none, shows the time of day. */
static void write_clocks(struct export__packets *packets, int64_t ns)
{
	const size_t at = export__packets_begin(packets, ns);
	const size_t clocks = export__proto_begin(&packets->packet, PACKET_CLOCK_SNAPSHOT);

	add_clock(&packets->packet, CLOCK_BOOTTIME, ns);
	add_clock(&packets->packet, CLOCK_REALTIME, ns);
	export__proto_number(&packets->packet, CLOCKS_PRIMARY, CLOCK_BOOTTIME);
	export__proto_end(&packets->packet, clocks);
	export__packets_end(packets, at);
}

static void clear_state(struct export__packets *packets, int64_t ns)
{
	trace_names_fini(&packets->names);
	const size_t at = begin(packets, ns, FLAG_STATE_CLEARED);
	const size_t interned = export__proto_begin(&packets->packet, PACKET_INTERNED_DATA);

	add_interned(&packets->packet, INTERNED_CATEGORIES, 1, WIRE_LITERAL("nats"));
	for (uint32_t i = 0; i < EXPORT__NOTES; i++)
		add_interned(&packets->packet, INTERNED_ANNOTATION_NAMES, export__packets_note(i),
			     wire_slice_str(notes[i]));
	export__proto_end(&packets->packet, interned);
	export__packets_end(packets, at);
}

void export__packets_prepare(struct export__packets *packets, int64_t ns)
{
	if (!packets->is_begun || packets->names.len >= EXPORT__NAMES_MAX ||
	    packets->names.bytes >= EXPORT__NAMES_BYTES)
		clear_state(packets, ns);
	if (!packets->is_begun)
		write_clocks(packets, ns);
	packets->is_begun = true;
}
