#include "sample_captures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/fail.h"
#include "support/packets.h"
#include "support/tempdir.h"

/* 2026-11-23T07:57:19Z */
static const int64_t START_NS = INT64_C(1795420639) * 1000000000;

enum { STEP_NS = 1000000, CLIENT_PORT = 50000, SERVER_PORT = 4222 };

#define CLIENT SUPPORT_CLIENT
#define SERVER SUPPORT_SERVER
#define PUSH   (SUPPORT_PSH | SUPPORT_ACK)

/* One connection, and the file it is captured into. */
struct story {
	struct support_capture file;
	struct support_connection connection;
	int64_t now_ns;
	int64_t step_ns;
	const struct envelope *envelope; /* around each packet; NULL = none */
};

/* ---- packets inside packets ---- */

/* Headers to put before each packet, and the protocol of an IP packet around both (0: none). */
struct envelope {
	const char *name;
	enum support_link inner;
	const char *header;
	size_t header_len;
	uint8_t protocol;
};

#define ENVELOPE(name, inner, header, protocol)                   \
	{                                                         \
		name, inner, header, sizeof(header) - 1, protocol \
	}

static const struct envelope envelopes[] = {
    ENVELOPE("vxlan", SUPPORT_ETHERNET, "\xc3\x50\x12\xb5\0\0\0\0\x08\0\0\0\0\0\x7b\0", 17),
    ENVELOPE("geneve", SUPPORT_ETHERNET, "\xc3\x50\x17\xc1\0\0\0\0\0\0\x65\x58\0\0\x7b\0", 17),
    ENVELOPE("gre", SUPPORT_RAW, "\x20\0\x08\0\0\0\0\1", 47),
    ENVELOPE("erspan", SUPPORT_ETHERNET, "\x10\0\x88\xbe\0\0\0\1\x10\1\0\1\0\0\0\0", 47),
    ENVELOPE("ipip", SUPPORT_RAW, "", 4),
    ENVELOPE("mpls", SUPPORT_RAW, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\x47\0\1\1\x40", 0),
    ENVELOPE("pppoe", SUPPORT_RAW, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\x64\x11\0\0\1\0\0\0\x21", 0),
};

static void put_in(struct story *story, const struct envelope *envelope, const struct support_packet *packet)
{
	struct support_bytes inside = {0}, frame = {0};

	support_bytes_put(&inside, envelope->header, envelope->header_len);
	support_packet_put(&inside, packet);
	const struct support_packet outer = {.from = {101, 0},
					     .to = {102, 0},
					     .protocol = envelope->protocol,
					     .payload = wire_slice((const char *)inside.data, inside.len)};
	if (envelope->protocol)
		support_packet_put(&frame, &outer);
	else
		support_bytes_put(&frame, inside.data, inside.len);
	support_capture_put(&story->file, story->now_ns, frame.data, frame.len);
	support_bytes_fini(&inside);
	support_bytes_fini(&frame);
}

/* ---- the packets of a story ---- */

static void begin_with(struct story *story, const struct support_packet *like,
		       const struct support_capture *file)
{
	*story = (struct story){.file = *file, .now_ns = START_NS, .step_ns = STEP_NS};
	story->file.link = like->link;
	support_connection_init(&story->connection, CLIENT_PORT, SERVER_PORT);
	story->connection.like = *like;
	support_capture_begin(&story->file);
}

static void begin(struct story *story)
{
	const struct support_packet like = {0};
	const struct support_capture file = {0};

	begin_with(story, &like, &file);
}

static void end(struct story *story, const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "captures/%s.pcap", name);
	support_write_file(path, story->file.bytes.data, story->file.bytes.len);
	support_capture_fini(&story->file);
}

static void put(struct story *story, const struct support_packet *packet)
{
	story->now_ns += story->step_ns;
	if (story->envelope)
		put_in(story, story->envelope, packet);
	else
		support_capture_put_packet(&story->file, story->now_ns, packet);
}

/* The bytes that are sent, captured or not. */
static struct support_packet make(struct story *story, enum support_who who, unsigned flags, const char *text)
{
	return support_connection_send(&story->connection, who, flags, wire_slice_str(text));
}

static void say(struct story *story, enum support_who who, const char *text)
{
	struct support_packet packet = make(story, who, PUSH, text);

	put(story, &packet);
}

static void flag(struct story *story, enum support_who who, unsigned flags)
{
	struct support_packet packet = make(story, who, flags, "");

	put(story, &packet);
}

/* ---- the story: a client that receives its own messages ---- */

static const char INFO[] = "INFO {\"server_id\":\"S\",\"max_payload\":1048576} \r\n";
static const char CONNECT[] = "CONNECT {\"name\":\"shop\",\"lang\":\"C\",\"version\":\"3\",\"user\":\"me\","
			      "\"pass\":\"secret\"}\r\nSUB orders.> 7\r\n";
static const char PUB_ONE[] = "PUB orders.1 9\r\n{\"id\":17}\r\n",
		  MSG_ONE[] = "MSG orders.1 7 9\r\n{\"id\":17}\r\n";
static const char PUB_TWO[] = "PUB orders.2 reply.2 3\r\ntwo\r\n",
		  MSG_TWO[] = "MSG orders.2 7 reply.2 3\r\ntwo\r\n";
static const char PUB_SIX[] = "PUB orders.6 1\r\n6\r\nPUB orders.7 1\r\n7\r\nPUB orders.8 1\r\n8\r\n";

static void open_connection(struct story *story)
{
	flag(story, CLIENT, SUPPORT_SYN);
	flag(story, SERVER, SUPPORT_SYN | SUPPORT_ACK);
	flag(story, CLIENT, SUPPORT_ACK);
}

static void meet(struct story *story)
{
	open_connection(story);
	say(story, SERVER, INFO);
	say(story, CLIENT, CONNECT);
}

static void talk(struct story *story)
{
	say(story, CLIENT, PUB_ONE);
	say(story, SERVER, MSG_ONE);
	say(story, CLIENT, PUB_TWO);
	say(story, SERVER, MSG_TWO);
}

static void part(struct story *story)
{
	flag(story, CLIENT, SUPPORT_FIN | SUPPORT_ACK);
	flag(story, SERVER, SUPPORT_FIN | SUPPORT_ACK);
	flag(story, CLIENT, SUPPORT_ACK);
}

static void write_story(const char *name, const struct support_packet *like,
			const struct support_capture *file)
{
	struct story story;

	begin_with(&story, like, file);
	meet(&story);
	talk(&story);
	part(&story);
	end(&story, name);
}

/* ---- the same story with other link layers, headers and formats ---- */

static void write_variants(void)
{
	static const uint8_t extensions[] = {0, 43, 60};
	const struct support_capture plain = {0};
	const struct {
		const char *name;
		struct support_packet like;
		struct support_capture file;
	} variants[] = {
	    {"plain", {0}, plain},
	    {"vlan", {.vlan_tags = 1}, plain},
	    {"qinq", {.vlan_tags = 2}, plain},
	    {"cooked", {.link = SUPPORT_COOKED}, plain},
	    {"cooked2", {.link = SUPPORT_COOKED2}, plain},
	    {"null", {.link = SUPPORT_NULL}, plain},
	    {"loop", {.link = SUPPORT_LOOP}, plain},
	    {"raw", {.link = SUPPORT_RAW}, plain},
	    {"ipv6", {.is_v6 = true}, plain},
	    {"ipv6_extensions", {.is_v6 = true, .extensions = extensions, .extensions_len = 3}, plain},
	    {"options", {.ip_option_bytes = 8, .tcp_option_bytes = 12}, plain},
	    {"padding", {.padding = 6}, plain},
	    {"no_length", {.has_no_length = true}, plain},
	    {"big_endian", {0}, {.is_big_endian = true}},
	    {"nanoseconds", {0}, {.has_nanoseconds = true}},
	    {"pcapng", {0}, {.format = SUPPORT_PCAPNG, .has_nanoseconds = true}},
	    {"pcapng_big_endian", {0}, {.format = SUPPORT_PCAPNG, .is_big_endian = true}},
	    {"snaplen_524288", {0}, {.snaplen = 524288}},
	};

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		write_story(variants[i].name, &variants[i].like, &variants[i].file);
}

static void write_envelopes(void)
{
	for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++) {
		struct story story;

		begin(&story);
		story.envelope = &envelopes[i];
		story.connection.like.link = envelopes[i].inner;
		meet(&story);
		talk(&story);
		part(&story);
		end(&story, envelopes[i].name);
	}
}

