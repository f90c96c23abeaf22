/* Packets that are made up: their layout, their checksums, and the streams that they carry, read by a reader of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/pcapng/pcapng.h"
#include "tests/unit/cli/capture.h"

enum { CLIENTS = 4, STREAM_MAX = 1 << 20, PACKETS_MAX = 200, TIME_NS = 123456789 };

/* ---- what is exported ---- */

static const struct {
	const char *address, *name, *user;
} people[CLIENTS] = {{"", "", ""},
		     {"10.0.0.7:53122", "shop", "ann"},
		     {"[::1]:4000", "bill\"ing", ""},
		     {"10.0.0.7:53122", "twin", ""}};

struct export
{
	struct export_out out;
	struct export_writer *writer;
	struct wire_source source;
	struct wire_client clients[CLIENTS];
	uint64_t seq;
	int64_t later_ns;
};

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	return conn < CLIENTS ? &((const struct export *)context)->clients[conn] : NULL;
}

static void begin(struct export *export)
{
	struct wire_fault fault;

	*export = (struct export){0};
	for (size_t i = 0; i < CLIENTS; i++)
		export->clients[i] = (struct wire_client){.address = wire_slice_str(people[i].address),
							  .name = wire_slice_str(people[i].name),
							  .user = wire_slice_str(people[i].user)};
	capture_init(&export->out);
	assert_int_equal(export_pcapng_open(&export->writer, &export->out, &fault), 0);
}

static void put(struct export *export, struct wire_event event)
{
	const struct export_input input = {.source = &export->source,
					   .clients = {.find = find_client, .context = export},
					   .is_chosen = true};
	struct wire_fault fault;

	event.seq = ++export->seq;
	event.time_ns = TIME_NS + export->later_ns;
	assert_int_equal(export->writer->put(export->writer, &event, &input, &fault), 0);
}

static uint64_t omitted(const struct export *export)
{
	struct export_omission omission;
	uint64_t count = 0;

	for (size_t i = 0; export->writer->omission(export->writer, i, &omission); i++)
		count += omission.count;
	return count;
}

/* ---- an independent reader ---- */

struct packet {
	const unsigned char *bytes, *data;
	char client[64]; /* its address and port as hexadecimal digits */
	bool from_client;
	size_t captured, original, data_len;
	uint32_t seq, ack;
	unsigned flags;
	int64_t time_ns;
	char comment[2000];
};

struct file {
	unsigned char *bytes;
	size_t len, count;
	struct packet packets[PACKETS_MAX];
	char end_comment[2000];
};

