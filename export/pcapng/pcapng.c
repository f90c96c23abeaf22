#include "export/pcapng/pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/pcapng/blocks.h"
#include "export/pcapng/clients.h"
#include "export/pcapng/messages.h"
#include "wire/mark.h"

static const char about[] = "Made by tapedeck export from a log. TCP, the addresses of servers "
			    "(192.0.2.0/24, 2001:db8::/32), and those of clients in "
			    "198.18.0.0/15 are made up; the times are those of the log. Comments of packets: "
			    "\"seq N\" is the number of the event.";

static void put_gap(const struct export__context *context)
{
	const struct wire_event *event = context->event;
	char what[160];

	snprintf(what, sizeof(what), "gap: %llu messages lost (%llu bytes) in %.3f s",
		 (unsigned long long)event->lost_messages, (unsigned long long)event->lost_bytes,
		 (double)(event->to_ns - event->from_ns) / 1e9);
	export__notes_keep(&context->writer->notes, event, context->input->source, what, event->text);
}

static int put_event(const struct export__context *context)
{
	const struct wire_event *event = context->event;

	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: return export__messages_put(context);
	case WIRE_EVENT_CONNECT: return export__clients_connect(context);
	case WIRE_EVENT_DISCONNECT: export__clients_disconnect(context); return 0;
	case WIRE_EVENT_SUBSCRIBE:
	case WIRE_EVENT_UNSUBSCRIBE:
	case WIRE_EVENT_ERROR: return export__messages_put_other(context);
	case WIRE_EVENT_MARK:
		if (wire_mark_is_start(event->text))
			export__clients_restart(context);
		export__notes_keep(&context->writer->notes, event, context->input->source, "mark",
				   event->text);
		return 0;
	case WIRE_EVENT_GAP: put_gap(context); return 0;
	case WIRE_EVENT_KINDS: break;
	}
	return 0;
}

/* Send the deliveries that are due before the next event; all of them if the clock was set back. */
static void send_late(struct export__pcapng *writer, int64_t time_ns)
{
	if (time_ns < writer->last_ns)
		export__late_send_all(&writer->late, &writer->connections, &writer->tcp, writer->last_ns);
	else
		export__late_send(&writer->late, &writer->connections, &writer->tcp, time_ns);
}

static int put(struct export_writer *base, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct export__pcapng *writer = (struct export__pcapng *)base;
	const struct export__context context = {.writer = writer, .event = event, .input = input};

	writer->omitted[EXPORT__EARLY] += event->time_ns < 0;
	send_late(writer, event->time_ns);
	writer->last_ns = event->time_ns;
	return put_event(&context) == 0 ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

static int idle(struct export_writer *base, int64_t now_ns, struct wire_fault *fault)
{
	struct export__pcapng *writer = (struct export__pcapng *)base;

	(void)fault;
	export__late_send(&writer->late, &writer->connections, &writer->tcp, now_ns);
	return 0;
}

static int end(struct export_writer *base, struct wire_fault *fault)
{
	struct export__pcapng *writer = (struct export__pcapng *)base;

	(void)fault;
	export__late_send_all(&writer->late, &writer->connections, &writer->tcp, INT64_MAX);
	writer->omitted[EXPORT__DROPPED_NOTES] = writer->notes.dropped;
	writer->notes.text.len = writer->notes.pending;
	export__blocks_end(writer->tcp.out, writer->last_ns, writer->tcp.packets,
			   export__notes_take(&writer->notes));
	return 0;
}

static bool omission(const struct export_writer *base, size_t index, struct export_omission *omission)
{
	static const char *const texts[EXPORT__OMITTED] = {
	    [EXPORT__UNWRITABLE] = "events that the protocol cannot carry (comments name them)",
	    [EXPORT__UNKNOWN_RECEIVERS] = "lists of receivers that the log does not know completely",
	    [EXPORT__UNNAMED_RECEIVERS] = "receivers of whom only the number is known",
	    [EXPORT__UNDELIVERED] = "deliveries that did not reach the receiver (comments name them)",
	    [EXPORT__EARLY] = "times before 1970 (their packets have the time 0)",
	    [EXPORT__DROPPED_NOTES] = "marks and gaps that found no room in a comment",
	};
	const struct export__pcapng *writer = (const struct export__pcapng *)base;

	if (index >= EXPORT__OMITTED)
		return false;
	*omission = (struct export_omission){.what = texts[index], .count = writer->omitted[index]};
	return true;
}

static void close_writer(struct export_writer *base)
{
	struct export__pcapng *writer = (struct export__pcapng *)base;

	export__late_fini(&writer->late);
	export__connections_fini(&writer->connections);
	export__notes_fini(&writer->notes);
	export_out_fini(&writer->greeting);
	free(writer);
}

int export_pcapng_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault)
{
	struct export__pcapng *new = calloc(1, sizeof(*new));

	if (!new)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	new->base = (struct export_writer){
	    .put = put, .idle = idle, .end = end, .omission = omission, .close = close_writer};
	new->tcp.out = out;
	if (export__connections_init(&new->connections) != 0 || export__notes_init(&new->notes) != 0 ||
	    export_out_init(&new->greeting, -1) != 0) {
		close_writer(&new->base);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	export__blocks_begin(out, wire_slice_str(about));
	*writer = &new->base;
	return 0;
}