/* A file of two sections: of either byte order, of different link layers. */
static void write_sections(void)
{
	const struct support_packet like = {0};
	const struct support_capture file = {.format = SUPPORT_PCAPNG};
	struct support_capture second = {
	    .format = SUPPORT_PCAPNG, .is_big_endian = true, .link = SUPPORT_COOKED};
	struct story story;

	begin_with(&story, &like, &file);
	meet(&story);
	struct support_capture first = story.file;
	support_capture_begin(&second);
	story.file = second;
	story.connection.like.link = SUPPORT_COOKED;
	talk(&story);
	part(&story);
	support_bytes_put(&first.bytes, story.file.bytes.data, story.file.bytes.len);
	support_capture_fini(&story.file);
	story.file = first;
	end(&story, "sections");
}

/* An interface statistics block at the end: three packets dropped by the interface, four by the kernel. */
static void write_drops(void)
{
	const struct support_packet like = {0};
	const struct support_capture file = {.format = SUPPORT_PCAPNG, .is_big_endian = true};
	struct story story;

	begin_with(&story, &like, &file);
	meet(&story);
	talk(&story);
	part(&story);
	struct support_bytes *bytes = &story.file.bytes;
	support_bytes_put_be(bytes, 5, 4);
	support_bytes_put_be(bytes, 48, 4);
	support_bytes_put_be(bytes, 0, 4);
	support_bytes_put_be(bytes, (uint64_t)story.now_ns / 1000, 8);
	support_bytes_put(bytes, "\0\5\0\x08\0\0\0\0\0\0\0\3\0\7\0\x08\0\0\0\0\0\0\0\4", 24);
	support_bytes_put_be(bytes, 48, 4);
	end(&story, "drops");
}

