#include "cli/output/conversation_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/output/print_below.h"
#include "cli/output/row.h"
#include "cli/output/text_headers.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"
#include "store/read/steps.h"
#include "trace/inbox.h"
#include "trace/jetstream.h"
#include "wire/headers.h"

enum {
	LEVELS_MAX = 8,
	LEVEL_SHARE = 20, /* a level of the tree for so many columns of the terminal */
	TIME_COLUMNS = 12,
	NAMES_MAX = 3,
	SUBJECT_MIN = 12,
	WHO_END = 60,           /* column in which the subject begins, on a wide terminal */
	SIZE_MIN_COLUMNS = 100, /* narrower terminals show no sizes */
};

/* Scores from this one on round to 1.00 and are left out. */
static const double SCORE_FULL = 0.995;

struct printer {
	const struct export_conversation *conversation;
	const struct cli_conversation_text_options *options;
	struct cli_row row;
	struct export_clock clock;
	int64_t root_ns; /* steady */
	size_t gaps_printed;
};

/* ---- columns ---- */

static void put_time(struct printer *printer, int64_t ns)
{
	char span[EXPORT_SIZE_TEXT];
	int64_t after_ns = store_time_minus(ns, printer->root_ns);
	export_span_text(span, after_ns < 0 ? -after_ns : after_ns);
	const char *sign = after_ns < 0 ? "-" : after_ns > 0 ? "+" : " ";
	cli_row_format(&printer->row, CLI_DIM, "%s%9s  ", sign, span);
}

/* How many levels of the tree a line shows: a level takes three columns. */
static size_t levels_shown(const struct printer *printer)
{
	const size_t levels = printer->row.columns / LEVEL_SHARE;
	return levels < LEVELS_MAX ? levels : LEVELS_MAX;
}

/* The lines of the tree before a node. Of a deep one the last levels. */
static void put_lines(struct printer *printer, uint32_t at)
{
	const struct trace_branch *branches = printer->conversation->tree.branches;
	const size_t most = levels_shown(printer);
	uint32_t ancestors[LEVELS_MAX];
	size_t levels = 0;
	for (; branches[at].parent != TRACE_NO_NODE && levels < most; at = branches[at].parent)
		ancestors[levels++] = at;
	if (branches[at].parent != TRACE_NO_NODE)
		cli_row_text(&printer->row, CLI_DIM, "┄ ");
	while (levels-- > 0) {
		bool goes_on = branches[ancestors[levels]].next_sibling != TRACE_NO_NODE;
		if (levels > 0)
			cli_row_text(&printer->row, CLI_DIM, goes_on ? "│  " : "   ");
		else
			cli_row_text(&printer->row, CLI_DIM, goes_on ? "├─ " : "└─ ");
	}
}

/* Time, publisher, arrow and receiver fill the first half of the line. */
static size_t name_columns(const struct printer *printer)
{
	const size_t columns = printer->options->columns, half = columns / 2, others = TIME_COLUMNS + 3;
	return columns == 0 ? CLI_ROW_ENDLESS : half > others ? (half - others) / 2 : 1;
}

static void put_client(struct printer *printer, uint32_t number, uint64_t conn)
{
	const struct wire_client *client =
	    number == TRACE_NO_CLIENT
		? NULL
		: trace_client_described(trace_clients_at(printer->conversation->clients, number));
	cli_print_client(&printer->row, CLI_PLAIN, client, conn, name_columns(printer));
}

