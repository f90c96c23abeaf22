#include "cli/output/text_message.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/output/print_below.h"
#include "cli/output/text_headers.h"
#include "export/text/sizes.h"

/* Without a terminal there is room for so many columns of headers, however long the line. */
enum { PIPED_HEADERS = 60 };

static const struct export_shown *shown_of(const struct cli_text_line *line)
{
	return &line->printer->options.shown;
}

/* Separate the next remark after the size from those before it. */
static void begin_remark(struct cli_text_line *line)
{
	cli_row_fill(&line->row, line->row.used + (line->has_remark ? 1 : line->printer->layout.between));
	line->has_remark = true;
}

static void put_status_note(struct cli_text_line *line, const struct cli_text_headers *headers)
{
	begin_remark(line);
	if (cli_text_status_is_bare(headers->status, headers->text)) {
		cli_text_status(&line->row, CLI_YELLOW, headers->status, headers->text);
		return;
	}
	cli_row_text(&line->row, CLI_YELLOW, "[");
	cli_text_status(&line->row, CLI_YELLOW, headers->status, headers->text);
	cli_row_text(&line->row, CLI_YELLOW, "]");
}

/* Columns that the headers may take: what the payload does not need. */
static size_t headers_room(const struct cli_text_line *line, struct wire_slice payload)
{
	const struct cli_text_options *options = &line->printer->options;
	size_t left = cli_row_left(&line->row);

	if (!line->printer->layout.is_terminal)
		return shown_of(line)->headers ? CLI_ROW_ENDLESS : PIPED_HEADERS;
	if (options->verbose || options->hex)
		return left;
	size_t needed = export_escape_columns(payload, left) + 2;
	return left > needed ? left - needed : 0;
}

/* The header block: its status, and as many headers as there is room for. Returns true when all that is to be
 * shown is on the line. */
static bool put_headers(struct cli_text_line *line, struct wire_slice payload)
{
	struct cli_text_headers headers;
	bool wants_all = shown_of(line)->headers;
	size_t room = headers_room(line, payload);

	cli_text_headers_look(&headers, line->event->headers, room);
	if (!headers.is_valid) {
		begin_remark(line);
		cli_row_text(&line->row, CLI_YELLOW, "[malformed headers]");
		return !wants_all;
	}
	if (headers.status.len > 0) {
		put_status_note(line, &headers);
		room = headers_room(line, payload);
	}
	if (line->printer->options.verbose || headers.columns == 0)
		return true;
	bool fits = headers.columns <= room;
	if (wants_all && !fits)
		return false;
	if (!fits && room < headers.least)
		return true;
	begin_remark(line);
	cli_text_headers_put(&line->row, line->event->headers, room, fits);
	return true;
}

static void put_kept_note(struct cli_text_line *line, const char *verb, const char *verb_after)
{
	char kept[EXPORT_SIZE_TEXT];

	begin_remark(line);
	cli_row_format(&line->row, CLI_YELLOW, "[%s %s%s]", verb,
		       export_size_text(kept, line->event->payload.len), verb_after);
}

/* Print how the message was recorded: cut, partial, masked. */
static void put_recording_notes(struct cli_text_line *line)
{
	const struct wire_event *event = line->event;

	if (event->kind == WIRE_EVENT_DELIVERY && event->outcome != WIRE_SENT) {
		begin_remark(line);
		cli_row_format(&line->row, CLI_RED, "[dropped: %s]", wire_outcome_name(event->outcome));
	}
	if (event->flags & WIRE_EVENT_CUT)
		put_kept_note(line, "cut to", "");
	if (event->flags & WIRE_EVENT_PARTIAL)
		put_kept_note(line, "only", " seen");
	if (event->flags & WIRE_EVENT_MASKED) {
		begin_remark(line);
		cli_row_text(&line->row, CLI_YELLOW, "[masked]");
	}
}

/* Receivers that got nothing, where `who` has no room for them. */
static void put_dropped(struct cli_text_line *line)
{
	uint32_t dropped = line->printer->layout.is_narrow ? cli_text_line_dropped(line) : 0;

	if (dropped == 0)
		return;
	begin_remark(line);
	cli_row_format(&line->row, CLI_RED, "[%" PRIu32 " dropped]", dropped);
}

/* How much of the payload --max-payload leaves out. "" when nothing, or when no payload is wanted at all. */
static const char *left_out_text(const struct cli_text_line *line, size_t shown, char *text, size_t size)
{
	char bytes[EXPORT_SIZE_TEXT];
	size_t left_out = line->event->payload.len - shown;

	text[0] = '\0';
	if (left_out > 0 && shown_of(line)->payload > 0)
		snprintf(text, size, "[%s not shown]", export_size_text(bytes, left_out));
	return text;
}

static void put_payload(struct cli_text_line *line, struct wire_slice payload)
{
	char note[64];

	if (left_out_text(line, payload.len, note, sizeof(note))[0]) {
		begin_remark(line);
		cli_row_text(&line->row, CLI_YELLOW, note);
	}
	if (payload.len == 0)
		return;
	begin_remark(line);
	cli_row_rest(&line->row, payload);
}

/* Print the payload below the line. A hex dump is of the payload as it is: decoded text comes before it. original: the event before
 * it was decoded. */
static void put_payload_below(struct cli_text_line *line, struct wire_slice payload,
			      const struct wire_event *original)
{
	const bool is_hex = line->printer->options.hex, is_decoded = original != line->event;
	struct wire_event shown = *line->event;
	char note[64];

	shown.payload = payload;
	cli_print_payload(&line->row, &shown, is_hex && !is_decoded);
	if (is_hex && is_decoded) {
		line->event = original;
		payload = shown.payload = export_shown_payload(shown_of(line), original);
		cli_print_payload(&line->row, &shown, true);
	}
	if (left_out_text(line, payload.len, note, sizeof(note))[0])
		cli_print_note(&line->row, note);
}

/* No payloads are wanted, in whatever form. */
static bool is_without_payload(const struct cli_text_options *options)
{
	return options->shown.has_limit && options->shown.payload == 0;
}

void cli_text_message(struct cli_text_line *line)
{
	const struct cli_text_options *options = &line->printer->options;
	const struct wire_event *original = line->event;
	struct export_decoded decoded;
	struct wire_event shown;
	const enum export_decode_result result = export_decode(options->decoder, original, &decoded);
	if (result == EXPORT_DECODE_DONE) {
		shown = *original;
		shown.payload = decoded.bytes;
		line->event = &shown;
	}
	const struct wire_slice payload = export_shown_payload(&options->shown, line->event);
	bool is_below = options->verbose || options->hex, has_headers = line->event->headers.len > 0;

	cli_text_line_who(line);
	cli_text_line_subject(line);
	cli_text_line_size(line);
	if (line->event->reply.len > 0) {
		begin_remark(line);
		cli_text_line_reply(line);
	}
	put_dropped(line);
	bool are_headers_put = !has_headers || put_headers(line, payload);
	put_recording_notes(line);
	if (!is_below)
		put_payload(line, payload);
	cli_row_end(&line->row);
	if (options->verbose)
		cli_print_details(&line->row, line->event, line->clients);
	else if (!are_headers_put)
		cli_print_headers(&line->row, line->event->headers);
	if (is_below && !is_without_payload(options))
		cli_print_decoded(&line->row, result, &decoded);
	if (is_below)
		put_payload_below(line, payload, original);
	line->event = original;
}