/* ---- what a network does ---- */

static void write_fragments(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	struct support_packet packet = make(&story, CLIENT, PUSH, PUB_ONE);
	size_t len = support_packet_datagram_len(&packet);
	packet.fragment_id = 77;
	for (size_t at = 0; at < len; at += 24) {
		packet.fragment_offset = (uint16_t)at;
		packet.fragment_len = (uint16_t)(len - at < 24 ? len - at : 24);
		put(&story, &packet);
	}
	say(&story, SERVER, MSG_ONE);
	part(&story);
	end(&story, "fragments");
}

/* Every packet twice, as a capture on `any` or on both ends of a bridge has them. */
static void write_doubled(void)
{
	struct story story;
	const char *const texts[] = {PUB_ONE, MSG_ONE, PUB_TWO, MSG_TWO};

	begin(&story);
	meet(&story);
	for (int i = 0; i < 4; i++) {
		struct support_packet packet = make(&story, i % 2 ? SERVER : CLIENT, PUSH, texts[i]);

		put(&story, &packet);
		put(&story, &packet);
	}
	part(&story);
	end(&story, "doubled");
}

/* Segments that are out of order, that are repeated with other bytes, that overlap. */
static void write_disorder(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	struct support_packet first = make(&story, CLIENT, PUSH, "PUB orders.1 9\r\n{\"id\"");
	struct support_packet second = make(&story, CLIENT, PUSH, ":17}\r\n");
	struct support_packet other = first;
	other.payload = WIRE_LITERAL("PUB orders.1 9\r\nFALSE:17}\r\n");
	put(&story, &second);
	put(&story, &first);
	put(&story, &other);
	say(&story, SERVER, MSG_ONE);
	part(&story);
	end(&story, "disorder");
}