static void put_publisher(struct printer *printer, const struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	if (event->kind == WIRE_EVENT_DELIVERY || event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		cli_row_text(&printer->row, CLI_YELLOW, "?");
	else if (event->conn == 0)
		cli_row_text(&printer->row, CLI_PLAIN, "server");
	else
		put_client(printer, node->publisher, event->conn);
}

/* The first receivers that got the message by name, the others by their number. */
static void put_receivers(struct printer *printer, const struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	const bool are_known = !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
	uint32_t named = 0;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len && named < NAMES_MAX; i++) {
		if (event->receivers[i].outcome != WIRE_SENT)
			continue;
		cli_row_text(&printer->row, CLI_PLAIN, named++ > 0 ? ", " : "");
		put_client(printer, node->receivers[i], event->receivers[i].conn);
	}
	if (event->receiver_count > named && named > 0)
		cli_row_format(&printer->row, CLI_PLAIN, " and %" PRIu32 " more",
			       event->receiver_count - named);
	else if (event->receiver_count > 0 && named == 0)
		cli_row_format(&printer->row, CLI_PLAIN, "%" PRIu32, event->receiver_count);
	else if (event->receiver_count == 0)
		cli_row_text(&printer->row, are_known ? CLI_RED : CLI_YELLOW,
			     !are_known                     ? "?"
			     : wire_event_is_unheard(event) ? "nobody"
							    : "0");
	if (event->receiver_count > 0 && !are_known)
		cli_row_text(&printer->row, CLI_YELLOW, " + ?");
}

static void put_who(struct printer *printer, const struct trace_node *node)
{
	put_publisher(printer, node);
	cli_row_text(&printer->row, CLI_DIM, " → ");
	if (node->event.kind == WIRE_EVENT_DELIVERY)
		put_client(printer, node->receivers[0], node->event.conn);
	else
		put_receivers(printer, node);
}

/* Print tree, publisher and receivers in the first half of the line at most, so that there is room for the subject. */
static void put_first_half(struct printer *printer, uint32_t at)
{
	struct cli_row *row = &printer->row;
	const size_t columns = row->columns, half = columns / 2;
	put_lines(printer, at);
	row->columns = row->used + 2 < half ? half - 2 : row->used;
	put_who(printer, printer->conversation->tree.branches[at].node);
	row->columns = columns;
	cli_row_text(row, CLI_PLAIN, "  ");
	cli_row_fill(row, half < WHO_END ? half : WHO_END);
}

/* The end of a subject is what tells inboxes apart. */
static void put_subject(struct printer *printer, struct wire_slice subject)
{
	size_t most = printer->options->columns ? printer->options->columns / 4 : CLI_ROW_ENDLESS;
	most = most < SUBJECT_MIN ? SUBJECT_MIN : most;
	if (trace_has_inbox_prefix(subject) && printer->options->columns && subject.len > SUBJECT_MIN) {
		cli_row_text(&printer->row, CLI_PLAIN, "…");
		subject = wire_slice(subject.data + subject.len - 8, 8);
	}
	cli_row_put(&printer->row, CLI_BOLD, subject, most);
}

static void put_size(struct printer *printer, const struct trace_node *node)
{
	char size[EXPORT_SIZE_TEXT];
	cli_row_text(&printer->row, CLI_PLAIN, "  ");
	if (printer->row.columns >= SIZE_MIN_COLUMNS)
		cli_row_format(&printer->row, CLI_DIM, "%s  ", export_size_text(size, node->event.size));
}

/* ---- what stands out ---- */

static void put_evidence(struct printer *printer, const struct trace_edge *cause)
{
	if (!cause)
		return;
	const char *name = trace_evidence_name(cause->evidence);
	if (cause->score >= SCORE_FULL)
		cli_row_format(&printer->row, CLI_CYAN, "[%s] ", name);
	else
		cli_row_format(&printer->row, cause->evidence == TRACE_INFERRED ? CLI_YELLOW : CLI_CYAN,
			       "[%s %.2f] ", name, cause->score);
}

static void put_outcomes(struct printer *printer, const struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	if (event->kind == WIRE_EVENT_DELIVERY && event->outcome != WIRE_SENT)
		cli_row_format(&printer->row, CLI_RED, "DROPPED (%s) ", wire_outcome_name(event->outcome));
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++) {
		if (event->receivers[i].outcome == WIRE_SENT)
			continue;
		cli_row_format(&printer->row, CLI_RED, "DROPPED (%s) for ",
			       wire_outcome_name(event->receivers[i].outcome));
		put_client(printer, node->receivers[i], event->receivers[i].conn);
		cli_row_text(&printer->row, CLI_PLAIN, " ");
	}
}

