/* From frames to events, with random conversations over a network that reorders, duplicates and drops. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/packets.h"
#include "tap/stream/decoder.h"
#include "tests/unit/tap/session_fixture.h"
#include "wire/write.h"

enum {
	CONNECTIONS = 3, /* the first two publish; the first and the last receive everything */
	MESSAGES = 40,
	STREAM_BYTES = 64 << 10,
	SEGMENTS_MAX = 4000,
	SERVER_PORT = 4222,
	CLIENT_PORT = 50000,
};

/* ---- chance ---- */

static uint64_t draw(uint64_t *seed, uint64_t below)
{
	*seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
	uint64_t z = *seed;
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* ---- a conversation ---- */

struct segment {
	int connection;
	enum support_who who;
	size_t at, len; /* in the bytes of its stream */
	size_t heard;   /* of the other stream: the bytes it acknowledges */
	uint8_t flags;
};

struct conversation {
	char bytes[CONNECTIONS][2][STREAM_BYTES];
	size_t len[CONNECTIONS][2];
	struct segment segments[SEGMENTS_MAX];
	size_t count;
	size_t handshakes; /* segments of the handshakes, which the network does not touch */
};

static void add_segment(struct conversation *talk, struct segment segment)
{
	assert_true(talk->count < SEGMENTS_MAX);
	segment.heard = talk->len[segment.connection][!segment.who];
	talk->segments[talk->count++] = segment;
}

/* Send bytes in segments of at most `most` bytes. */
static void send(struct conversation *talk, uint64_t *seed, int connection, enum support_who who,
		 const char *bytes, size_t len, size_t most)
{
	size_t at = talk->len[connection][who], end = at + len;
	assert_true(end <= STREAM_BYTES);
	memcpy(talk->bytes[connection][who] + at, bytes, len);
	talk->len[connection][who] = end;
	while (at < end) {
		size_t some = 1 + (size_t)draw(seed, most);
		if (some > end - at)
			some = end - at;
		add_segment(talk, (struct segment){connection, who, at, some, 0, SUPPORT_ACK | SUPPORT_PSH});
		at += some;
	}
}

static void shake_hands(struct conversation *talk, uint64_t *seed, int connection)
{
	static const char info[] = "INFO {\"server_id\":\"S\",\"max_payload\":1048576} \r\n";
	char connect[100];
	snprintf(connect, sizeof connect, "CONNECT {\"name\":\"c%d\"}\r\nSUB n.> 1\r\n", connection);
	send(talk, seed, connection, SUPPORT_SERVER, info, sizeof info - 1, 4000);
	send(talk, seed, connection, SUPPORT_CLIENT, connect,
	     connection == 1 ? strlen(connect) - strlen("SUB n.> 1\r\n") : strlen(connect), 4000);
}

static const char *const lures[] = {"PUB lure 3\r\nabc",
				    "MSG n.0.1 1 1\r\n1\r\nMSG n.0.1 1 1\r\n1\r\n",
				    "\r\nPING\r\nSUB lure 1\r\n",
				    "",
				    "\r\n\r\n",
				    "plain text",
				    "PUB lure 1\r\n1\r\nPUB lure 1\r\n1\r\n"};

/* The payload of message `number` of a publisher. */
static size_t make_payload(char *payload, uint64_t seed, int publisher, int number)
{
	uint64_t chance = seed ^ (uint64_t)(publisher << 16 | number);
	size_t len = draw(&chance, 8) == 0 ? (size_t)draw(&chance, 2000) : 0;
	memset(payload, '.', len);
	return len + (size_t)sprintf(payload + len, "%s", lures[draw(&chance, sizeof lures / sizeof *lures)]);
}

static void publish(struct conversation *talk, uint64_t number_of_seed, uint64_t *seed, int publisher,
		    int number)
{
	char subject[32], payload[2200], operation[2400];
	size_t most = draw(seed, 3) == 0 ? 20 : 1460;
	struct wire_slice none = wire_slice("", 0), sid = WIRE_LITERAL("1");
	snprintf(subject, sizeof subject, "n.%d.%d", publisher, number);
	struct wire_slice content =
	    wire_slice(payload, make_payload(payload, number_of_seed, publisher, number));
	size_t len =
	    wire_write_pub(operation, sizeof operation, wire_slice_str(subject), none, none, content);
	send(talk, seed, publisher, SUPPORT_CLIENT, operation, len, most);
	len = wire_write_msg(operation, sizeof operation, wire_slice_str(subject), sid, none, none, content);
	send(talk, seed, 0, SUPPORT_SERVER, operation, len, most);
	send(talk, seed, 2, SUPPORT_SERVER, operation, len, most);
}

static void hold(struct conversation *talk, uint64_t number)
{
	uint64_t seed = number;
	memset(talk->len, 0, sizeof talk->len);
	talk->count = 0;
	for (int i = 0; i < CONNECTIONS; i++)
		shake_hands(talk, &seed, i);
	talk->handshakes = talk->count;
	for (int i = 0; i < MESSAGES; i++)
		publish(talk, number, &seed, i % 2, i);
}

/* ---- a network ---- */

/* Swap neighbours, repeat some with other boundaries, drop some. Returns how many were dropped. */
static size_t mistreat(struct conversation *talk, uint64_t *seed, uint64_t drop_percent)
{
	static struct segment treated[2 * SEGMENTS_MAX];
	size_t count = 0, dropped = 0;
	for (size_t i = 0; i < talk->count; i++) {
		struct segment segment = talk->segments[i];
		bool is_early = i < talk->handshakes;
		if (!is_early && draw(seed, 100) < drop_percent) {
			dropped++;
			continue;
		}
		treated[count++] = segment;
		if (is_early || draw(seed, 10) > 0)
			continue;
		size_t back = (size_t)draw(seed, segment.at + 1);
		if (drop_percent > 0 || back > 3000)
			back = 0; /* a dropped segment is not repeated */
		segment.at -= back;
		segment.len += back;
		treated[count++] = segment;
	}
	for (size_t i = talk->handshakes; i + 6 < count; i++) {
		size_t other = i + (size_t)draw(seed, 6);
		struct segment segment = treated[i];
		treated[i] = treated[other];
		treated[other] = segment;
	}
	assert_true(count <= SEGMENTS_MAX);
	memcpy(talk->segments, treated, count * sizeof *treated);
	talk->count = count;
	return dropped;
}

/* ---- the sniffer ---- */

struct listener {
	struct session_fixture fixture;
	struct tap_decoder *decoder;
	uint32_t first_seq[CONNECTIONS][2];
	size_t snaplen; /* 0: packets are captured whole */
};

static uint32_t captured_bytes(const struct listener *listener, size_t len)
{
	return (uint32_t)(listener->snaplen > 0 && len > listener->snaplen ? listener->snaplen : len);
}

static void take(struct listener *listener, int connection, enum support_who who, uint32_t seq, uint32_t ack,
		 uint8_t flags, struct wire_slice payload)
{
	const struct support_end ends[] = {{.host = 1, .port = (uint16_t)(CLIENT_PORT + connection)},
					   {.host = 2, .port = SERVER_PORT}};
	const struct support_packet packet = {.from = ends[who],
					      .to = ends[!who],
					      .seq = listener->first_seq[connection][who] + seq,
					      .ack = listener->first_seq[connection][!who] + ack,
					      .flags = flags,
					      .payload = payload};
	struct support_bytes bytes = {0};
	support_packet_put(&bytes, &packet);
	const struct tap_frame frame = {.time_ns = listener->fixture.now_ns += 1000,
					.bytes = bytes.data,
					.captured_bytes = captured_bytes(listener, bytes.len),
					.wire_bytes = (uint32_t)bytes.len,
					.link_type = support_link_type(packet.link)};
	tap_decoder_take(listener->decoder, &frame);
	support_bytes_fini(&bytes);
}

static void open_listener(struct listener *listener, uint64_t seed)
{
	struct tap_decoder_options options = {0};
	tap_reassembly_options_init(&options.reassembly);
	session_open(&listener->fixture, 64 << 20, NULL, 0);
	listener->decoder = tap_decoder_open(listener->fixture.handler, &options, &listener->fixture.budget);
	for (int i = 0; i < CONNECTIONS; i++)
		for (int who = 0; who < 2; who++)
			listener->first_seq[i][who] = (uint32_t)draw(&seed, 2) ? UINT32_MAX - 500 : 1000;
}

static void hear_handshakes(struct listener *listener)
{
	const struct wire_slice none = wire_slice("", 0);
	for (int i = 0; i < CONNECTIONS; i++) {
		take(listener, i, SUPPORT_CLIENT, (uint32_t)-1, 0, SUPPORT_SYN, none);
		take(listener, i, SUPPORT_SERVER, (uint32_t)-1, 0, SUPPORT_SYN | SUPPORT_ACK, none);
	}
}

/* From segment `begin` on. */
static void listen(struct listener *listener, const struct conversation *talk, size_t begin)
{
	const struct wire_slice none = wire_slice("", 0);
	for (size_t i = begin; i < talk->count; i++) {
		const struct segment *segment = &talk->segments[i];
		take(listener, segment->connection, segment->who, (uint32_t)segment->at,
		     (uint32_t)segment->heard, segment->flags,
		     wire_slice(talk->bytes[segment->connection][segment->who] + segment->at, segment->len));
	}
	for (int i = 0; i < CONNECTIONS; i++)
		for (int who = 0; who < 2; who++)
			take(listener, i, (enum support_who)who, (uint32_t)talk->len[i][who],
			     (uint32_t)talk->len[i][!who], SUPPORT_FIN | SUPPORT_ACK, none);
	tap_decoder_finish(listener->decoder);
	tap_join_finish(listener->fixture.join);
}

static void close_listener(struct listener *listener)
{
	tap_decoder_close(listener->decoder);
	session_close(&listener->fixture);
}

/* ---- what must hold ---- */

struct heard {
	uint64_t number; /* the seed */
	int last_published[3],
	    last_received[CONNECTIONS + 1][3]; /* by publisher; by connection and publisher */
	int whole, partial;
	int joined, apart; /* deliveries with and without their message */
	uint64_t gap_bytes;
};

static void reject(const struct heard *heard, const struct wire_event *event)
{
	char text[8000];
	session_print(text, sizeof text, event);
	fail_msg("seed %" PRIu64 ": %s", heard->number, text);
}

/* The message must have been published, and come after the one before. */
static void check_content(struct heard *heard, const struct wire_event *event, int *last)
{
	int publisher = -1, number = -1;
	char payload[2200], subject[64];
	snprintf(subject, sizeof subject, "%.*s", (int)event->subject.len, event->subject.data);
	if (sscanf(subject, "n.%d.%d", &publisher, &number) != 2 || publisher < 0 || publisher > 1 ||
	    number < 0 || number >= MESSAGES || number <= last[publisher])
		reject(heard, event);
	size_t len = make_payload(payload, heard->number, publisher, number);
	bool is_partial = event->flags & WIRE_EVENT_PARTIAL;
	if (event->size != len || (is_partial ? event->payload.len > len : event->payload.len != len) ||
	    memcmp(event->payload.data, payload, event->payload.len) != 0)
		reject(heard, event);
	last[publisher] = number;
}

static void check_receivers(struct heard *heard, const struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		uint64_t conn = event->receivers[i].conn;
		if (conn != 1 && conn != 3)
			reject(heard, event);
		heard->joined++;
	}
}