static void write_wrap_around(void)
{
	struct story story;

	begin(&story);
	story.connection.next[CLIENT] = UINT32_MAX - 20;
	story.connection.next[SERVER] = UINT32_MAX - 60;
	meet(&story);
	talk(&story);
	part(&story);
	end(&story, "wrap_around");
}

static void write_keep_alive(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	say(&story, CLIENT, PUB_ONE);
	struct support_packet probe = make(&story, CLIENT, SUPPORT_ACK, "");
	probe.seq--;
	probe.payload = WIRE_LITERAL("\0");
	put(&story, &probe);
	flag(&story, SERVER, SUPPORT_ACK);
	say(&story, SERVER, MSG_ONE);
	part(&story);
	end(&story, "keep_alive");
}

static void write_syn_with_data(void)
{
	struct story story;

	begin(&story);
	flag(&story, CLIENT, SUPPORT_SYN);
	struct support_packet packet = make(&story, SERVER, SUPPORT_SYN | SUPPORT_ACK, INFO);
	put(&story, &packet);
	say(&story, CLIENT, CONNECT);
	talk(&story);
	part(&story);
	end(&story, "syn_with_data");
}

static void write_port_reuse(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	say(&story, CLIENT, PUB_ONE);
	story.connection.next[CLIENT] += 1000000;
	story.connection.next[SERVER] += 1000000;
	story.connection.has_begun[CLIENT] = story.connection.has_begun[SERVER] = false;
	meet(&story);
	say(&story, CLIENT, PUB_TWO);
	part(&story);
	end(&story, "port_reuse");
}

static void write_equal_times(void)
{
	struct story story;

	begin(&story);
	story.step_ns = 0;
	meet(&story);
	talk(&story);
	part(&story);
	end(&story, "equal_times");
}

/* ---- what was not seen ---- */

static void write_reset(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	say(&story, CLIENT, "PUB orders.1 9\r\n{\"id");
	flag(&story, SERVER, SUPPORT_RST | SUPPORT_ACK);
	end(&story, "reset_inside_a_message");
}

static void write_one_way(void)
{
	struct story story;

	begin(&story);
	flag(&story, CLIENT, SUPPORT_SYN);
	story.connection.has_begun[SERVER] = true;
	say(&story, CLIENT, CONNECT);
	say(&story, CLIENT, PUB_ONE);
	say(&story, CLIENT, PUB_TWO);
	end(&story, "one_way");
}

/* The first packets may be the end of a payload; then there is a silence. */
static void write_midstream(void)
{
	struct story story;

	begin(&story);
	story.connection.has_begun[CLIENT] = story.connection.has_begun[SERVER] = true;
	say(&story, SERVER, MSG_ONE);
	say(&story, CLIENT, PUB_ONE);
	story.now_ns += 2 * INT64_C(1000000000);
	say(&story, SERVER, MSG_TWO);
	say(&story, CLIENT, PUB_TWO);
	end(&story, "midstream");
}

/* Lost in the middle of a payload, which holds what looks like an operation; then with a control line. */
static void write_holes(void)
{
	struct story story;

	begin(&story);
	meet(&story);
	say(&story, CLIENT, "PUB orders.3 30\r\n0123456789");
	make(&story, CLIENT, PUSH, "01234");
	say(&story, CLIENT, "PUB no 1\r\n1\r\n67\r\nPUB orders.4 1\r\n4\r\n");
	make(&story, CLIENT, PUSH, "PUB orders.5 20\r\n01234");
	say(&story, CLIENT, "PUB no 2\r\nno\r\nxyz\r\n");
	say(&story, CLIENT, PUB_SIX);
	part(&story);
	end(&story, "holes");
}

static void write_snaplen(void)
{
	struct story story;
	const struct support_packet like = {0};
	const struct support_capture file = {.snaplen = 54 + 120};

	begin_with(&story, &like, &file);
	meet(&story);
	say(&story, CLIENT,
	    "PUB orders.1 "
	    "150\r\n01234567890123456789012345678901234567890123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345678901234567890123456789\r\n");
	say(&story, CLIENT, PUB_TWO);
	part(&story);
	end(&story, "snaplen");
}

