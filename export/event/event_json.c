#include "export/event/event_json.h"

#include <errno.h>

#include "export/event/headers_json.h"
#include "export/text/json.h"
#include "wire/conn.h"

int export_event_json_init(struct export_event_json *printer, bool detail, const struct export_shown *shown)
{
	*printer = (struct export_event_json){
	    .detail = detail, .clock = {.utc = true}, .scratch = export_headers_open()};
	if (shown)
		printer->shown = *shown;
	return printer->scratch ? 0 : -ENOMEM;
}

void export_event_json_fini(struct export_event_json *printer)
{
	export_headers_close(printer->scratch);
	printer->scratch = NULL;
}

static void put_word(struct export_json *json, const char *key, const char *word)
{
	export_json_word(json, key, word, strlen(word));
}

static void put_optional(struct export_json *json, const char *key, struct wire_slice bytes)
{
	if (bytes.len > 0)
		export_json_bytes(json, key, bytes);
}

/* Number and name of a connection, and its input when that is not the event's; a client without a name is named by its address. */
static void put_conn(struct export_json *json, uint64_t conn, const struct wire_client *client)
{
	if (conn == 0)
		return;
	const uint32_t input = wire_conn_input(conn, UINT32_MAX);
	export_json_number(json, "conn", wire_conn_number(conn));
	if (input != UINT32_MAX)
		export_json_number(json, "input", input + 1);
	if (client)
		put_optional(json, "client", client->name.len ? client->name : client->address);
}

static void put_delivered(struct export_json *json, const struct wire_event *event,
			  const struct export_clients *clients)
{
	export_json_array(json, "delivered");
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];

		export_json_object(json, NULL);
		put_conn(json, receiver->conn, export_clients_find(clients, receiver->conn));
		put_optional(json, "sid", receiver->sid);
		put_optional(json, "queue", receiver->queue);
		put_word(json, "outcome", wire_outcome_name(receiver->outcome));
		if (event->delays_ns && event->delays_ns[i] != WIRE_DELAY_UNKNOWN)
			export_json_real(json, "after_us", (double)event->delays_ns[i] / 1e3);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

/* "payload", and "payload_bytes_left_out" when it is shortened. None at all when no payload is wanted. */
static void put_payload(const struct export_shown *shown, struct export_json *json,
			const struct wire_event *event)
{
	struct wire_slice payload = export_shown_payload(shown, event);

	if (!shown->has_limit || shown->payload > 0)
		export_json_bytes(json, "payload", payload);
	if (payload.len < event->payload.len && shown->payload > 0)
		export_json_number(json, "payload_bytes_left_out", event->payload.len - payload.len);
}

/* "decoded", or "decode_error"; "decoded_bytes_left_out" when the decoded text is larger than what is shown of payloads. */
static void put_decoded(struct export_event_json *printer, struct export_json *json,
			const struct wire_event *event)
{
	const struct export_shown *shown = &printer->shown;
	struct export_decoded decoded;

	if (!printer->decoder || (shown->has_limit && shown->payload == 0))
		return;
	switch (export_decode(printer->decoder, event, &decoded)) {
	case EXPORT_DECODE_NONE: break;
	case EXPORT_DECODE_FAILED:
		export_json_string(json, "decode_error", wire_slice_str(decoded.reason));
		break;
	case EXPORT_DECODE_DONE:
		if (shown->has_limit && decoded.bytes.len > shown->payload)
			export_json_number(json, "decoded_bytes_left_out", decoded.bytes.len);
		else
			export_decoded_json(printer->decoder, &decoded, json, "decoded");
	}
}

/* The keys that messages and deliveries have in common. */
static void put_body(struct export_event_json *printer, struct export_json *json,
		     const struct wire_event *event)
{
	export_json_bytes(json, "subject", event->subject);
	put_optional(json, "reply", event->reply);
	if (event->headers.len > 0)
		export_headers_json(printer->scratch, json, event->headers, printer->exact_headers);
	put_payload(&printer->shown, json, event);
	put_decoded(printer, json, event);
	export_json_number(json, "size", event->size);
	if (event->flags & WIRE_EVENT_CUT)
		export_json_true(json, "cut");
	if (event->flags & WIRE_EVENT_PARTIAL)
		export_json_true(json, "partial");
	if (event->flags & WIRE_EVENT_MASKED)
		export_json_true(json, "masked");
}

