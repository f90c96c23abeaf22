/* Redaction: CONNECT without credentials however it was sent, and everything else unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/packets.h"
#include "tap/capture/redactor.h"

static struct tap_redactor *redactor;
static struct support_connection connection;
static struct support_bytes frame;   /* the last one taken */
static const unsigned char *written; /* the redacted frame */
static bool is_checksum_wrong;       /* of the frames taken */

static int open_redactor(void **state)
{
	(void)state;
	redactor = tap_redactor_open(2);
	support_connection_init(&connection, 50000, 4222);
	is_checksum_wrong = false;
	return redactor ? 0 : -1;
}

static int close_redactor(void **state)
{
	(void)state;
	tap_redactor_close(redactor);
	support_bytes_fini(&frame);
	return 0;
}

/* ---- frames ---- */

static struct tap_segment segment_in(const unsigned char *bytes, enum support_link link)
{
	struct tap_packet packet;
	const struct tap_frame whole = {.bytes = bytes,
					.captured_bytes = (uint32_t)frame.len,
					.wire_bytes = (uint32_t)frame.len,
					.link_type = support_link_type(link)};
	assert_int_equal(tap_packet_decode(&whole, &packet), TAP_PACKET_SEGMENT);
	return packet.segment;
}

static uint32_t add_words(uint32_t sum, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	return sum;
}