static void check(struct heard *heard, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_MESSAGE) {
		check_content(heard, event, heard->last_published);
		check_receivers(heard, event);
		heard->partial += (event->flags & WIRE_EVENT_PARTIAL) != 0;
		heard->whole += !(event->flags & WIRE_EVENT_PARTIAL);
	} else if (event->kind == WIRE_EVENT_DELIVERY) {
		if (event->conn != 1 && event->conn != 3)
			reject(heard, event);
		check_content(heard, event, heard->last_received[event->conn]);
		heard->apart++;
	} else if (event->kind == WIRE_EVENT_GAP) {
		heard->gap_bytes += event->lost_bytes;
	}
}

static struct heard sniff(struct conversation *talk, uint64_t number, uint64_t drop_percent, size_t *dropped)
{
	uint64_t seed = ~number;
	struct heard heard = {.number = number};
	struct listener listener = {0};
	struct wire_event event;
	memset(heard.last_published, -1, sizeof heard.last_published);
	memset(heard.last_received, -1, sizeof heard.last_received);
	hold(talk, number);
	*dropped = mistreat(talk, &seed, drop_percent);
	open_listener(&listener, seed);
	hear_handshakes(&listener);
	listen(&listener, talk, 0);
	while (tap_join_next(listener.fixture.join, &event))
		check(&heard, &event);
	const struct tap_sessions_stats *stats = tap_sessions_stats(listener.fixture.sessions);
	uint64_t sent = 0;
	for (int i = 0; i < CONNECTIONS; i++)
		sent += talk->len[i][0] + talk->len[i][1];
	if (stats->whole_bytes + stats->partial_bytes + stats->lost_bytes != sent ||
	    heard.gap_bytes != stats->lost_bytes)
		fail_msg("seed %" PRIu64 ": %" PRIu64 " whole, %" PRIu64 " partial, %" PRIu64
			 " lost, %" PRIu64 " in gaps of %" PRIu64 " sent",
			 number, stats->whole_bytes, stats->partial_bytes, stats->lost_bytes, heard.gap_bytes,
			 sent);
	close_listener(&listener);
	return heard;
}