static uint32_t le32(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t be(const unsigned char *at, size_t width)
{
	uint32_t value = 0;

	while (width-- > 0)
		value = value << 8 | *at++;
	return value;
}

/* RFC 1071, word by word as it stands there: 0 for bytes with a right checksum. */
static uint32_t slow_checksum(uint32_t sum, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return sum;
}

static void read_comment(char *text, const unsigned char *at, const unsigned char *stop)
{
	while (at + 4 <= stop) {
		const uint32_t code = at[0] | (uint32_t)at[1] << 8, len = at[2] | (uint32_t)at[3] << 8;
		if (code == 1)
			snprintf(text, 2000, "%.*s", (int)len, (const char *)at + 4);
		at += 4 + (len + 3) / 4 * 4;
	}
}

static void check_tcp_checksum(const struct packet *packet, const unsigned char *tcp, size_t addresses)
{
	const size_t len = (size_t)(packet->bytes + packet->captured - tcp);
	uint32_t sum = slow_checksum(0, tcp - 2 * addresses, 2 * addresses);

	sum = slow_checksum(sum + 6 + (uint32_t)len, tcp, len);
	assert_int_equal(sum, 0xffff);
}

static void read_packet(struct packet *packet)
{
	const unsigned char *ip = packet->bytes;
	const bool is_v6 = ip[0] >> 4 == 6;
	const size_t addresses = is_v6 ? 16 : 4;
	const unsigned char *tcp = ip + (is_v6 ? 40 : 20);

	assert_int_equal(packet->original, be(ip + (is_v6 ? 4 : 2), 2) + (is_v6 ? 40 : 0));
	assert_int_equal(ip[is_v6 ? 6 : 9], 6);
	if (!is_v6)
		assert_int_equal(slow_checksum(0, ip, 20), 0xffff);
	if (packet->captured == packet->original)
		check_tcp_checksum(packet, tcp, addresses);
	packet->from_client = be(tcp + 2, 2) == 4222;
	for (size_t i = 0; i < addresses; i++)
		snprintf(packet->client + 2 * i, 3, "%02x",
			 tcp[(packet->from_client ? -2 : -1) * (int)addresses + (int)i]);
	snprintf(packet->client + strlen(packet->client), 8, ":%u",
		 be(tcp + (packet->from_client ? 0 : 2), 2));
	packet->seq = be(tcp + 4, 4);
	packet->ack = be(tcp + 8, 4);
	packet->flags = tcp[13];
	packet->data = tcp + (tcp[12] >> 4) * 4;
	packet->data_len = packet->original - (size_t)(packet->data - ip);
}

static void read_blocks(struct file *file)
{
	for (size_t at = 0, total; at < file->len; at += total) {
		const unsigned char *block = file->bytes + at;
		total = le32(block + 4);
		assert_true(total % 4 == 0 && at + total <= file->len);
		assert_int_equal(le32(block + total - 4), total);
		if (le32(block) == 5)
			read_comment(file->end_comment, block + 20, block + total - 4);
		if (le32(block) != 6)
			continue;
		assert_true(file->count < PACKETS_MAX);
		struct packet *packet = &file->packets[file->count++];
		packet->time_ns = (int64_t)((uint64_t)le32(block + 12) << 32 | le32(block + 16));
		packet->bytes = block + 28;
		packet->captured = le32(block + 20);
		packet->original = le32(block + 24);
		read_comment(packet->comment, block + 28 + (packet->captured + 3) / 4 * 4, block + total - 4);
		read_packet(packet);
	}
}

static struct file *end(struct export *export)
{
	struct file *file = calloc(1, sizeof(*file));
	struct wire_fault fault;

	assert_int_equal(export->writer->end(export->writer, &fault), 0);
	export->writer->close(export->writer);
	export_out_flush(&export->out);
	file->len = (size_t)lseek(export->out.fd, 0, SEEK_END);
	file->bytes = (unsigned char *)capture_take(&export->out);
	capture_fini(&export->out);
	read_blocks(file);
	return file;
}

static void close_file(struct file *file)
{
	free(file->bytes);
	free(file);
}

/* The bytes that one side of a connection sent; each segment must begin where the one before ended and acknowledge what the
 * other side sent. Bytes that were not captured are '?'. Owned by the caller. */
static char *stream(const struct file *file, const char *client, bool from_client)
{
	char *text = calloc(1, STREAM_MAX);
	size_t len = 0;
	uint32_t next[2] = {0};
	bool has_begun[2] = {false};

	for (size_t i = 0; i < file->count; i++) {
		const struct packet *packet = &file->packets[i];
		if (strcmp(packet->client, client) != 0)
			continue;
		const bool from = packet->from_client;
		if (has_begun[from])
			assert_int_equal(packet->seq, next[from]);
		if (packet->flags & 16)
			assert_int_equal(packet->ack, next[!from]);
		has_begun[from] = true;
		next[from] = packet->seq + (uint32_t)packet->data_len + (packet->flags & 3 ? 1 : 0);
		if (from != from_client)
			continue;
		const size_t seen = packet->captured - (size_t)(packet->data - packet->bytes);
		assert_true(len + packet->data_len < STREAM_MAX);
		memcpy(text + len, packet->data, seen);
		memset(text + len + seen, '?', packet->data_len - seen);
		len += packet->data_len;
	}
	return text;
}

static void check_stream(const struct file *file, const char *client, bool from_client, const char *expected)
{
	char *text = stream(file, client, from_client);

	assert_string_equal(text, expected);
	free(text);
}

static struct wire_event message(const char *subject, const char *payload)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .conn = 1,
				   .subject = wire_slice_str(subject),
				   .payload = wire_slice_str(payload),
				   .size = strlen(payload)};
}