/* One's complement sum over pseudo header and segment: 0xffff when the checksum is right. */
static uint32_t checksum_sum(const struct tap_segment *segment)
{
	size_t len =
	    (size_t)((const unsigned char *)segment->payload.data + segment->payload.len - segment->header);
	uint32_t sum = (uint32_t)len + 6;
	sum = add_words(sum, segment->from.address, 16);
	sum = add_words(sum, segment->to.address, 16);
	sum = add_words(sum, segment->header, len);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Set the right checksum in a frame whose checksum is zero. */
static void set_checksum(enum support_link link)
{
	struct tap_segment segment = segment_in(frame.data, link);
	uint32_t sum = ~checksum_sum(&segment);
	unsigned char *field = frame.data + (segment.header - frame.data) + 16;
	field[0] = (unsigned char)(sum >> 8);
	field[1] = (unsigned char)sum;
	if (is_checksum_wrong)
		field[0] ^= 0x55;
}

/* Take a frame of which so many bytes were captured. */
static void take_frame(enum support_link link, size_t captured)
{
	const struct tap_frame given = {.bytes = frame.data,
					.captured_bytes = (uint32_t)captured,
					.wire_bytes = (uint32_t)frame.len,
					.link_type = support_link_type(link)};
	written = tap_redactor_frame(redactor, &given);
	assert_non_null(written);
}

static void take(const struct support_packet *packet)
{
	frame.len = 0;
	support_packet_put(&frame, packet);
	if (!packet->fragment_len)
		set_checksum(packet->link);
	take_frame(packet->link, frame.len);
}

static struct support_packet prepare(unsigned who, unsigned flags, const char *text)
{
	return support_connection_send(&connection, (enum support_who)who, flags, wire_slice_str(text));
}

static void send(unsigned who, const char *text)
{
	struct support_packet packet = prepare(who, 0, text);
	take(&packet);
}

static void shake_hands(void)
{
	for (unsigned who = 0; who < 2; who++) {
		struct support_packet syn = prepare(who, SUPPORT_SYN, "");
		take(&syn);
	}
}

/* ---- what must hold ---- */

/* The last frame must have this payload. Nothing else may have changed except the checksum, which stays right
 * or wrong. */
static void check_written(const char *payload, enum support_link link)
{
	struct tap_segment before = segment_in(frame.data, link), after = segment_in(written, link);
	size_t header_at = (size_t)(before.header - frame.data);
	size_t payload_at = (size_t)((const unsigned char *)before.payload.data - frame.data);
	assert_int_equal(after.payload.len, strlen(payload));
	char text[2000];
	snprintf(text, sizeof text, "%.*s", (int)after.payload.len, after.payload.data);
	assert_string_equal(text, payload);
	assert_memory_equal(frame.data, written, header_at + 16);
	assert_memory_equal(frame.data + header_at + 18, written + header_at + 18,
			    payload_at - header_at - 18);
	if (is_checksum_wrong)
		assert_memory_equal(frame.data + header_at + 16, written + header_at + 16, 2);
	else
		assert_int_equal(checksum_sum(&after), 0xffff);
}

static void check(const char *payload)
{
	check_written(payload, SUPPORT_ETHERNET);
}

static void check_untouched(void)
{
	assert_ptr_equal(written, frame.data);
}

/* ---- one segment ---- */

static void credentials_are_overwritten_byte_by_byte(void **state)
{
	(void)state;
	shake_hands();
	send(0, "CONNECT "
		"{\"verbose\":false,\"user\":\"ann\",\"pass\":\"s3\\\"cr3t\",\"lang\":\"go\"}\r\nPING\r\n");
	check(
	    "CONNECT {\"verbose\":false,\"user\":\"ann\",\"pass\":\"xxxxxxxx\",\"lang\":\"go\"}\r\nPING\r\n");
}

static void every_value_that_is_not_known_to_be_harmless_is_overwritten(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
	    {"\"auth_token\":\"abc\"", "\"auth_token\":\"xxx\""},
	    {"\"proxy_sig\":\"abc\"", "\"proxy_sig\":\"xxx\""},
	    {"\"jwt\":\"e.f\"", "\"jwt\":\"xxx\""},
	    {"\"sig\":\"abc\"", "\"sig\":\"xxx\""},
	    {"\"nkey\":\"UAB\"", "\"nkey\":\"xxx\""},
	    {"\"PASS\":\"abc\"", "\"PASS\":\"xxx\""},
	    {"\"authToken\":\"abc\"", "\"authToken\":\"xxx\""},
	    {"\"pa\\u0073s\":\"abc\"", "\"pa\\u0073s\":\"xxx\""},
	    {"\"token\":12345", "\"token\":11111"},
	    {"\"token\":-1.5e3", "\"token\":111111"},
	    {"\"x\":{\"name\":\"abc\"}", "\"x\":{\"xxxx\":\"xxx\"}"},
	    {"\"x\":[\"abc\",true,7]", "\"x\":[\"xxx\",true,1]"},
	    {"\"name\":{\"pass\":\"abc\"}", "\"name\":{\"xxxx\":\"xxx\"}"},
	    {"\"pass\" : \"a b\"", "\"pass\" : \"xxx\""},
	    {"\"pass\" \"abc\"", "\"pass\" \"xxx\""},
	    {"pass:abc", "1111:111"},
	    {"\"pass\":null", "\"pass\":null"},
	    {"\"name\":\"a\",\"version\":\"1.2\",\"protocol\":1",
	     "\"name\":\"a\",\"version\":\"1.2\",\"protocol\":1"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char given[200], expected[200];
		snprintf(given, sizeof given, "CONNECT {%s}\r\n", pairs[i][0]);
		snprintf(expected, sizeof expected, "CONNECT {%s}\r\n", pairs[i][1]);
		send(0, given);
		check(expected);
	}
}

/* A user without a password is a token. */
static void a_user_is_shown_only_with_a_password(void **state)
{
	(void)state;
	send(0, "CONNECT {\"user\":\"t0ken\"}\r\n");
	check("CONNECT {\"user\":\"xxxxx\"}\r\n");
	send(0, "CONNECT {\"user\":\"t0ken\",\"pass\":\"\"}\r\n");
	check("CONNECT {\"user\":\"xxxxx\",\"pass\":\"\"}\r\n");
	send(0, "CONNECT {\"user\":\"ann\", \"pass\": \"b\"}\r\n");
	check("CONNECT {\"user\":\"ann\", \"pass\": \"x\"}\r\n");
	send(0, "CONNECT {\"user\":\"t0ken\",\"x\":{\"pass\":\"b\"}}\r\n");
	check("CONNECT {\"user\":\"xxxxx\",\"x\":{\"xxxx\":\"x\"}}\r\n");
	send(0, "CONNECT {\"pass\":\"b\",\"user\":\"ann\"}\r\n");
	check("CONNECT {\"pass\":\"x\",\"user\":\"ann\"}\r\n");
	send(0, "CONNECT {\"user\":\"t0ken\",\"name\":\"\\\"pass\\\":\\\"x\\\"\"}\r\n");
	check("CONNECT {\"user\":\"xxxxx\",\"name\":\"\\\"pass\\\":\\\"x\\\"\"}\r\n");
}

static void bytes_after_the_json_are_overwritten(void **state)
{
	(void)state;
	send(0, "connect\t{\"lang\":\"c\"} s3cret\r\nPING\r\n");
	check("connect\t{\"lang\":\"c\"} xxxxxx\r\nPING\r\n");
}

static void bytes_outside_connect_are_untouched(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "INFO "
	    "{\"server_id\":\"N\",\"version\":\"2.10\",\"headers\":true,\"auth_required\":true,\"nonce\":"
	    "\"abc\"}\r\n",
	    "PUB a 14\r\n{\"pass\":\"abc\"}\r\n",
	    "CONNECT example.com:443 HTTP/1.1\r\nProxy-Authorization: Basic abc\r\n\r\n",
	    "CONNECTED {\"pass\":\"abc\"}\r\n",
	    "{\"name\":\"a\",\"version\":\"1\",\"user\":\"b\"}\n",
	    "-ERR 'Authorization Violation'\r\n",
	    "CONNECT {\"lang\":\"go\",\"version\":\"1\",\"verbose\":false}\r\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		support_connection_init(&connection, (uint16_t)(50000 + i), 4222);
		send(1, texts[i]);
		check_untouched();
	}
}

