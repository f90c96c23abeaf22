#include "cli/output/diff_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output/diff_point.h"
#include "export/text/sizes.h"

enum { EXCERPT_BEFORE = 12 }; /* bytes shown before the first that differs */

static const char *const side_names[REPLAY_SIDES] = {"A", "B"};

static enum cli_color color_of(enum replay_difference_kind kind)
{
	switch (kind) {
	case REPLAY_DIFF_MISSING: return CLI_RED;
	case REPLAY_DIFF_EXTRA: return CLI_GREEN;
	default: return CLI_YELLOW;
	}
}

static void put_name(struct cli_row *row, struct wire_slice subject, bool is_reply)
{
	if (is_reply)
		cli_row_text(row, CLI_DIM, "replies to ");
	if (subject.len == 0)
		cli_row_text(row, CLI_DIM, "(other subjects)");
	cli_row_put(row, CLI_BOLD, subject, row->columns);
}

/* Print bytes, beginning shortly before the first that differs when that is far from the start. */
static void put_excerpt(struct cli_row *row, struct wire_slice bytes, size_t at)
{
	if (at > 2 * EXCERPT_BEFORE && at <= bytes.len) {
		cli_row_text(row, CLI_DIM, "\u2026");
		bytes = wire_slice(bytes.data + at - EXCERPT_BEFORE, bytes.len - at + EXCERPT_BEFORE);
	}
	cli_row_rest(row, bytes);
}

/* Payloads of both sides for people. */
struct decoded {
	char *texts[REPLAY_SIDES]; /* owned; NULL: not decoded */
	struct wire_slice slices[REPLAY_SIDES];
	size_t at; /* the first byte that differs; 0 where there are not two */
};

static void decode(struct cli_diff_text *text, const struct replay_difference *difference,
		   struct decoded *decoded)
{
	const struct replay_diff_message *messages[REPLAY_SIDES] = {difference->a, difference->b};

	for (int side = 0; side < REPLAY_SIDES && difference->kind != REPLAY_DIFF_REORDERED; side++) {
		struct export_decoded one;

		if (!messages[side] ||
		    cli_diff_decode(text->decoder, messages[side], &one) != EXPORT_DECODE_DONE)
			continue;
		decoded->texts[side] = malloc(one.bytes.len + 1);
		if (!decoded->texts[side])
			continue;
		memcpy(decoded->texts[side], one.bytes.data, one.bytes.len);
		decoded->slices[side] = wire_slice(decoded->texts[side], one.bytes.len);
	}
	if (decoded->texts[REPLAY_A] && decoded->texts[REPLAY_B])
		decoded->at = cli_diff_first_difference(decoded->slices[REPLAY_A], decoded->slices[REPLAY_B]);
}

/* Print the part of the message that differs, its payload in the form of --decode. */
static void put_part(struct cli_row *row, const struct replay_diff_message *message,
		     struct cli_diff_point point, const struct decoded *decoded, enum replay_diff_side side)
{
	if (decoded->texts[side] && point.part == CLI_DIFF_PAYLOAD)
		put_excerpt(row, decoded->slices[side], decoded->at);
	else
		put_excerpt(row, cli_diff_part_of(message, point.part), point.at);
}

static void put_message(struct cli_diff_text *text, enum replay_diff_side side,
			const struct replay_difference *difference, struct cli_diff_point point,
			const struct decoded *decoded)
{
	const struct replay_diff_message *message = side == REPLAY_A ? difference->a : difference->b;
	struct cli_row *row = &text->row;
	char time[EXPORT_TIME_TEXT], size[EXPORT_SIZE_TEXT];

	if (!message)
		return;
	export_clock_text(&text->clock, message->time_ns, EXPORT_TIME_CLOCK, time);
	cli_row_format(row, CLI_DIM, "  %s #%" PRIu64 " %s", side_names[side], message->seq, time);
	if (difference->kind == REPLAY_DIFF_DELIVERIES)
		cli_row_format(row, CLI_PLAIN, "  %" PRIu32 " received it", message->receivers);
	if (difference->kind != REPLAY_DIFF_REORDERED) {
		cli_row_format(row, CLI_PLAIN, "  %s  ", export_size_text(size, message->size));
		put_part(row, message, point, decoded, side);
	}
	cli_row_end(row);
}

static void put_slower(struct cli_row *row, const struct replay_difference *difference)
{
	char a[EXPORT_SIZE_TEXT], b[EXPORT_SIZE_TEXT];

	cli_row_format(row, CLI_PLAIN, "  median %s in A, %s in B",
		       export_span_text(a, difference->latency_ns[REPLAY_A]),
		       export_span_text(b, difference->latency_ns[REPLAY_B]));
	cli_row_end(row);
}