#define SHOP    "0a000007:53122"
#define BILLING "00000000000000000000000000000001:4000"
#define INFO    "INFO {\"server_id\":\"TAPEDECK-EXPORT\",\"proto\":1,\"headers\":true,\"max_payload\":67108864"
#define CONNECT "CONNECT {\"verbose\":false,\"pedantic\":false,"
#define REST    "\"protocol\":1,\"echo\":true,\"headers\":true,\"no_responders\":true}\r\n"
#define ANN     "\"name\":\"shop\",\"user\":\"ann\",\"pass\":\"[REDACTED]\","

/* ---- tests ---- */

static void the_file_begins_with_a_section_and_an_interface_of_nanoseconds(void **state)
{
	struct export export;

	(void)state;
	begin(&export);
	struct file *file = end(&export);
	const unsigned char *interface = file->bytes + le32(file->bytes + 4);
	assert_memory_equal(file->bytes, "\x0a\x0d\x0d\x0a", 4);
	assert_memory_equal(file->bytes + 8, "\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	assert_memory_equal(interface,
			    "\1\0\0\0\x2c\0\0\0\x65\0\0\0\0\0\0\0"
			    "\x09\0\1\0\x09\0\0\0\2\0\x08\0tapedeck\0\0\0\0\x2c\0\0\0",
			    44);
	assert_int_equal(file->count, 0);
	close_file(file);
}

static void a_message_is_a_publish_and_its_deliveries(void **state)
{
	const struct wire_receiver receivers[] = {
	    {.conn = 2, .sid = WIRE_LITERAL("7")},
	    {.conn = 3, .sid = WIRE_LITERAL("8"), .outcome = WIRE_DROPPED_SLOW}};
	struct wire_event event = message("orders.new", "odd");
	struct export export;

	(void)state;
	begin(&export);
	event.reply = WIRE_LITERAL("_INBOX.1");
	event.headers = WIRE_LITERAL("NATS/1.0\r\nA: b\r\n\r\n");
	event.receivers = receivers;
	event.receivers_len = 2;
	event.receiver_count = 1;
	put(&export, event);
	assert_int_equal(omitted(&export), 1);
	put(&export,
	    (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = 1, .text = WIRE_LITERAL("bye")});
	struct file *file = end(&export);
	check_stream(file, SHOP, true,
		     CONNECT ANN REST "HPUB orders.new _INBOX.1 18 21\r\nNATS/1.0\r\nA: b\r\n\r\nodd\r\n");
	check_stream(file, SHOP, false, INFO ",\"client_id\":1,\"client_ip\":\"10.0.0.7\"} \r\n");
	check_stream(file, BILLING, true, CONNECT "\"name\":\"bill\\\"ing\"," REST);
	check_stream(file, BILLING, false,
		     INFO ",\"client_id\":2,\"client_ip\":\"::1\"} \r\n"
			  "HMSG orders.new 7 _INBOX.1 18 21\r\nNATS/1.0\r\nA: b\r\n\r\nodd\r\n");
	assert_string_equal(file->packets[5].comment,
			    "seq 1; not delivered to connection 3 (twin): slow consumer");
	assert_string_equal(file->packets[11].comment, "seq 1");
	assert_int_equal(file->packets[11].time_ns, TIME_NS);
	assert_string_equal(file->packets[12].comment, "seq 2; disconnected: bye");
	assert_int_equal(file->packets[12].flags, 17); /* FIN ACK */
	assert_int_equal(file->count, 15);
	close_file(file);
}