/* The number of receivers is left out where there may be others; the number of known receivers has a key of its own. */
static void put_count(struct export_json *json, const struct wire_event *event)
{
	if (!(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN))
		export_json_number(json, "receivers", event->receiver_count);
	else if (event->receiver_count > 0)
		export_json_number(json, "known_receivers", event->receiver_count);
}

static void put_message(struct export_event_json *printer, struct export_json *json,
			const struct wire_event *event, const struct export_clients *clients)
{
	put_body(printer, json, event);
	put_count(json, event);
	if (printer->detail && event->receivers)
		put_delivered(json, event, clients);
}

static void put_delivery(struct export_event_json *printer, struct export_json *json,
			 const struct wire_event *event)
{
	put_body(printer, json, event);
	put_optional(json, "sid", event->sid);
	put_optional(json, "queue", event->queue);
	put_word(json, "outcome", wire_outcome_name(event->outcome));
	if (event->refers_to)
		export_json_quoted(json, "message_seq", event->refers_to);
}

static void put_connect(struct export_json *json, const struct wire_event *event)
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
		export_json_true(json, "repeated");
}

static void put_subscription(struct export_json *json, const struct wire_event *event)
{
	put_optional(json, "subject", event->subject);
	put_optional(json, "queue", event->queue);
	put_optional(json, "sid", event->sid);
	if (event->kind == WIRE_EVENT_UNSUBSCRIBE)
		export_json_number(json, "max", event->max);
}

static void put_gap(struct export_event_json *printer, struct export_json *json,
		    const struct wire_event *event)
{
	export_json_bytes(json, "text", event->text);
	export_json_number(json, "messages", event->lost_messages);
	export_json_number(json, "bytes", event->lost_bytes);
	if (event->from_ns || event->to_ns) {
		export_json_time(json, "from", &printer->clock, event->from_ns);
		export_json_time(json, "to", &printer->clock, event->to_ns);
	}
	if (event->flags & WIRE_EVENT_DAMAGE) {
		export_json_true(json, "damage");
		export_json_quoted(json, "from_seq", event->from_seq);
		export_json_quoted(json, "to_seq", event->to_seq);
	}
}

static void put_disconnect(struct export_json *json, const struct wire_event *event)
{
	export_json_bytes(json, "reason", event->text);
	export_json_number(json, "lost_messages", event->lost_messages);
	export_json_number(json, "lost_bytes", event->lost_bytes);
	if (event->flags & WIRE_EVENT_CUT)
		export_json_true(json, "cut");
}

/* The client that got the error, by its address: the name of a failed login may be false. */
static void put_error(struct export_json *json, const struct wire_event *event,
		      const struct wire_client *client)
{
	export_json_bytes(json, "text", event->text);
	if (client)
		put_optional(json, "address", client->address);
}

void export_event_json_members(struct export_event_json *printer, struct export_json *json,
			       const struct wire_event *event, const struct export_clients *clients)
{
	export_json_quoted(json, "seq", event->seq);
	export_json_time(json, "time", &printer->clock, event->time_ns);
	put_word(json, "kind", wire_event_kind_name(event->kind));
	if (printer->log > 0)
		export_json_number(json, "log", printer->log);
	if (event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		export_json_true(json, "publisher_unknown");
	else
		put_conn(json, event->conn, export_clients_of(clients, event));
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: put_message(printer, json, event, clients); break;
	case WIRE_EVENT_DELIVERY: put_delivery(printer, json, event); break;
	case WIRE_EVENT_CONNECT: put_connect(json, event); break;
	case WIRE_EVENT_DISCONNECT: put_disconnect(json, event); break;
	case WIRE_EVENT_SUBSCRIBE:
	case WIRE_EVENT_UNSUBSCRIBE: put_subscription(json, event); break;
	case WIRE_EVENT_ERROR: put_error(json, event, export_clients_of(clients, event)); break;
	case WIRE_EVENT_MARK: export_json_bytes(json, "text", event->text); break;
	case WIRE_EVENT_GAP: put_gap(printer, json, event); break;
	case WIRE_EVENT_KINDS: break;
	}
}

void export_event_json_line(struct export_event_json *printer, struct export_out *out,
			    const struct wire_event *event, const struct export_clients *clients)
{
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_event_json_members(printer, &json, event, clients);
	export_pairing_json(&printer->pairing, &json);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
