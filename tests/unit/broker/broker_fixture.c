#include "tests/unit/broker/broker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/accept.h"
#include "broker/listen.h"
#include "broker/server.h"
#include "broker/turn.h"
#include "support/deadline.h"
#include "wire/batch.h"

enum { WAIT_MS = 60000 };

/* ---- payloads ---- */

static void write_payload(char *out, uint32_t number, uint32_t size)
{
	char digits[FIXTURE_NUMBER_BYTES + 3];
	snprintf(digits, sizeof digits, "%0*u", FIXTURE_NUMBER_BYTES, number);
	for (uint32_t i = 0; i < size; i++)
		out[i] = (char)('!' + (number * 31 + i * 7) % 90);
	memcpy(out, digits, FIXTURE_NUMBER_BYTES);
}

uint32_t payload_number(struct wire_slice payload)
{
	char digits[FIXTURE_NUMBER_BYTES + 1] = "";
	if (payload.len < FIXTURE_NUMBER_BYTES)
		fail_msg("a payload of %zu bytes", payload.len);
	memcpy(digits, payload.data, FIXTURE_NUMBER_BYTES);
	uint32_t number = (uint32_t)strtoul(digits, NULL, 10);
	for (uint32_t i = FIXTURE_NUMBER_BYTES; i < payload.len; i++)
		if (payload.data[i] != (char)('!' + (number * 31 + i * 7) % 90))
			fail_msg("message %u: byte %u is %d", number, i, payload.data[i]);
	return number;
}

/* ---- the sink ---- */

static struct broker_fixture *of(struct wire_sink *sink)
{
	return (struct broker_fixture *)(void *)((char *)sink - offsetof(struct broker_fixture, sink));
}

static struct fixture_message *add_message(struct broker_fixture *fixture)
{
	if (fixture->messages_len == fixture->messages_cap) {
		fixture->messages_cap = fixture->messages_cap ? 2 * fixture->messages_cap : 1024;
		fixture->messages =
		    realloc(fixture->messages, fixture->messages_cap * sizeof *fixture->messages);
		assert_non_null(fixture->messages);
	}
	return &fixture->messages[fixture->messages_len++];
}

static void take_message(struct broker_fixture *fixture, const struct wire_event *event)
{
	struct fixture_message *message = add_message(fixture);
	*message = (struct fixture_message){.number = payload_number(event->payload),
					    .size = (uint32_t)(event->headers.len + event->size),
					    .receiver_count = event->receiver_count,
					    .receivers_len = event->receivers_len};
	assert_true(event->receivers_len <= FIXTURE_RECEIVERS);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		message->receivers[i].conn = event->receivers[i].conn;
		message->receivers[i].outcome = event->receivers[i].outcome;
		fixture->outcomes[event->receivers[i].outcome]++;
		fixture->dropped += event->receivers[i].outcome != WIRE_SENT;
	}
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct broker_fixture *fixture = of(sink);
	if (event->kind == WIRE_EVENT_MESSAGE)
		take_message(fixture, event);
	else if (event->kind == WIRE_EVENT_DISCONNECT && event->conn < FIXTURE_RECEIVERS)
		fixture->lost_messages[event->conn] = event->lost_messages;
	else if (event->kind == WIRE_EVENT_ERROR)
		fixture->errors++;
}

static void on_batch(struct wire_sink *sink, const struct wire_event *template,
		     const struct wire_batch *batch)
{
	struct wire_event event = *template;
	of(sink)->batches++;
	of(sink)->messages_in_batches += batch->count;
	for (uint32_t i = 0; i < batch->count; i++) {
		wire_batch_event(batch, i, &event);
		on_event(sink, &event);
	}
}

/* ---- the broker ---- */

static void *run(void *context)
{
	struct broker_fixture *fixture = context;
	broker_run(fixture->broker);
	return NULL;
}