static void subscriptions_and_errors_are_operations(void **state)
{
	struct export export;

	(void)state;
	begin(&export);
	put(&export,
	    (struct wire_event){.kind = WIRE_EVENT_CONNECT, .conn = 1, .client = &export.clients[1]});
	put(&export, (struct wire_event){.kind = WIRE_EVENT_SUBSCRIBE,
					 .conn = 1,
					 .subject = WIRE_LITERAL("a.>"),
					 .queue = WIRE_LITERAL("q"),
					 .sid = WIRE_LITERAL("5")});
	put(&export, (struct wire_event){
			 .kind = WIRE_EVENT_UNSUBSCRIBE, .conn = 1, .sid = WIRE_LITERAL("5"), .max = 12});
	put(&export,
	    (struct wire_event){.kind = WIRE_EVENT_ERROR, .conn = 1, .text = WIRE_LITERAL("No\r\nPUB x 0")});
	struct file *file = end(&export);
	check_stream(file, SHOP, true, CONNECT ANN REST "SUB a.> q 5\r\nUNSUB 5 12\r\n");
	check_stream(file, SHOP, false,
		     INFO ",\"client_id\":1,\"client_ip\":\"10.0.0.7\"} \r\n-ERR 'No  PUB x 0'\r\n");
	close_file(file);
}

static void events_without_a_packet_become_comments(void **state)
{
	struct export export;

	(void)state;
	begin(&export);
	put(&export,
	    (struct wire_event){.kind = WIRE_EVENT_CONNECT, .conn = 1, .client = &export.clients[1]});
	put(&export, (struct wire_event){.kind = WIRE_EVENT_GAP,
					 .text = WIRE_LITERAL("the disk was full"),
					 .lost_messages = 3});
	put(&export, message("a", "b"));
	put(&export, (struct wire_event){.kind = WIRE_EVENT_MARK, .text = WIRE_LITERAL("stopped\x1b")});
	assert_int_equal(omitted(&export), 0);
	struct file *file = end(&export);
	assert_string_equal(
	    file->packets[5].comment,
	    "seq 2, 1970-01-01T00:00:00.123456789Z: gap: 3 messages lost (0 bytes) in 0.000 s: the "
	    "disk was full\nseq 3");
	assert_string_equal(file->end_comment, "seq 4, 1970-01-01T00:00:00.123456789Z: mark: stopped\\x1b\n");
	close_file(file);
}

static void what_the_protocol_cannot_carry_is_named_and_counted(void **state)
{
	static const char *const subjects[] = {"", "a b", "a\r\nPUB b 0", "a\tb", "a\nb"};
	struct export export;

	(void)state;
	begin(&export);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
		put(&export, message(subjects[i], "x"));
	put(&export, message("quote\"\xff\x01", "x"));
	assert_int_equal(omitted(&export), 5);
	struct file *file = end(&export);
	check_stream(file, SHOP, true, CONNECT ANN REST "PUB quote\"\xff\x01 1\r\nx\r\n");
	assert_non_null(
	    strstr(file->packets[0].comment, "a message that cannot be written: a\\r\\nPUB b 0\n"));
	close_file(file);
}

static void missing_bytes_of_a_payload_are_missing_in_its_packet(void **state)
{
	struct wire_event event = message("a", "seen");
	struct export export;

	(void)state;
	begin(&export);
	event.flags = WIRE_EVENT_CUT;
	event.size = 10;
	put(&export, event);
	put(&export, message("b", ""));
	struct file *file = end(&export);
	check_stream(file, SHOP, true, CONNECT ANN REST "PUB a 10\r\nseen??????\r\nPUB b 0\r\n\r\n");
	assert_int_equal(file->packets[5].captured + 6, file->packets[5].original);
	assert_string_equal(file->packets[5].comment, "seq 1; shortened when it was recorded, to 4 bytes");
	close_file(file);
}

static void a_large_payload_is_cut_into_segments_that_are_acknowledged(void **state)
{
	enum { BYTES = 500001 };
	char *payload = malloc(BYTES + 1), *text;
	struct export export;
	size_t acknowledgements = 0;

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		payload[i] = (char)('a' + i % 23);
	payload[BYTES] = '\0';
	begin(&export);
	put(&export, message("a", payload));
	struct file *file = end(&export);
	for (size_t i = 6; i < file->count; i++) {
		assert_true(file->packets[i].original <= 65535);
		acknowledgements += !file->packets[i].from_client;
	}
	assert_int_equal(acknowledgements, 3); /* nine segments, each third of which exceeds 128 KiB */
	text = stream(file, SHOP, true);
	assert_non_null(strstr(text, payload));
	free(text);
	free(payload);
	close_file(file);
}