static void disorder_duplicates_and_other_boundaries_change_no_message(void **state)
{
	struct conversation *talk = *state;
	for (uint64_t number = 0; number < 600; number++) {
		size_t dropped;
		struct heard heard = sniff(talk, number, 0, &dropped);
		if (heard.whole != MESSAGES || heard.joined != 2 * MESSAGES || heard.apart > 0 ||
		    heard.gap_bytes > 0)
			fail_msg("seed %" PRIu64 ": %d messages, %d joined, %" PRIu64 " bytes missing",
				 number, heard.whole, heard.joined, heard.gap_bytes);
	}
}

static void dropped_segments_invent_nothing_and_every_byte_is_counted(void **state)
{
	struct conversation *talk = *state;
	int whole = 0, partial = 0;
	enum { CASES = 600 };
	for (uint64_t number = 0; number < CASES; number++) {
		size_t dropped;
		struct heard heard = sniff(talk, number, 1 + number % 12, &dropped);
		whole += heard.whole;
		partial += heard.partial;
	}
	assert_true(whole > CASES * MESSAGES / 4); /* otherwise the sniffer misses too much */
	assert_true(partial > CASES / 10);
}

/* However late the capture begins and however little of each packet it has: all bytes that reassembly emitted,
 * and those too early for their stream, are in operations, in partial messages or in gap events. */
