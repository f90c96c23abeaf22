/* state.h - the state of a writer of pcapng. Internal to export/pcapng. */
#ifndef EXPORT_PCAPNG_STATE_H
#define EXPORT_PCAPNG_STATE_H

#include "export/format.h"
#include "export/pcapng/connections.h"
#include "export/pcapng/late.h"
#include "export/pcapng/notes.h"
#include "export/pcapng/tcp.h"

enum {
	/* Bytes of a control line's arguments; the longest that readers take (tap/session/nats_start.h). */
	EXPORT__LINE_MAX = 32000,
};

enum export__omitted {
	EXPORT__UNWRITABLE,        /* events that the protocol cannot carry */
	EXPORT__UNKNOWN_RECEIVERS, /* messages whose receivers are not all known */
	EXPORT__UNNAMED_RECEIVERS, /* receivers of which only the number is known */
	EXPORT__UNDELIVERED,       /* receivers that did not get the message */
	EXPORT__EARLY,             /* events before 1970 */
	EXPORT__DROPPED_NOTES,     /* set at the end, from the notes */
	EXPORT__OMITTED
};

struct export__pcapng {
	struct export_writer base;
	struct export__tcp tcp;
	struct export__connections connections;
	struct export__late late;
	struct export__notes notes;
	struct export_out greeting;        /* memory only */
	char line[EXPORT__LINE_MAX + 100]; /* the control line that is being written */
	int64_t last_ns;                   /* of the last event */
	uint64_t omitted[EXPORT__OMITTED];
};

/* An event and what it came with. */
struct export__context {
	struct export__pcapng *writer;
	const struct wire_event *event;
	const struct export_input *input;
};

#endif
