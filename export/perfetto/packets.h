/* packets.h - packets of a trace, and the names that they refer to by numbers. Internal to export/perfetto.
 *
 * All packets are of one sequence. Names are interned until there are many: then the state of the sequence is cleared and begins
 * anew. */
#ifndef EXPORT_PERFETTO_PACKETS_H
#define EXPORT_PERFETTO_PACKETS_H

#include "export/text/buffer.h"
#include "export/text/out.h"
#include "trace/names.h"

enum { EXPORT__NAMES_MAX = 1 << 14, EXPORT__NAMES_BYTES = 8 << 20 };

/* The annotations of an event, in the order of their names in packets.c. */
enum export__annotation {
	EXPORT__NOTE_SUBJECT,
	EXPORT__NOTE_SEQ,
	EXPORT__NOTE_SIZE,
	EXPORT__NOTE_HEADERS,
	EXPORT__NOTE_QUEUE,
	EXPORT__NOTE_CONVERSATION,
	EXPORT__NOTE_ERROR,
	EXPORT__NOTE_UNFINISHED,
	EXPORT__NOTES
};

struct export__packets {
	struct export_out *out; /* borrowed */
	struct export_buffer packet;
	struct trace_names names; /* a name's number + 1 is its id */
	bool is_begun;
};

void export__packets_fini(struct export__packets *packets);

/* Begin a packet, at ns since the epoch unless it is 0. Returns its place for export__packets_end, which writes it. */
size_t export__packets_begin(struct export__packets *packets, int64_t ns);
void export__packets_end(struct export__packets *packets, size_t begin);

/* The id of an event's name, whose packet is begun: it is defined in this packet when it is new. 0 when out of memory. */
uint32_t export__packets_name(struct export__packets *packets, struct wire_slice name);

/* To be called before a packet is begun: begin the sequence, or clear its state when there are many names. ns: of the next packet. */
void export__packets_prepare(struct export__packets *packets, int64_t ns);

/* The id of an annotation's name. */
static inline uint32_t export__packets_note(enum export__annotation note)
{
	return (uint32_t)note + 1;
}

#endif