static void on_an_expected_port_every_byte_comes_out(void **state)
{
	struct conversation *talk = *state;
	for (uint64_t number = 0; number < 600; number++) {
		uint64_t seed = number, gap_bytes = 0;
		struct listener listener = {0};
		struct wire_event event;
		struct tap_decoder_stats packets;
		hold(talk, number);
		mistreat(talk, &seed, draw(&seed, 3));
		open_listener(&listener, seed);
		listener.snaplen = draw(&seed, 2) ? 54 + (size_t)draw(&seed, 100) : 0;
		if (draw(&seed, 2))
			hear_handshakes(&listener);
		listen(&listener, talk, (size_t)draw(&seed, talk->count));
		while (tap_join_next(listener.fixture.join, &event))
			gap_bytes += event.kind == WIRE_EVENT_GAP ? event.lost_bytes : 0;
		const struct tap_sessions_stats *stats = tap_sessions_stats(listener.fixture.sessions);
		tap_decoder_stats(listener.decoder, &packets);
		uint64_t told = packets.reassembly->data_bytes + packets.reassembly->early_bytes;
		for (int i = 0; i < TAP_HOLES; i++)
			told += packets.reassembly->hole_bytes[i];
		if (stats->whole_bytes + stats->partial_bytes + gap_bytes != told ||
		    stats->lost_bytes != gap_bytes || stats->unrecognised > 0)
			fail_msg("seed %" PRIu64 ": %" PRIu64 " whole, %" PRIu64 " partial, %" PRIu64
				 " in gaps of %" PRIu64 " bytes",
				 number, stats->whole_bytes, stats->partial_bytes, gap_bytes, told);
		close_listener(&listener);
	}
}

static int setup(void **state)
{
	*state = malloc(sizeof(struct conversation));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(disorder_duplicates_and_other_boundaries_change_no_message),
	    cmocka_unit_test(dropped_segments_invent_nothing_and_every_byte_is_counted),
	    cmocka_unit_test(on_an_expected_port_every_byte_comes_out),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