static void clients_that_are_not_known_have_made_up_connections(void **state)
{
	struct wire_event event = message("a", "b");
	struct export export;

	(void)state;
	begin(&export);
	event.conn = 0;
	event.flags = WIRE_EVENT_PUBLISHER_UNKNOWN;
	event.receiver_count = 1;
	put(&export, event);
	put(&export, event);
	put(&export, message("a", "b"));
	event.conn = 3; /* recorded with the address that connection 1 has */
	event.receiver_count = 0;
	put(&export, event);
	struct file *file = end(&export);
	check_stream(file, "c6120001:32768", true,
		     CONNECT "\"name\":\"(unknown publisher)\"," REST "PUB a 1\r\nb\r\nPUB a 1\r\nb\r\n");
	check_stream(file, "c6120002:32768", false,
		     INFO ",\"client_ip\":\"198.18.0.2\"} \r\n"
			  "MSG a 1 1\r\nb\r\nMSG a 1 1\r\nb\r\n");
	check_stream(file, "c6120003:32768", true, CONNECT "\"name\":\"twin\"," REST "PUB a 1\r\nb\r\n");
	close_file(file);
}

/* The filters chose neither the start of the second recording nor its connect events. */
static void a_number_that_another_client_has_now_is_another_connection(void **state)
{
	struct export export;

	(void)state;
	begin(&export);
	put(&export, message("a", "b"));
	export.clients[1] =
	    (struct wire_client){.address = WIRE_LITERAL("10.0.0.8:1"), .name = WIRE_LITERAL("new")};
	put(&export, message("c", "d"));
	struct file *file = end(&export);
	check_stream(file, SHOP, true, CONNECT ANN REST "PUB a 1\r\nb\r\n");
	assert_string_equal(file->packets[6].comment, "seq 2; its end is not in the log");
	check_stream(file, "0a000008:1", true, CONNECT "\"name\":\"new\"," REST "PUB c 1\r\nd\r\n");
	close_file(file);
}

