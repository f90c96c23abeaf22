#include "export/perfetto/perfetto.h"

#include <errno.h>
#include <stdlib.h>

#include "export/perfetto/counters.h"
#include "export/perfetto/fields.h"
#include "export/perfetto/proto.h"
#include "export/perfetto/tracks.h"
#include "export/spans/ids.h"
#include "export/spans/spans.h"
#include "trace/fold.h"

enum { FLOWS_MAX = 64, SUBJECT_MAX = 4096, HEADERS_MAX = 1024, ERROR_MAX = 512, CATEGORY = 1 };

struct perfetto {
	struct export_writer base;
	struct export_spans *spans;
	struct export__packets packets;
	struct export__tracks tracks;
	struct export__counters counters;
	struct trace_fold fold;
	struct export_buffer name; /* of an event */
	uint64_t flowless;         /* receivers of a message beyond FLOWS_MAX */
};

static const char *const kinds[] = {[EXPORT_SPAN_PUBLISH] = "publish ",
				    [EXPORT_SPAN_REQUEST] = "request ",
				    [EXPORT_SPAN_REPLY] = "reply ",
				    [EXPORT_SPAN_DELIVER] = "deliver ",
				    [EXPORT_SPAN_HANDLE] = "process "};

static const char *const errors[] = {[EXPORT_SPAN_OK] = "",
				     [EXPORT_SPAN_NO_RESPONDERS] = "no responders",
				     [EXPORT_SPAN_UNANSWERED] = "no reply within 10 s",
				     [EXPORT_SPAN_SERVICE_ERROR] = "the service answered with an error",
				     [EXPORT_SPAN_SLOW_CONSUMER] = "slow consumer",
				     [EXPORT_SPAN_PERMISSION] = "permission",
				     [EXPORT_SPAN_CLOSED] = "closed"};

/* ---- parts of an event ---- */

static size_t begin_note(struct export_buffer *packet, enum export__annotation note)
{
	const size_t at = export__proto_begin(packet, EVENT_ANNOTATIONS);

	export__proto_number(packet, ANNOTATION_NAME_ID, export__packets_note(note));
	return at;
}

static void note_text(struct export_buffer *packet, enum export__annotation note, struct wire_slice text,
		      size_t max)
{
	if (text.len == 0)
		return;
	const size_t at = begin_note(packet, note);

	export__proto_text(packet, ANNOTATION_STRING, text, max);
	export__proto_end(packet, at);
}

static void note_number(struct export_buffer *packet, enum export__annotation note, uint64_t number)
{
	const size_t at = begin_note(packet, note);

	export__proto_number(packet, ANNOTATION_UINT, number);
	export__proto_end(packet, at);
}

static void add_notes(struct export_buffer *packet, const struct export_span *span)
{
	const struct export_span_message *message = span->message;

	note_text(packet, EXPORT__NOTE_SUBJECT, message->subject, SUBJECT_MAX);
	if (message->seq > 0)
		note_number(packet, EXPORT__NOTE_SEQ, message->seq);
	note_number(packet, EXPORT__NOTE_SIZE, message->size);
	note_text(packet, EXPORT__NOTE_HEADERS, message->headers, HEADERS_MAX);
	note_text(packet, EXPORT__NOTE_QUEUE, span->queue, SUBJECT_MAX);
	note_text(packet, EXPORT__NOTE_CONVERSATION, message->conversation, SUBJECT_MAX);
	if (span->error != EXPORT_SPAN_OK)
		note_text(packet, EXPORT__NOTE_ERROR,
			  span->error_text.len > 0 ? span->error_text : wire_slice_str(errors[span->error]),
			  ERROR_MAX);
	if (!span->is_unfinished)
		return;
	const size_t at = begin_note(packet, EXPORT__NOTE_UNFINISHED);

	export__proto_number(packet, ANNOTATION_BOOL, 1);
	export__proto_end(packet, at);
}

/* A flow leads from a publisher to each of its receivers: its id is that of the receiver's span. Where the receivers are not
 * listed, that of the publisher's. */
static void add_flows(struct perfetto *perfetto, struct export_buffer *packet, const struct export_span *span)
{
	const struct export_span_message *message = span->message;
	const uint32_t flows = message->receivers < FLOWS_MAX ? message->receivers : FLOWS_MAX;

	if (span->kind == EXPORT_SPAN_DELIVER || span->kind == EXPORT_SPAN_HANDLE) {
		if (message->receivers > 0)
			export__proto_fixed64(packet, EVENT_TERMINATING_FLOW_IDS, span->context.span);
		else if (span->link.span != 0)
			export__proto_fixed64(packet, EVENT_FLOW_IDS, span->link.span);
		return;
	}
	for (uint32_t i = 0; i < flows; i++)
		export__proto_fixed64(packet, EVENT_FLOW_IDS, export_span_id_receiver(message->base, i));
	if (flows == 0)
		export__proto_fixed64(packet, EVENT_FLOW_IDS, span->context.span);
	perfetto->flowless += message->receivers - flows;
}

static struct wire_slice name_of(struct perfetto *perfetto, const struct export_span *span)
{
	struct export_buffer *name = &perfetto->name;