static void put_request_state(struct printer *printer, const struct trace_node *node)
{
	char window[EXPORT_SIZE_TEXT];
	if (trace_node_has_no_responders(node))
		cli_row_text(&printer->row, CLI_RED, "NO RESPONDERS ");
	else if (trace_node_is_unanswered(node))
		cli_row_format(&printer->row, CLI_RED, "UNANSWERED within %s ",
			       export_span_text(window, printer->conversation->window_ns));
	if (node->replies > 1 && !trace_is_ack_subject(node->event.reply))
		cli_row_format(&printer->row, CLI_YELLOW, "%" PRIu32 " replies ", node->replies);
}

/* A status of the server or an error of a service in the headers. Source of the latter: ADR-32. */
static void put_header_error(struct printer *printer, const struct trace_node *node)
{
	struct wire_headers walk;
	struct wire_slice key, value;
	if (node->event.headers.len == 0 || wire_headers_open(&walk, node->event.headers) != 0)
		return;
	if (walk.status.len > 0) {
		cli_text_status(&printer->row, CLI_RED,
				wire_slice(walk.status.data, walk.status.len < 8 ? walk.status.len : 8),
				wire_slice(walk.text.data, walk.text.len < 40 ? walk.text.len : 40));
		cli_row_text(&printer->row, CLI_PLAIN, " ");
	}
	while (wire_headers_next(&walk, &key, &value) > 0)
		if (wire_headers_key_is(key, "Nats-Service-Error") ||
		    wire_headers_key_is(key, "Nats-Service-Error-Code")) {
			cli_row_text(&printer->row, CLI_RED, "ERROR ");
			cli_row_put(&printer->row, CLI_RED, value, 60);
			cli_row_text(&printer->row, CLI_PLAIN, " ");
		}
}

static void put_flags(struct printer *printer, const struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	const bool is_undelivered = event->kind == WIRE_EVENT_MESSAGE && event->receiver_count == 0 &&
				    !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) &&
				    !trace_node_has_no_responders(node);
	if (is_undelivered)
		cli_row_text(&printer->row, CLI_RED, "NEVER DELIVERED ");
	put_outcomes(printer, node);
	put_request_state(printer, node);
	put_header_error(printer, node);
	if (event->flags & WIRE_EVENT_MASKED)
		cli_row_text(&printer->row, CLI_YELLOW, "[masked] ");
	if (event->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL))
		cli_row_text(&printer->row, CLI_YELLOW,
			     event->flags & WIRE_EVENT_CUT ? "[cut] " : "[partial] ");
}

/* ---- lines ---- */

static void print_gap(struct printer *printer, const struct trace_gap *gap)
{
	put_time(printer, gap->from_ns);
	cli_row_text(&printer->row, CLI_ALARM, gap->from_seq > 0 ? "DAMAGE" : "GAP");
	if (gap->messages > 0)
		cli_row_format(&printer->row, CLI_RED, " of %" PRIu64 " message%s", gap->messages,
			       export_plural(gap->messages));
	if (gap->from_seq > 0)
		cli_row_format(&printer->row, CLI_RED, ", #%" PRIu64 " to #%" PRIu64, gap->from_seq,
			       gap->to_seq);
	cli_row_text(&printer->row, CLI_RED, ": messages may be missing here: ");
	cli_row_rest(&printer->row, wire_slice_str(gap->text));
	cli_row_end(&printer->row);
}

static void print_gaps_before(struct printer *printer, int64_t ns)
{
	const struct export_conversation *conversation = printer->conversation;
	while (printer->gaps_printed < conversation->gaps_len &&
	       conversation->gaps[printer->gaps_printed]->from_ns <= ns)
		print_gap(printer, conversation->gaps[printer->gaps_printed++]);
}

