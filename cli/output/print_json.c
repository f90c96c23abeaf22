#include "cli/output/print_json.h"

#include <errno.h>

#include "cli/output/headers_json.h"
#include "cli/output/json.h"
#include "wire/conn.h"

int cli_json_printer_init(struct cli_json_printer *printer, bool detail, const struct cli_shown *shown)
{
	*printer = (struct cli_json_printer){
	    .detail = detail, .clock = {.utc = true}, .scratch = cli_headers_open()};
	if (shown)
		printer->shown = *shown;
	return printer->scratch ? 0 : -ENOMEM;
}

void cli_json_printer_fini(struct cli_json_printer *printer)
{
	cli_headers_close(printer->scratch);
	printer->scratch = NULL;
}

static void put_word(struct cli_json *json, const char *key, const char *word)
{
	cli_json_word(json, key, word, strlen(word));
}

static void put_optional(struct cli_json *json, const char *key, struct wire_slice bytes)
{
	if (bytes.len > 0)
		cli_json_bytes(json, key, bytes);
}

/* Number and name of a connection, and its input when that is not the event's; a client without a name is named by its address. */
static void put_conn(struct cli_json *json, uint64_t conn, const struct wire_client *client)
{
	if (conn == 0)
		return;
	const uint32_t input = wire_conn_input(conn, UINT32_MAX);
	cli_json_number(json, "conn", wire_conn_number(conn));
	if (input != UINT32_MAX)
		cli_json_number(json, "input", input + 1);
	if (client)
		put_optional(json, "client", client->name.len ? client->name : client->address);
}

static void put_delivered(struct cli_json *json, const struct wire_event *event,
			  const struct cli_clients *clients)
{
	cli_json_array(json, "delivered");
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];

		cli_json_object(json, NULL);
		put_conn(json, receiver->conn, cli_clients_find(clients, receiver->conn));
		put_optional(json, "sid", receiver->sid);
		put_optional(json, "queue", receiver->queue);
		put_word(json, "outcome", wire_outcome_name(receiver->outcome));
		if (event->delays_ns && event->delays_ns[i] != WIRE_DELAY_UNKNOWN)
			cli_json_real(json, "after_us", (double)event->delays_ns[i] / 1e3);
		cli_json_object_end(json);
	}
	cli_json_array_end(json);
}

/* "payload", and "payload_bytes_left_out" when it is shortened. None at all when no payload is wanted. */
static void put_payload(const struct cli_shown *shown, struct cli_json *json, const struct wire_event *event)
{
	struct wire_slice payload = cli_shown_payload(shown, event);

	if (!shown->has_limit || shown->payload > 0)
		cli_json_bytes(json, "payload", payload);
	if (payload.len < event->payload.len && shown->payload > 0)
		cli_json_number(json, "payload_bytes_left_out", event->payload.len - payload.len);
}

/* The keys that messages and deliveries have in common. */
static void put_body(struct cli_json_printer *printer, struct cli_json *json, const struct wire_event *event)
{
	cli_json_bytes(json, "subject", event->subject);
	put_optional(json, "reply", event->reply);
	if (event->headers.len > 0)
		cli_headers_json(printer->scratch, json, event->headers);
	put_payload(&printer->shown, json, event);
	cli_json_number(json, "size", event->size);
	if (event->flags & WIRE_EVENT_CUT)
		cli_json_true(json, "cut");
	if (event->flags & WIRE_EVENT_PARTIAL)
		cli_json_true(json, "partial");
	if (event->flags & WIRE_EVENT_MASKED)
		cli_json_true(json, "masked");
}

/* The number of receivers is left out where there may be others; the number of known receivers has a key of its own. */
static void put_count(struct cli_json *json, const struct wire_event *event)
{
	if (!(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN))
		cli_json_number(json, "receivers", event->receiver_count);
	else if (event->receiver_count > 0)
		cli_json_number(json, "known_receivers", event->receiver_count);
}

static void put_message(struct cli_json_printer *printer, struct cli_json *json,
			const struct wire_event *event, const struct cli_clients *clients)
{
	put_body(printer, json, event);
	put_count(json, event);
	if (printer->detail && event->receivers)
		put_delivered(json, event, clients);
}