static void open_broker(struct broker_fixture *fixture, void (*change)(struct broker_options *options),
			struct wire_sink *sink)
{
	struct broker_options options;
	struct wire_fault fault;
	*fixture = (struct broker_fixture){.sink = {.event = on_event, .batch = on_batch}};
	broker_options_init(&options);
	options.host = strdup("127.0.0.1");
	options.port = -1;
	options.write_deadline_ms =
	    WAIT_MS; /* callers are read one after the other, on a machine that may be busy */
	if (change)
		change(&options);
	if (broker_open(&fixture->broker, &options, NULL, sink ? sink : &fixture->sink, &fault) < 0)
		fail_msg("%s", fault.text);
	fixture->port = broker_port(fixture->broker);
}

static void start_thread(struct broker_fixture *fixture)
{
	assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture), 0);
}

void broker_fixture_start_in_turns(struct broker_fixture *fixture,
				   void (*change)(struct broker_options *options), struct wire_sink *sink,
				   int64_t turn_units)
{
	open_broker(fixture, change, sink);
	fixture->broker->turn_units = turn_units;
	start_thread(fixture);
}

void broker_fixture_start(struct broker_fixture *fixture, void (*change)(struct broker_options *options),
			  struct wire_sink *sink)
{
	broker_fixture_start_in_turns(fixture, change, sink, BROKER__TURN_UNITS);
}

static void on_waiting(struct net_listener *listener, void *owner)
{
	while (broker__accept(owner, listener))
		;
}

/* The broker's listener gives way to one whose address has the layers. */
void broker_fixture_start_on_layers(struct broker_fixture *fixture,
				    void (*change)(struct broker_options *options), struct wire_sink *sink,
				    const struct net_layer *const *layers)
{
	const struct net_listener_address address = {.host = "127.0.0.1", .layers = layers};
	struct wire_fault fault;
	open_broker(fixture, change, sink);
	struct broker *broker = fixture->broker;
	struct broker__loop *loop = &broker->loops[0];
	broker__listen_stop(broker);
	if (net_listener_open(&broker->listener, &loop->uv, &address, 1, on_waiting, loop, &fault) < 0)
		fail_msg("%s", fault.text);
	fixture->port = net_listener_port(broker->listener, 0);
	start_thread(fixture);
}

void broker_fixture_stop(struct broker_fixture *fixture)
{
	uint64_t deliveries = 0, in_bytes = 0, out_bytes = 0;
	broker_stop(fixture->broker);
	pthread_join(fixture->thread, NULL);
	broker_inspect_totals(fixture->broker, &fixture->totals);
	broker_close(fixture->broker);
	assert_int_equal(fixture->totals.connections, 0);
	assert_int_equal(fixture->totals.subscriptions, 0);
	assert_int_equal(fixture->totals.pending_bytes, 0);
	assert_int_equal(fixture->totals.cache_entries, 0);
	if (fixture->messages_len == 0)
		return;
	for (size_t i = 0; i < fixture->messages_len; i++) {
		const struct fixture_message *message = &fixture->messages[i];
		deliveries += message->receiver_count;
		in_bytes += message->size;
		out_bytes += (uint64_t)message->size * message->receiver_count;
	}
	assert_int_equal(fixture->totals.in_msgs, fixture->messages_len);
	assert_int_equal(fixture->totals.out_msgs, deliveries);
	assert_int_equal(fixture->totals.in_bytes, in_bytes);
	assert_int_equal(fixture->totals.out_bytes, out_bytes);
	assert_int_equal(fixture->totals.out_msgs, fixture->outcomes[WIRE_SENT]);
}

void broker_fixture_fini(struct broker_fixture *fixture)
{
	free(fixture->messages);
	*fixture = (struct broker_fixture){0};
}

/* ---- speech: bytes to send ---- */

static char *room(struct speech *speech, size_t more)
{
	while (speech->cap - speech->len < more) {
		speech->cap = speech->cap ? 2 * speech->cap : 1 << 16;
		speech->bytes = realloc(speech->bytes, speech->cap);
		assert_non_null(speech->bytes);
	}
	return speech->bytes + speech->len;
}

void speech_add(struct speech *speech, const char *text)
{
	size_t len = strlen(text);
	memcpy(room(speech, len), text, len);
	speech->len += len;
}

