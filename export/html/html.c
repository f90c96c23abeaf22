#include "export/html/html.h"

#include <errno.h>
#include <stdlib.h>

#include "export/html/message_json.h"
#include "export/html/page_parts.h"
#include "export/sequence/sequence.h"

enum { CONTENTS_MAX = 16 << 20 }; /* bytes of headers and payloads in a page */

struct html {
	struct export_writer base;
	struct export_sequence sequence;
	struct export_sequence_sink sink;
	struct export_html_rows rows;
	struct export_html_options options;
};

static struct html *of_sink(struct export_sequence_sink *sink)
{
	return (struct html *)(void *)((char *)sink - offsetof(struct html, sink));
}

static void put_message(struct export_sequence_sink *sink, const struct export_sequence_message *message)
{
	export_html_message(&of_sink(sink)->rows, message);
}

static void put_gap(struct export_sequence_sink *sink, const struct export_sequence_gap *gap)
{
	export_html_gap(&of_sink(sink)->rows, gap);
}

static void put_heading(struct export_sequence_sink *sink, const struct export_sequence_heading *heading)
{
	export_html_heading(&of_sink(sink)->rows, heading);
}

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	return export_sequence_event(&((struct html *)writer)->sequence, event, input, fault);
}

static int put_conversation(struct export_writer *writer, const struct export_conversation *conversation,
			    struct wire_fault *fault)
{
	(void)fault;
	export_sequence_conversation(&((struct html *)writer)->sequence, conversation);
	return 0;
}

/* ---- the page around the rows ---- */

static void begin(struct html *html)
{
	struct export_json *json = &html->rows.json;

	export_out_bytes(json->out, export_html_page_before, export_html_page_before_len);
	export_json_object(json, NULL);
	export_json_array(json, "logs");
	for (int i = 0; i < html->options.logs_len; i++)
		export_json_string(json, NULL, wire_slice_str(html->options.logs[i]));
	export_json_array_end(json);
	export_json_array(json, "rows");
}

static void put_parties(struct html *html)
{
	static const char *const kinds[] = {"others", "service", "server", "unknown"};
	const struct export_parties *parties = &html->sequence.parties;
	struct export_json *json = &html->rows.json;

	export_json_array(json, "parties");
	for (uint32_t i = 0; i < export_parties_count(parties); i++) {
		const char *kind = kinds[export_party_kind(parties, i)];
		export_json_object(json, NULL);
		export_json_string(json, "name", export_party_name(parties, i));
		export_json_word(json, "kind", kind, strlen(kind));
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

static bool omission(const struct export_writer *writer, size_t index, struct export_omission *omission)
{
	const struct html *html = (const struct html *)writer;
	const struct export_omission omissions[] = {
	    {"messages beyond those of the page; see --limit", html->sequence.left_out},
	    {"messages with payloads or headers that are not whole: of each 64 KiB are in the page, of all "
	     "16 MiB",
	     html->rows.shortened},
	    {"gaps beyond the first 1,000", html->sequence.left_out_gaps},
	    {"events that are no messages", html->sequence.others},
	};

	if (index >= sizeof omissions / sizeof omissions[0])
		return false;
	*omission = omissions[index];
	return true;
}

static void put_omissions(struct html *html)
{
	struct export_json *json = &html->rows.json;
	struct export_omission left_out;

	export_json_array(json, "left_out");
	for (size_t i = 0; omission(&html->base, i, &left_out); i++) {
		if (left_out.count == 0)
			continue;
		export_json_object(json, NULL);
		export_json_number(json, "count", left_out.count);
		export_json_string(json, "what", wire_slice_str(left_out.what));
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct html *html = (struct html *)writer;
	struct export_json *json = &html->rows.json;

	(void)fault;
	export_json_array_end(json);
	put_parties(html);
	put_omissions(html);
	export_json_object_end(json);
	export_out_bytes(json->out, export_html_page_after, export_html_page_after_len);
	return 0;
}

static void close_writer(struct export_writer *writer)
{
	export_sequence_fini(&((struct html *)writer)->sequence);
	free(writer);
}

int export_html_open(struct export_writer **writer, const struct export_html_options *options,
		     struct export_out *out, struct wire_fault *fault)
{
	struct html *html = calloc(1, sizeof *html);

	if (!html)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	html->base = (struct export_writer){.put = put,
					    .conversation = put_conversation,
					    .end = end,
					    .omission = omission,
					    .close = close_writer};
	html->sink = (struct export_sequence_sink){
	    .conversation = put_heading, .message = put_message, .gap = put_gap};
	html->options = *options;
	html->rows = (struct export_html_rows){.json = {.out = out, .in_markup = true},
					       .clock = {.utc = options->utc},
					       .has_logs = options->logs_len > 1,
					       .room = CONTENTS_MAX};
	if (export_sequence_init(&html->sequence, &html->sink, options->messages_max) != 0) {
		close_writer(&html->base);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	begin(html);
	*writer = &html->base;
	return 0;
}
