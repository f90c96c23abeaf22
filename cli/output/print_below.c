#include "cli/output/print_below.h"

#include <inttypes.h>

#include "export/text/conn_text.h"
#include "export/text/sizes.h"
#include "wire/headers.h"

enum { INDENT = 6, LABEL_COLUMNS = 9 };

void cli_print_client(struct cli_row *row, enum cli_color color, const struct wire_client *client,
		      uint64_t conn, size_t most)
{
	char number[EXPORT_CONN_TEXT];

	if (client && client->name.len > 0)
		cli_row_put(row, color, client->name, most);
	else if (client && client->address.len > 0) {
		cli_row_put(row, color, client->address, most);
		return;
	}
	cli_row_text(row, CLI_DIM, export_conn_text(number, conn));
}

static void label(struct cli_row *row, const char *name)
{
	cli_row_fill(row, INDENT);
	cli_row_text(row, CLI_DIM, name);
	cli_row_fill(row, INDENT + LABEL_COLUMNS);
}

/* delay_ns: how long after the message it was delivered, or WIRE_DELAY_UNKNOWN. */
static void print_receiver(struct cli_row *row, const struct wire_receiver *receiver, int64_t delay_ns,
			   const struct export_clients *clients)
{
	char span[EXPORT_SIZE_TEXT];

	label(row, receiver->outcome == WIRE_SENT ? "to" : "not to");
	cli_print_client(row, CLI_PLAIN, export_clients_find(clients, receiver->conn), receiver->conn,
			 CLI_ROW_ENDLESS);
	cli_row_text(row, CLI_DIM, " sid ");
	cli_row_put(row, CLI_PLAIN, receiver->sid, CLI_ROW_ENDLESS);
	if (receiver->queue.len > 0) {
		cli_row_text(row, CLI_DIM, " queue ");
		cli_row_put(row, CLI_PLAIN, receiver->queue, CLI_ROW_ENDLESS);
	}
	if (receiver->outcome != WIRE_SENT)
		cli_row_format(row, CLI_RED, ": %s", wire_outcome_name(receiver->outcome));
	if (delay_ns != WIRE_DELAY_UNKNOWN)
		cli_row_format(row, CLI_DIM, " %s %s",
			       export_span_text(span, delay_ns < 0 ? -delay_ns : delay_ns),
			       delay_ns < 0 ? "before it" : "after it");
	cli_row_end(row);
}

static void print_unknown(struct cli_row *row, const struct wire_event *event)
{
	label(row, "to");
	cli_row_text(row, CLI_YELLOW, "?");
	cli_row_text(row, CLI_DIM,
		     event->receiver_count > 0 ? " there may be other receivers" : " not known");
	cli_row_end(row);
}

void cli_print_headers(struct cli_row *row, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	int status = wire_headers_open(&headers, block);

	if (status == 0 && headers.status.len > 0) {
		label(row, "status");
		cli_row_put(row, CLI_PLAIN, headers.status, CLI_ROW_ENDLESS);
		cli_row_text(row, CLI_PLAIN, " ");
		cli_row_put(row, CLI_PLAIN, headers.text, CLI_ROW_ENDLESS);
		cli_row_end(row);
	}
	while (status >= 0 && (status = wire_headers_next(&headers, &key, &value)) > 0) {
		label(row, "header");
		cli_row_put(row, CLI_CYAN, key, CLI_ROW_ENDLESS);
		cli_row_text(row, CLI_PLAIN, ": ");
		cli_row_put(row, CLI_PLAIN, value, CLI_ROW_ENDLESS);
		cli_row_end(row);
	}
	if (status < 0) {
		label(row, "header");
		cli_row_text(row, CLI_RED, "malformed from here on; --json has its bytes");
		cli_row_end(row);
	}
}

void cli_print_note(struct cli_row *row, const char *text)
{
	cli_row_fill(row, INDENT);
	cli_row_text(row, CLI_YELLOW, text);
	cli_row_end(row);
}

void cli_print_details(struct cli_row *row, const struct wire_event *event,
		       const struct export_clients *clients)
{
	if (event->reply.len > 0) {
		label(row, "reply");
		cli_row_put(row, CLI_PLAIN, event->reply, CLI_ROW_ENDLESS);
		cli_row_end(row);
	}
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		print_receiver(row, &event->receivers[i],
			       event->delays_ns ? event->delays_ns[i] : WIRE_DELAY_UNKNOWN, clients);
	if (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN)
		print_unknown(row, event);
	if (event->headers.len > 0)
		cli_print_headers(row, event->headers);
}

void cli_print_decoded(struct cli_row *row, enum export_decode_result result,
		       const struct export_decoded *decoded)
{
	if (result == EXPORT_DECODE_NONE)
		return;
	label(row, "decoded");
	if (result == EXPORT_DECODE_FAILED)
		cli_row_text(row, CLI_YELLOW, "no; ");
	cli_row_put(row, result == EXPORT_DECODE_DONE ? CLI_PLAIN : CLI_YELLOW,
		    wire_slice_str(result == EXPORT_DECODE_DONE ? decoded->by : decoded->reason),
		    CLI_ROW_ENDLESS);
	cli_row_end(row);
}

void cli_print_payload(struct cli_row *row, const struct wire_event *event, bool hex)
{
	if (hex)
		export_escape_hex(row->out, event->payload, INDENT);
	else
		export_escape_lines(row->out, event->payload, INDENT);
}