void speech_publish(struct speech *speech, const char *subject, uint32_t number, uint32_t size)
{
	size_t most = strlen(subject) + 32 + size;
	char *at = room(speech, most);
	assert_true(size >= FIXTURE_NUMBER_BYTES);
	int head = snprintf(at, most, "PUB %s %u\r\n", subject, size);
	write_payload(at + head, number, size);
	memcpy(at + head + size, "\r\n", 2);
	speech->len += (size_t)head + size + 2;
}

void speech_fini(struct speech *speech)
{
	free(speech->bytes);
	*speech = (struct speech){0};
}

/* ---- callers ---- */

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

void caller_join_small(struct broker_fixture *fixture, struct caller *caller, const char *lines,
		       int receive_bytes)
{
	*caller = (struct caller){.conn = ++fixture->joined};
	assert_int_equal(support_socket_open_small(&caller->sock, fixture->port, receive_bytes), 0);
	caller_say(caller, lines);
	assert_int_equal(support_socket_sync(&caller->sock, soon()), 0);
	caller->heard = caller->sock.len;
}

void caller_join(struct broker_fixture *fixture, struct caller *caller, const char *lines)
{
	caller_join_small(fixture, caller, lines, 0);
}

void caller_say(struct caller *caller, const char *text)
{
	assert_int_equal(support_socket_send_text(&caller->sock, text, soon()), 0);
}

void caller_speak(struct caller *caller, struct speech *speech)
{
	assert_int_equal(support_socket_send(&caller->sock, speech->bytes, speech->len, soon()), 0);
	speech->len = 0;
}

/* Discard operations that were heard, from time to time. */
static void forget_heard(struct caller *caller)
{
	struct support_socket *sock = &caller->sock;
	if (caller->heard < 1 << 20)
		return;
	memmove(sock->bytes, sock->bytes + caller->heard, sock->len - caller->heard);
	sock->len -= caller->heard;
	caller->heard = 0;
}

bool caller_hear(struct caller *caller, struct wire_op *op)
{
	static const struct wire_limits limits = {.max_control_line = 8192, .max_payload = 64 << 20};
	size_t need;
	forget_heard(caller);
	for (;;) {
		int64_t used = 0;
		if (caller->sock.len > caller->heard)
			used = wire_parse(caller->sock.bytes + caller->heard,
					  caller->sock.len - caller->heard, &limits, op, &need);
		if (used < 0)
			fail_msg("connection %lu hears nonsense: %.60s", (unsigned long)caller->conn,
				 caller->sock.bytes + caller->heard);
		caller->heard += (size_t)used;
		if (used > 0 && op->verb != WIRE_INFO && op->verb != WIRE_PING)
			return true;
		int64_t got = used > 0 ? 1 : support_socket_read(&caller->sock, soon());
		if (got < 0)
			fail_msg("connection %lu waits for nothing", (unsigned long)caller->conn);
		if (got == 0)
			return false;
	}
}

void caller_hear_pong(struct caller *caller)
{
	struct wire_op op;
	assert_true(caller_hear(caller, &op));
	assert_string_equal(wire_verb_name(op.verb), "PONG");
}

void caller_hear_message(struct caller *caller, const char *subject, const char *sid, uint32_t number,
			 uint32_t size)
{
	struct wire_op op;
	assert_true(caller_hear(caller, &op));
	if (op.verb != WIRE_MSG)
		fail_msg("%s %.*s instead of message %u", wire_verb_name(op.verb), (int)op.args.len,
			 op.args.data ? op.args.data : "", number);
	assert_int_equal(payload_number(op.payload), number);
	assert_int_equal(op.payload.len, size);
	assert_true(wire_slice_equal(op.subject, wire_slice_str(subject)));
	assert_true(wire_slice_equal(op.sid, wire_slice_str(sid)));
	assert_int_equal(op.reply.len, 0);
}

void caller_leave(struct caller *caller)
{
	support_socket_close(&caller->sock);
}