void cli_diff_text_difference(struct cli_diff_text *text, const struct replay_difference *difference)
{
	struct cli_diff_point point = {.part = CLI_DIFF_PAYLOAD, .at = 0};
	struct decoded decoded = {0};
	struct cli_row *row = &text->row;

	if (difference->kind == REPLAY_DIFF_CHANGED)
		point = cli_diff_point_find(difference->a, difference->b);
	cli_row_text(row, color_of(difference->kind), replay_difference_name(difference->kind));
	cli_row_fill(row, 11);
	put_name(row, difference->subject, difference->is_reply);
	cli_row_end(row);
	if (difference->kind == REPLAY_DIFF_SLOWER)
		put_slower(row, difference);
	decode(text, difference, &decoded);
	put_message(text, REPLAY_A, difference, point, &decoded);
	put_message(text, REPLAY_B, difference, point, &decoded);
	if (difference->kind == REPLAY_DIFF_CHANGED) {
		const bool is_decoded =
		    point.part == CLI_DIFF_PAYLOAD && decoded.texts[REPLAY_A] && decoded.texts[REPLAY_B];
		cli_row_format(row, CLI_DIM, "    %s%s from byte %zu on", is_decoded ? "decoded " : "",
			       cli_diff_part_name(point.part), is_decoded ? decoded.at : point.at);
		cli_row_end(row);
	}
	free(decoded.texts[REPLAY_A]);
	free(decoded.texts[REPLAY_B]);
}

static void put_log(struct cli_diff_text *text, const struct replay_diff_summary *summary,
		    enum replay_diff_side side)
{
	struct cli_row *row = &text->row;
	char messages[EXPORT_SIZE_TEXT], start[EXPORT_TIME_TEXT], span[EXPORT_SIZE_TEXT],
	    count[EXPORT_SIZE_TEXT];

	cli_row_format(row, CLI_BOLD, "%s ", side_names[side]);
	cli_row_put(row, CLI_BOLD, wire_slice_str(text->logs[side]), row->columns);
	cli_row_format(row, CLI_PLAIN, ": %s messages",
		       export_count_text(messages, summary->total.messages[side]));
	if (summary->total.messages[side] > 0) {
		export_clock_text(&text->clock, summary->first_time_ns[side], EXPORT_TIME_SECOND, start);
		cli_row_format(
		    row, CLI_PLAIN, ", from %s, %s", start,
		    export_span_text(span, summary->last_time_ns[side] - summary->first_time_ns[side]));
	}
	if (summary->gaps[side] > 0)
		cli_row_format(row, CLI_RED, ", %s gap%s", export_count_text(count, summary->gaps[side]),
			       summary->gaps[side] == 1 ? "" : "s");
	if (summary->gap_messages[side] > 0)
		cli_row_format(row, CLI_RED, " (%s messages)",
			       export_count_text(count, summary->gap_messages[side]));
	cli_row_end(row);
}

static void put_count(struct cli_row *row, enum cli_color color, int width, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT];

	cli_row_format(row, count > 0 ? color : CLI_DIM, " %*s", width, export_count_text(text, count));
}

static void put_subject(struct cli_row *row, const struct replay_diff_subject *counts)
{
	char text[EXPORT_SIZE_TEXT];

	for (int side = 0; side < REPLAY_SIDES; side++)
		cli_row_format(row, CLI_PLAIN, " %12s", export_count_text(text, counts->messages[side]));
	for (int kind = 0; kind < REPLAY_DIFF_SLOWER; kind++)
		put_count(row, color_of((enum replay_difference_kind)kind), 10, counts->differences[kind]);
	put_count(row, CLI_YELLOW, 12, counts->unverifiable);
	cli_row_text(row, CLI_PLAIN, "  ");
	put_name(row, counts->subject, counts->is_reply);
	if (counts->masked > 0)
		cli_row_format(row, CLI_YELLOW, ", %s masked", export_count_text(text, counts->masked));
	cli_row_end(row);
}

static bool is_shown(const struct replay_diff_subject *counts)
{
	return replay_diff_differences(counts) > 0 || counts->unverifiable > 0 || counts->masked > 0;
}