	name->len = 0;
	export_buffer_slice(name, wire_slice_str(kinds[span->kind]));
	export_buffer_slice(name, trace_fold(&perfetto->fold, span->message->subject));
	return wire_slice(name->data, name->len);
}

/* ---- events ---- */

static void write_begin(struct perfetto *perfetto, const struct export_span *span, uint64_t track,
			bool is_slice)
{
	struct export__packets *packets = &perfetto->packets;
	struct export_buffer *packet = &packets->packet;
	const int64_t ns = is_slice ? span->start_ns : span->end_ns;
	const size_t begin = export__packets_begin(packets, ns);
	const uint32_t name = export__packets_name(packets, name_of(perfetto, span));
	const size_t event = export__proto_begin(packet, PACKET_TRACK_EVENT);

	export__proto_number(packet, EVENT_TYPE, is_slice ? TYPE_SLICE_BEGIN : TYPE_INSTANT);
	export__proto_number(packet, EVENT_TRACK_UUID, track);
	export__proto_number(packet, EVENT_CATEGORY_IDS, CATEGORY);
	if (name != 0)
		export__proto_number(packet, EVENT_NAME_ID, name);
	add_flows(perfetto, packet, span);
	add_notes(packet, span);
	export__proto_end(packet, event);
	export__packets_end(packets, begin);
}

static void write_end(struct perfetto *perfetto, const struct export_span *span, uint64_t track)
{
	struct export__packets *packets = &perfetto->packets;
	const size_t begin = export__packets_begin(packets, span->end_ns);
	const size_t event = export__proto_begin(&packets->packet, PACKET_TRACK_EVENT);

	export__proto_number(&packets->packet, EVENT_TYPE, TYPE_SLICE_END);
	export__proto_number(&packets->packet, EVENT_TRACK_UUID, track);
	export__proto_end(&packets->packet, event);
	export__packets_end(packets, begin);
}

/* As export_spans_emit. */
static void emit(void *context, const struct export_span *span)
{
	struct perfetto *perfetto = context;
	bool is_slice;

	export__packets_prepare(&perfetto->packets, span->start_ns);
	const uint64_t track =
	    export__tracks_find(&perfetto->tracks, &perfetto->packets, export_spans_clients(perfetto->spans),
				span->client, span->start_ns, span->end_ns, &is_slice);

	if (track == 0)
		return;
	write_begin(perfetto, span, track, is_slice);
	if (is_slice)
		write_end(perfetto, span, track);
}

/* ---- the writer ---- */

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct perfetto *perfetto = (struct perfetto *)writer;

	if (event->kind == WIRE_EVENT_MESSAGE && input->is_chosen)
		export__counters_add(&perfetto->counters, &perfetto->packets, event->time_ns,
				     event->size + event->headers.len);
	const int error = export_spans_put(perfetto->spans, event, input, fault);

	if (!error && (perfetto->packets.packet.is_failed || perfetto->name.is_failed))
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return error;
}

static int idle(struct export_writer *writer, int64_t now_ns, struct wire_fault *fault)
{
	(void)fault;
	export_spans_read_to(((struct perfetto *)writer)->spans, now_ns);
	return 0;
}

static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct perfetto *perfetto = (struct perfetto *)writer;

	export_spans_end(perfetto->spans);
	export__counters_end(&perfetto->counters, &perfetto->packets);
	return perfetto->packets.packet.is_failed ? wire_fault_set(fault, -ENOMEM, "out of memory") : 0;
}

static bool omission(const struct export_writer *writer, size_t index, struct export_omission *omitted)
{
	const struct perfetto *perfetto = (const struct perfetto *)writer;

	if (index == 0)
		*omitted = (struct export_omission){"arrows to receivers of a message that has more than 64",
						    perfetto->flowless};
	else if (index == 1)
		*omitted = (struct export_omission){"beginnings of what more than 64 others overlap",
						    perfetto->tracks.no_lane};
	else
		return export_spans_omission(perfetto->spans, index - 2, omitted);
	return true;
}

static void close_writer(struct export_writer *writer)
{
	struct perfetto *perfetto = (struct perfetto *)writer;

	export__packets_fini(&perfetto->packets);
	export__tracks_fini(&perfetto->tracks);
	export_buffer_fini(&perfetto->name);
	export_spans_close(perfetto->spans);
	free(perfetto);
}

int export_perfetto_open(struct export_writer **writer, struct export_out *out, struct wire_fault *fault)
{
	struct perfetto *perfetto = calloc(1, sizeof(*perfetto));
	const struct export_spans_options spans = {
	    .sample = 1, .headers_max = HEADERS_MAX, .emit = emit, .context = perfetto};

	if (!perfetto || export_spans_open(&perfetto->spans, &spans) != 0) {
		free(perfetto);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	trace_fold_init(&perfetto->fold, true, NULL);
	perfetto->packets.out = out;
	perfetto->base = (struct export_writer){
	    .put = put, .idle = idle, .end = end, .omission = omission, .close = close_writer};
	*writer = &perfetto->base;
	return 0;
}