/* ---- the checksum ---- */

static void a_wrong_checksum_stays_as_it_was(void **state)
{
	(void)state;
	is_checksum_wrong = true;
	send(0, "CONNECT {\"pass\":\"abc\"}\r\n");
	check("CONNECT {\"pass\":\"xxx\"}\r\n");
}

static void any_link_layer_and_ip_version_is_redacted(void **state)
{
	(void)state;
	for (int link = 0; link < SUPPORT_LINKS; link++)
		for (int variant = 0; variant < 4; variant++) {
			support_connection_init(&connection, (uint16_t)(50000 + variant),
						(uint16_t)(4222 + link));
			connection.like.link = (enum support_link)link;
			connection.like.is_v6 = (variant & 1) != 0;
			connection.like.vlan_tags = link == SUPPORT_ETHERNET && variant & 2 ? 2 : 0;
			connection.like.tcp_option_bytes = variant & 2 ? 12 : 0;
			send(0, "CONNECT {\"pass\":\"odd\",\"name\":\"n\",\"jwt\":\"abcd\"}\r\n");
			check_written("CONNECT {\"pass\":\"xxx\",\"name\":\"n\",\"jwt\":\"xxxx\"}\r\n",
				      (enum support_link)link);
		}
}

/* ---- several segments ---- */

static const char whole[] =
    "CONNECT {\"verbose\":true,\"pass\":\"s3cret\",\"name\":\"a\"}\r\nPUB a 1\r\nb\r\n";
static const char hidden[] =
    "CONNECT {\"verbose\":true,\"pass\":\"xxxxxx\",\"name\":\"a\"}\r\nPUB a 1\r\nb\r\n";

static struct support_packet part(size_t from, size_t to)
{
	struct support_packet packet = prepare(0, 0, "");
	packet.seq += (uint32_t)from;
	packet.payload = wire_slice(whole + from, to - from);
	return packet;
}

static void check_part(size_t from, size_t to)
{
	char expected[sizeof hidden];
	snprintf(expected, sizeof expected, "%.*s", (int)(to - from), hidden + from);
	check(expected);
}

/* Is any byte of the secret left in the redacted frames? */
static bool shows_secret(size_t from, size_t to)
{
	static const size_t secret_from = sizeof "CONNECT {\"verbose\":true,\"pass\":\"" - 1;
	struct tap_segment segment = segment_in(written, SUPPORT_ETHERNET);
	for (size_t i = from; i < to; i++)
		if (i >= secret_from && i < secret_from + 6 && segment.payload.data[i - from] == whole[i] &&
		    whole[i] != 'x')
			return true;
	return false;
}

/* Even when both parts are retransmitted. */
static void a_connect_may_be_split_anywhere(void **state)
{
	(void)state;
	for (size_t split = 1; split < sizeof whole - 1; split++) {
		support_connection_init(&connection, (uint16_t)(50000 + split), 4222);
		for (int again = 0; again < 2; again++) {
			struct support_packet first = part(0, split), second = part(split, sizeof whole - 1);
			take(&first);
			check_part(0, split);
			take(&second);
			if (again == 0)
				check_part(split, sizeof whole - 1);
			assert_false(shows_secret(split, sizeof whole - 1));
		}
	}
}

static void a_connect_may_come_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < sizeof whole; i++) {
		struct support_packet packet = part(i, i + 1);
		take(&packet);
		check_part(i, i + 1);
	}
}

/* Three parts in any order, each sent once or twice, after a handshake. */
static void no_order_of_segments_shows_a_secret(void **state)
{
	(void)state;
	static const int orders[][4] = {{0, 1, 2, 1}, {0, 2, 1, 2}, {1, 0, 2, 1}, {1, 2, 0, 1},
					{2, 0, 1, 2}, {2, 1, 0, 1}, {0, 0, 1, 2}, {0, 1, 1, 2}};
	uint16_t port = 1000;
	for (size_t first = 1; first < sizeof whole - 3; first += 2)
		for (size_t second = first + 1; second < sizeof whole - 2; second += 3)
			for (size_t order = 0; order < sizeof orders / sizeof *orders; order++) {
				const size_t bounds[] = {0, first, second, sizeof whole - 1};
				support_connection_init(&connection, ++port, 4222);
				shake_hands();
				for (int i = 0; i < 4; i++) {
					size_t from = bounds[orders[order][i]],
					       to = bounds[orders[order][i] + 1];
					struct support_packet packet = part(from, to);
					take(&packet);
					assert_false(shows_secret(from, to));
				}
			}
}