static void put_delivery(struct cli_json_printer *printer, struct cli_json *json,
			 const struct wire_event *event)
{
	put_body(printer, json, event);
	put_optional(json, "sid", event->sid);
	put_optional(json, "queue", event->queue);
	put_word(json, "outcome", wire_outcome_name(event->outcome));
	if (event->refers_to)
		cli_json_quoted(json, "message_seq", event->refers_to);
}

static void put_connect(struct cli_json *json, const struct wire_event *event)
{
	static const struct wire_client unknown;
	const struct wire_client *client = event->client ? event->client : &unknown;

	put_optional(json, "address", client->address);
	put_optional(json, "name", client->name);
	put_optional(json, "lang", client->lang);
	put_optional(json, "version", client->version);
	put_optional(json, "user", client->user);
	put_optional(json, "account", client->account);
	put_optional(json, "certificate", client->certificate);
	if (event->flags & WIRE_EVENT_REPEATED)
		cli_json_true(json, "repeated");
}

static void put_subscription(struct cli_json *json, const struct wire_event *event)
{
	put_optional(json, "subject", event->subject);
	put_optional(json, "queue", event->queue);
	put_optional(json, "sid", event->sid);
	if (event->kind == WIRE_EVENT_UNSUBSCRIBE)
		cli_json_number(json, "max", event->max);
}

static void put_gap(struct cli_json_printer *printer, struct cli_json *json, const struct wire_event *event)
{
	cli_json_bytes(json, "text", event->text);
	cli_json_number(json, "messages", event->lost_messages);
	cli_json_number(json, "bytes", event->lost_bytes);
	if (event->from_ns || event->to_ns) {
		cli_json_time(json, "from", &printer->clock, event->from_ns);
		cli_json_time(json, "to", &printer->clock, event->to_ns);
	}
	if (event->flags & WIRE_EVENT_DAMAGE) {
		cli_json_true(json, "damage");
		cli_json_quoted(json, "from_seq", event->from_seq);
		cli_json_quoted(json, "to_seq", event->to_seq);
	}
}

static void put_disconnect(struct cli_json *json, const struct wire_event *event)
{
	cli_json_bytes(json, "reason", event->text);
	cli_json_number(json, "lost_messages", event->lost_messages);
	cli_json_number(json, "lost_bytes", event->lost_bytes);
	if (event->flags & WIRE_EVENT_CUT)
		cli_json_true(json, "cut");
}

/* The client that got the error, by its address: the name of a failed login may be false. */
static void put_error(struct cli_json *json, const struct wire_event *event, const struct wire_client *client)
{
	cli_json_bytes(json, "text", event->text);
	if (client)
		put_optional(json, "address", client->address);
}

void cli_json_event(struct cli_json_printer *printer, struct cli_json *json, const struct wire_event *event,
		    const struct cli_clients *clients)
{
	cli_json_quoted(json, "seq", event->seq);
	cli_json_time(json, "time", &printer->clock, event->time_ns);
	put_word(json, "kind", wire_event_kind_name(event->kind));
	if (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		cli_json_true(json, "publisher_unknown");
	else
		put_conn(json, event->conn, cli_clients_of(clients, event));
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: put_message(printer, json, event, clients); break;
	case WIRE_EVENT_DELIVERY: put_delivery(printer, json, event); break;
	case WIRE_EVENT_CONNECT: put_connect(json, event); break;
	case WIRE_EVENT_DISCONNECT: put_disconnect(json, event); break;
	case WIRE_EVENT_SUBSCRIBE:
	case WIRE_EVENT_UNSUBSCRIBE: put_subscription(json, event); break;
	case WIRE_EVENT_ERROR: put_error(json, event, cli_clients_of(clients, event)); break;
	case WIRE_EVENT_MARK: cli_json_bytes(json, "text", event->text); break;
	case WIRE_EVENT_GAP: put_gap(printer, json, event); break;
	case WIRE_EVENT_KINDS: break;
	}
}

void cli_json_print(struct cli_json_printer *printer, struct cli_out *out, const struct wire_event *event,
		    const struct cli_clients *clients)
{
	struct cli_json json = {.out = out};

	cli_json_object(&json, NULL);
	cli_json_event(printer, &json, event, clients);
	cli_pairing_json(&printer->pairing, &json);
	cli_json_object_end(&json);
	cli_out_char(out, '\n');
}