/* The payload, decoded where it can be. */
static void put_payload(struct printer *printer, const struct wire_event *event)
{
	struct export_decoded decoded;
	const bool is_decoded =
	    export_decode(printer->options->decoder, event, &decoded) == EXPORT_DECODE_DONE;

	cli_row_rest(&printer->row, is_decoded ? decoded.bytes : event->payload);
}

static void print_node(struct printer *printer, uint32_t at)
{
	const struct trace_branch *branch = &printer->conversation->tree.branches[at];
	const struct trace_node *node = branch->node;
	print_gaps_before(printer, node->event.steady_ns);
	put_time(printer, node->event.steady_ns);
	put_first_half(printer, at);
	put_subject(printer, node->event.subject);
	put_size(printer, node);
	put_evidence(printer, branch->cause);
	put_flags(printer, node);
	put_payload(printer, &node->event);
	cli_row_end(&printer->row);
}

/* Depth first, without recursion: a conversation may be a chain of a million messages. */
static void print_below(struct printer *printer, uint32_t top)
{
	const struct trace_branch *branches = printer->conversation->tree.branches;
	uint32_t at = top;
	for (;;) {
		print_node(printer, at);
		if (branches[at].first_child != TRACE_NO_NODE) {
			at = branches[at].first_child;
			continue;
		}
		while (at != top && branches[at].next_sibling == TRACE_NO_NODE)
			at = branches[at].parent;
		if (at == top)
			return;
		at = branches[at].next_sibling;
	}
}

static void print_heading(struct printer *printer)
{
	const struct export_conversation *conversation = printer->conversation;
	const struct trace_tree *tree = &conversation->tree;
	const struct wire_event *root = &tree->branches[tree->first_top].node->event;
	const struct wire_event *last = &tree->branches[tree->count - 1].node->event;
	char span[EXPORT_SIZE_TEXT], time[EXPORT_TIME_TEXT];
	char number[EXPORT_NODE_NUMBER_TEXT];
	export_node_number(conversation, tree->branches[tree->first_top].node, number);
	cli_row_format(&printer->row, CLI_BOLD, "── #%s ", number);
	cli_row_put(&printer->row, CLI_BOLD, root->subject, 60);
	export_clock_text(&printer->clock, root->time_ns, EXPORT_TIME_SECOND, time);
	cli_row_format(&printer->row, CLI_BOLD, ", %" PRIu32 " message%s", tree->count,
		       export_plural(tree->count));
	if (tree->count > 1)
		cli_row_format(&printer->row, CLI_BOLD, " in %s",
			       export_span_text(span, store_time_minus(last->steady_ns, root->steady_ns)));
	cli_row_format(&printer->row, CLI_BOLD, ", from %s ──", time);
	cli_row_end(&printer->row);
}

void cli_conversation_text(struct export_out *out, const struct export_conversation *conversation,
			   const struct cli_conversation_text_options *options)
{
	const struct trace_tree *tree = &conversation->tree;
	struct printer printer = {.conversation = conversation,
				  .options = options,
				  .row = {.out = out,
					  .color = options->color,
					  .columns = options->columns ? options->columns : CLI_ROW_ENDLESS},
				  .clock = {.utc = options->utc},
				  .root_ns = tree->branches[tree->first_top].node->event.steady_ns};
	print_heading(&printer);
	for (uint32_t top = tree->first_top; top != TRACE_NO_NODE; top = tree->branches[top].next_sibling)
		print_below(&printer, top);
	print_gaps_before(&printer, INT64_MAX);
	if (conversation->is_cut_short) {
		cli_row_text(&printer.row, CLI_RED,
			     "ended early: memory was short, and there may be more; raise --memory");
		cli_row_end(&printer.row);
	}
	export_out_char(out, '\n');
}