/* A forged segment between them makes no difference. */
static void forged_segments_do_not_show_a_secret(void **state)
{
	(void)state;
	static const uint32_t distances[] = {500, 100000, 0x40000000, 0xc0000000, 0xfffff000};
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++)
		for (size_t split = 1; split < sizeof whole - 1; split++) {
			support_connection_init(&connection, (uint16_t)(1000 * i + split), 4222);
			shake_hands();
			struct support_packet first = part(0, split), second = part(split, sizeof whole - 1);
			struct support_packet forged = part(0, 5), syn = prepare(0, SUPPORT_SYN, "");
			forged.payload = WIRE_LITERAL("hello\r\n");
			forged.seq += distances[i];
			syn.seq += distances[i] + 77;
			take(&first);
			assert_false(shows_secret(0, split));
			take(&forged);
			take(&syn);
			take(&second);
			assert_false(shows_secret(split, sizeof whole - 1));
		}
}

static void a_segment_that_was_cut_keeps_no_secret(void **state)
{
	(void)state;
	shake_hands();
	struct support_packet first = part(0, 36), second = part(36, sizeof whole - 1);
	frame.len = 0;
	support_packet_put(&frame, &first);
	take_frame(SUPPORT_ETHERNET, frame.len - 2);
	assert_memory_equal(written + frame.len - 4, "xx", 2);
	take(&second);
	assert_false(shows_secret(36, sizeof whole - 1));
}

/* The capture began between two segments of a CONNECT. */
static void the_rest_of_a_connect_is_overwritten(void **state)
{
	(void)state;
	send(0, "cret\",\"lang\":\"go\",\"no_responders\":true}\r\n");
	assert_null(memmem(written, frame.len, "cret", 4));
	support_connection_init(&connection, 50001, 4222);
	send(0, "cret\"}\r\nPING\r\n");
	assert_null(memmem(written, frame.len, "cret", 4));
}

static void messages_after_a_connect_are_untouched(void **state)
{
	(void)state;
	shake_hands();
	send(0, "CONNECT {\"pass\":\"abc\"}\r\n");
	for (int i = 0; i < 100; i++) {
		send(0, "PUB a 20\r\n{\"token\":\"abc\",1234}\r\n");
		check_untouched();
		send(1, "MSG a 1 20\r\n{\"token\":\"abc\",1234}\r\n");
		check_untouched();
	}
}

/* ---- fragments ---- */

static void fragments_are_redacted(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct support_packet packet = part(0, sizeof whole - 1);
		size_t len = support_packet_datagram_len(&packet);
		packet.is_v6 = v6 > 0;
		packet.fragment_id = 7 + v6;
		for (size_t at = 0; at < len; at += 24) {
			packet.fragment_offset = (uint16_t)at;
			packet.fragment_len = (uint16_t)(len - at < 24 ? len - at : 24);
			take(&packet);
			for (size_t i = 0; i + 2 < 6; i++)
				assert_null(memmem(written, frame.len, "s3cret" + i, 3));
		}
		connection.next[0] += 1000;
	}
}

#define REDACTOR_TEST(name) cmocka_unit_test_setup_teardown(name, open_redactor, close_redactor)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REDACTOR_TEST(credentials_are_overwritten_byte_by_byte),
	    REDACTOR_TEST(every_value_that_is_not_known_to_be_harmless_is_overwritten),
	    REDACTOR_TEST(a_user_is_shown_only_with_a_password),
	    REDACTOR_TEST(bytes_after_the_json_are_overwritten),
	    REDACTOR_TEST(bytes_outside_connect_are_untouched),
	    REDACTOR_TEST(a_wrong_checksum_stays_as_it_was),
	    REDACTOR_TEST(any_link_layer_and_ip_version_is_redacted),
	    REDACTOR_TEST(a_connect_may_be_split_anywhere),
	    REDACTOR_TEST(a_connect_may_come_byte_by_byte),
	    REDACTOR_TEST(no_order_of_segments_shows_a_secret),
	    REDACTOR_TEST(forged_segments_do_not_show_a_secret),
	    REDACTOR_TEST(a_segment_that_was_cut_keeps_no_secret),
	    REDACTOR_TEST(the_rest_of_a_connect_is_overwritten),
	    REDACTOR_TEST(messages_after_a_connect_are_untouched),
	    REDACTOR_TEST(fragments_are_redacted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