/* A size of which the total would overflow. */
static void a_size_beyond_what_readers_take_is_not_written(void **state)
{
	struct wire_event event = message("a", "x");
	struct export export;

	(void)state;
	begin(&export);
	event.flags = WIRE_EVENT_CUT;
	event.headers = WIRE_LITERAL("NATS/1.0\r\n\r\n");
	event.size = UINT64_MAX - 3;
	put(&export, event);
	event.size = (64 << 20) - 11;
	put(&export, event);
	assert_int_equal(omitted(&export), 2);
	struct file *file = end(&export);
	assert_int_equal(file->count, 0);
	close_file(file);
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static void characters_without_a_width_do_not_make_a_comment_too_long(void **state)
{
	enum { MARKS = 40000 };
	char *text = malloc(2 * MARKS + 1);
	struct export export;

	(void)state;
	for (size_t i = 0; i < MARKS; i++)
		memcpy(text + 2 * i, "\xcc\x80", 3);
	begin(&export);
	put(&export, (struct wire_event){.kind = WIRE_EVENT_MARK, .text = wire_slice_str(text)});
	put(&export, message("a", "b"));
	put(&export,
	    (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = 1, .text = wire_slice_str(text)});
	struct file *file = end(&export);
	assert_int_equal(occurrences(file->packets[0].comment, "\xcc\x80"), 700);
	assert_non_null(strstr(file->packets[0].comment, "\xcc\x80\xe2\x80\xa6\nseq 2"));
	assert_int_equal(occurrences(file->packets[6].comment, "\xcc\x80"), 700);
	close_file(file);
	free(text);
}

static void a_delivery_has_the_time_when_it_was_seen(void **state)
{
	const struct wire_receiver receivers[] = {{.conn = 2, .sid = WIRE_LITERAL("7")},
						  {.conn = 2, .sid = WIRE_LITERAL("8")}};
	const int64_t delays[] = {2000, 500};
	struct wire_event event = message("a", "b");
	struct export export;

	(void)state;
	begin(&export);
	event.receivers = receivers;
	event.receivers_len = event.receiver_count = 2;
	event.delays_ns = delays;
	put(&export, event);
	export.later_ns = 1000;
	put(&export, message("c", "d"));
	struct file *file = end(&export);
	check_stream(file, BILLING, false,
		     INFO ",\"client_id\":2,\"client_ip\":\"::1\"} \r\nMSG a 8 1\r\nb\r\nMSG a 7 1\r\nb\r\n");
	assert_int_equal(file->count, 14);
	assert_int_equal(file->packets[11].time_ns, TIME_NS + 500);
	assert_int_equal(file->packets[12].time_ns, TIME_NS + 1000);
	assert_int_equal(file->packets[13].time_ns, TIME_NS + 2000);
	assert_string_equal(file->packets[13].comment, "seq 1; seen 2.000 \xc2\xb5s after it was published");
	close_file(file);
}

static void a_delivery_comes_before_the_next_message_of_the_same_content(void **state)
{
	const struct wire_receiver receiver = {.conn = 2, .sid = WIRE_LITERAL("7")};
	const int64_t delay = 2000;
	struct wire_event event = message("a", "b");
	struct export export;

	(void)state;
	begin(&export);
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = 1;
	event.delays_ns = &delay;
	put(&export, event);
	export.later_ns = 1000;
	put(&export, message("a", "b"));
	struct file *file = end(&export);
	assert_int_equal(file->count, 13);
	assert_false(file->packets[11].from_client);
	assert_int_equal(file->packets[11].time_ns, TIME_NS + 1000);
	assert_true(file->packets[12].from_client);
	close_file(file);
}

static void a_delivery_comes_before_the_end_of_its_connection(void **state)
{
	const struct wire_receiver receiver = {.conn = 2, .sid = WIRE_LITERAL("7")};
	const int64_t delay = 2000;
	struct wire_event event = message("a", "b");
	struct export export;

	(void)state;
	begin(&export);
	event.receivers = &receiver;
	event.receivers_len = event.receiver_count = 1;
	event.delays_ns = &delay;
	put(&export, event);
	put(&export, (struct wire_event){.kind = WIRE_EVENT_DISCONNECT, .conn = 2});
	struct file *file = end(&export);
	check_stream(file, BILLING, false,
		     INFO ",\"client_id\":2,\"client_ip\":\"::1\"} \r\nMSG a 7 1\r\nb\r\n");
	assert_int_equal(file->packets[11].time_ns, TIME_NS);
	assert_int_equal(file->packets[12].flags, 17); /* FIN ACK */
	close_file(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_file_begins_with_a_section_and_an_interface_of_nanoseconds),
	    cmocka_unit_test(a_message_is_a_publish_and_its_deliveries),
	    cmocka_unit_test(subscriptions_and_errors_are_operations),
	    cmocka_unit_test(events_without_a_packet_become_comments),
	    cmocka_unit_test(what_the_protocol_cannot_carry_is_named_and_counted),
	    cmocka_unit_test(missing_bytes_of_a_payload_are_missing_in_its_packet),
	    cmocka_unit_test(a_large_payload_is_cut_into_segments_that_are_acknowledged),
	    cmocka_unit_test(clients_that_are_not_known_have_made_up_connections),
	    cmocka_unit_test(a_number_that_another_client_has_now_is_another_connection),
	    cmocka_unit_test(a_size_beyond_what_readers_take_is_not_written),
	    cmocka_unit_test(characters_without_a_width_do_not_make_a_comment_too_long),
	    cmocka_unit_test(a_delivery_has_the_time_when_it_was_seen),
	    cmocka_unit_test(a_delivery_comes_before_the_next_message_of_the_same_content),
	    cmocka_unit_test(a_delivery_comes_before_the_end_of_its_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