static void put_more(struct cli_row *row, uint64_t count, const char *noun, const char *option)
{
	char text[EXPORT_SIZE_TEXT];

	if (count == 0)
		return;
	cli_row_format(row, CLI_DIM, "and %s more %s%s (%s N)", export_count_text(text, count), noun,
		       count == 1 ? "" : "s", option);
	cli_row_end(row);
}

static void put_subjects(struct cli_diff_text *text, const struct replay_diff_summary *summary)
{
	struct cli_row *row = &text->row;
	uint64_t rows = 0;

	for (size_t i = 0; i < summary->subjects_len; i++) {
		if (!is_shown(&summary->subjects[i]))
			continue;
		if (rows == 0) {
			export_out_char(row->out, '\n');
			cli_row_format(row, CLI_DIM, " %12s %12s %10s %10s %10s %10s %10s %12s  subject",
				       "in A", "in B", "missing", "extra", "changed", "reordered",
				       "deliveries", "unverifiable");
			cli_row_end(row);
		}
		if (rows++ < text->top)
			put_subject(row, &summary->subjects[i]);
	}
	put_more(row, rows > text->top ? rows - text->top : 0, "subject", "--top");
}

static void put_latency(struct cli_row *row, const struct replay_diff_subject *counts)
{
	char text[EXPORT_SIZE_TEXT];

	cli_row_format(row, CLI_PLAIN, " %12s", export_count_text(text, counts->latency[REPLAY_A].count));
	cli_row_format(row, CLI_PLAIN, " %12s", export_count_text(text, counts->latency[REPLAY_B].count));
	for (int side = 0; side < REPLAY_SIDES; side++)
		cli_row_format(row, counts->differences[REPLAY_DIFF_SLOWER] ? CLI_YELLOW : CLI_PLAIN, " %10s",
			       export_span_text(text, counts->latency[side].p50_ns));
	for (int side = 0; side < REPLAY_SIDES; side++)
		cli_row_format(row, CLI_PLAIN, " %10s", export_span_text(text, counts->latency[side].p99_ns));
	cli_row_text(row, CLI_PLAIN, "  ");
	put_name(row, counts->subject, counts->is_reply);
	cli_row_end(row);
}

static void put_latencies(struct cli_diff_text *text, const struct replay_diff_summary *summary)
{
	struct cli_row *row = &text->row;
	uint64_t answered = 0;

	for (size_t i = 0; i < summary->subjects_len; i++) {
		const struct replay_diff_subject *counts = &summary->subjects[i];

		if (counts->latency[REPLAY_A].count == 0 || counts->latency[REPLAY_B].count == 0)
			continue;
		if (answered == 0) {
			export_out_char(row->out, '\n');
			cli_row_format(row, CLI_DIM,
				       " %12s %12s %10s %10s %10s %10s  time to the first reply", "in A",
				       "in B", "p50 A", "p50 B", "p99 A", "p99 B");
			cli_row_end(row);
		}
		if (answered++ < text->top)
			put_latency(row, counts);
	}
	put_more(row, answered > text->top ? answered - text->top : 0, "subject", "--top");
}

static void put_result(struct cli_row *row, const struct replay_diff_summary *summary)
{
	uint64_t differences = replay_diff_differences(&summary->total);
	char text[EXPORT_SIZE_TEXT];

	export_out_char(row->out, '\n');
	if (differences == 0)
		cli_row_format(row, CLI_GREEN, "equal: %s messages",
			       export_count_text(text, summary->total.equal));
	else
		cli_row_format(row, CLI_RED, "different: %s difference%s",
			       export_count_text(text, differences), differences == 1 ? "" : "s");
	if (summary->total.unverifiable > 0)
		cli_row_format(row, CLI_YELLOW, ", %s unverifiable: lost or cut in one of the logs",
			       export_count_text(text, summary->total.unverifiable));
	if (summary->total.masked > 0)
		cli_row_format(row, CLI_YELLOW, ", %s masked: cannot be compared",
			       export_count_text(text, summary->total.masked));
	if (summary->stopped)
		cli_row_text(row, CLI_YELLOW, ", as far as they were compared");
	cli_row_end(row);
}

void cli_diff_text_summary(struct cli_diff_text *text, const struct replay_diff_summary *summary,
			   uint64_t shown)
{
	uint64_t differences = replay_diff_differences(&summary->total);

	put_more(&text->row, differences - shown, "difference", "--limit");
	if (differences > 0)
		export_out_char(text->row.out, '\n');
	put_log(text, summary, REPLAY_A);
	put_log(text, summary, REPLAY_B);
	put_subjects(text, summary);
	put_latencies(text, summary);
	put_result(&text->row, summary);
}