/* A segment of 100 kB, as the kernel builds them (GRO): IP's length field cannot hold it. */
static void write_gro(void)
{
	static char operation[100100];
	struct story story;

	begin(&story);
	meet(&story);
	int len = snprintf(operation, sizeof(operation), "PUB orders.1 100000\r\n");
	memset(operation + len, 'x', 100000);
	memcpy(operation + len + 100000, "\r\n", 3);
	struct support_packet packet = make(&story, CLIENT, PUSH, operation);
	packet.has_no_length = true;
	put(&story, &packet);
	say(&story, CLIENT, PUB_TWO);
	part(&story);
	end(&story, "gro");
}

/* ---- what is not decoded, and what is not NATS ---- */

static void write_other_protocols(void)
{
	struct story story;

	begin(&story);
	open_connection(&story);
	say(&story, SERVER, "INFO {\"tls_required\":true} \r\n");
	say(&story, CLIENT, "\x16\x03\x01 hello");
	say(&story, SERVER, "\x16\x03\x03 hello");
	part(&story);
	end(&story, "tls");
	begin(&story);
	open_connection(&story);
	say(&story, CLIENT, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
	say(&story, SERVER, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
	say(&story, SERVER, "\x82\x1eINFO {\"server_id\":\"S\"} \r\n");
	part(&story);
	end(&story, "websocket");
	begin(&story);
	open_connection(&story);
	say(&story, CLIENT, "CONNECT example.org:443 HTTP/1.1\r\n\r\n");
	say(&story, SERVER, "HTTP/1.1 200 OK\r\n\r\n");
	part(&story);
	end(&story, "not_nats");
}

static void put_of_protocol(struct story *story, uint8_t protocol)
{
	struct support_packet packet = make(story, CLIENT, PUSH, "12345678");

	packet.protocol = protocol;
	put(story, &packet);
}

/* Without and with the story. */
static void write_undecoded(void)
{
	static const unsigned char lldp[60] = {[12] = 0x88, [13] = 0xcc};
	struct story story;

	for (int with_story = 0; with_story < 2; with_story++) {
		begin(&story);
		for (int i = 0; i < 3; i++)
			support_capture_put(&story.file, story.now_ns, lldp, sizeof(lldp));
		put_of_protocol(&story, 17);
		put_of_protocol(&story, 17);
		put_of_protocol(&story, 50);
		if (with_story) {
			support_connection_init(&story.connection, CLIENT_PORT, SERVER_PORT);
			meet(&story);
			talk(&story);
			part(&story);
		}
		end(&story, with_story ? "undecoded" : "no_tcp");
	}
}

/* A web page, and what may be NATS in the middle of a connection, on ports where nothing is expected. */
static void write_elsewhere(void)
{
	struct story story;

	begin(&story);
	support_connection_init(&story.connection, CLIENT_PORT, 80);
	open_connection(&story);
	say(&story, CLIENT, "POST / HTTP/1.1\r\n\r\n");
	say(&story, SERVER, "HTTP/1.1 200 OK\r\n\r\n");
	part(&story);
	support_connection_init(&story.connection, CLIENT_PORT, 1234);
	story.connection.has_begun[CLIENT] = story.connection.has_begun[SERVER] = true;
	say(&story, CLIENT, PUB_ONE);
	end(&story, "elsewhere");
}

/* The plain one, ending in the middle of its last packet but one. */
static void write_cut(void)
{
	size_t len = 0;
	char *bytes = support_read_file("captures/plain.pcap", &len);

	support_write_file("captures/cut.pcap", bytes, len - 100);
	free(bytes);
}

void sample_captures_write(void)
{
	if (mkdir("captures", 0700) != 0)
		support_fail("captures");
	write_variants();
	write_envelopes();
	write_sections();
	write_drops();
	write_fragments();
	write_doubled();
	write_disorder();
	write_wrap_around();
	write_keep_alive();
	write_syn_with_data();
	write_port_reuse();
	write_equal_times();
	write_reset();
	write_one_way();
	write_midstream();
	write_holes();
	write_snaplen();
	write_gro();
	write_other_protocols();
	write_undecoded();
	write_elsewhere();
	write_cut();
}
