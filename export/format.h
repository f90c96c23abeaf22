/* format.h - what an exporter is: a sink for a whole reading, in a format that other tools read.
 *
 * A writer embeds struct export_writer and finds itself from the pointer. It is given each event in the order of time, writes to
 * the struct export_out that it was opened with (borrowed) whatever it can decide, and writes the rest at the end. Errors of the
 * output stay in export_out; memory does not grow with the number of events. Bytes of messages are data: whatever they are, the
 * output is valid in its format. What the format cannot express is counted as an omission. */
#ifndef EXPORT_FORMAT_H
#define EXPORT_FORMAT_H

#include "export/event/clients.h"
#include "export/text/out.h"
#include "wire/source.h"

/* How a writer looks up more about the event that it is given. */
struct export_input {
	struct wire_source *source;    /* for wire_source_conn, which is unique among all inputs */
	struct export_clients clients; /* for the connections of the event */
	/* The user chose the event. Formats that need more events to tell about the chosen ones (their requests, deliveries, clients)
	 * are given all of the period; others only chosen events and gaps. */
	bool is_chosen;
};

/* Events, or parts of them, that are not in the output. */
struct export_omission {
	const char *what; /* plural, static: "messages whose receivers are not known" */
	uint64_t count;
};

struct export_conversation; /* export/sequence/conversation.h */

struct export_writer {
	/* Take an event. 0, or a negative code with *fault when the export cannot continue. */
	int (*put)(struct export_writer *writer, const struct wire_event *event,
		   const struct export_input *input, struct wire_fault *fault);
	/* Optional. There is nothing new for the moment (--follow), and all events until now_ns since the epoch have been put: write what
	 * waited long enough. */
	int (*idle)(struct export_writer *writer, int64_t now_ns, struct wire_fault *fault);
	/* Optional. Take a whole conversation instead of events. */
	int (*conversation)(struct export_writer *writer, const struct export_conversation *conversation,
			    struct wire_fault *fault);
	/* Optional. The last event was put: write the rest. */
	int (*end)(struct export_writer *writer, struct wire_fault *fault);
	/* Optional. Number `index` of the omissions, from 0. False when there are no more. A count may be 0. */
	bool (*omission)(const struct export_writer *writer, size_t index, struct export_omission *omission);
	void (*close)(struct export_writer *writer);
};

#endif
