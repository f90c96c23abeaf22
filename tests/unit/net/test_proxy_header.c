/* The header of the PROXY protocol: the examples of its specification, every prefix of them, and forged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/proxy_header.h"
#include "tests/support/guard_page.h"
#include "wire/error.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* The bytes of a literal, which may hold NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void expect_bad(const char *bytes, size_t len)
{
	struct net_proxy_header header;
	size_t need;
	int64_t result = net_proxy_header_parse(bytes, len, &header, &need);
	if (result != NET_EPROXYHEADER)
		fail_msg("%lld for \"%s\"", (long long)result, bytes);
}

static struct net_proxy_header expect_whole(const char *bytes, size_t len)
{
	struct net_proxy_header header;
	size_t need;
	int64_t result = net_proxy_header_parse(bytes, len, &header, &need);
	if (result != (int64_t)len)
		fail_msg("%lld and not %zu for \"%s\"", (long long)result, len, bytes);
	return header;
}

static void expect_ends(const char *bytes, size_t len, const char *source, int source_port,
			const char *destination, int destination_port)
{
	struct net_proxy_header header = expect_whole(bytes, len);
	assert_true(header.has_ends);
	assert_string_equal(header.source.ip, source);
	assert_int_equal(header.source.port, source_port);
	assert_string_equal(header.destination.ip, destination);
	assert_int_equal(header.destination.port, destination_port);
}

/* ---- version 1 ---- */

/* Section 2.1. */
static void the_lines_of_the_specification_are_read(void **state)
{
	(void)state;
	expect_ends(BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255",
		    65535, "255.255.255.255", 65535);
	expect_ends(BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	expect_ends(BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), "192.168.0.1", 56324,
		    "192.168.0.11", 443);
	expect_ends(BYTES("PROXY TCP6 2001:DB8:0::1 ::1 0 1\r\n"), "2001:db8::1", 0, "::1", 1);
}

static void an_unknown_line_keeps_the_addresses_of_the_connection(void **state)
{
	(void)state;
	assert_false(expect_whole(BYTES("PROXY UNKNOWN\r\n")).has_ends);
	assert_false(expect_whole(BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
					"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"))
			 .has_ends);
	assert_false(expect_whole(BYTES("PROXY UNKNOWN anything at all\r\n")).has_ends);
}

static void a_malformed_line_is_refused(void **state)
{
	static const char *const lines[] = {
	    "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
	    "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4 1x 2\r\n",
	    "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
	    "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
	    "PROXY TCP4 ::1 ::1 1 2\r\n",
	    "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY UNKNOWNS and more\r\n",
	    "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
	    "PROXY              \r\n",
	    "PROXY TCP4 1.2.3.4 1.2.3.4  2\r\n",
	    "CONNECT {\"verbose\":false}\r\n",
	    "INFO {}\r\n",
	    "GET / HTTP/1.1\r\n",
	    "\x16\x03\x01\x02\x00\x01\x00",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		expect_bad(lines[i], strlen(lines[i]));
	expect_bad(BYTES("PROXY UNKNOWN \0\r\n"));
}

static void a_line_has_at_most_107_bytes(void **state)
{
	char line[NET_PROXY_HEADER_V1_MAX + 2] = "PROXY UNKNOWN ";
	struct net_proxy_header header;
	size_t need;
	(void)state;
	memset(line + 14, 'x', sizeof line - 14);
	memcpy(line + NET_PROXY_HEADER_V1_MAX - 2, "\r\n", 2);
	expect_whole(line, NET_PROXY_HEADER_V1_MAX);
	line[NET_PROXY_HEADER_V1_MAX - 2] = 'x';
	memcpy(line + NET_PROXY_HEADER_V1_MAX - 1, "\r\n", 2);
	expect_bad(line, NET_PROXY_HEADER_V1_MAX + 1);
	assert_int_equal(net_proxy_header_parse(line, NET_PROXY_HEADER_V1_MAX - 1, &header, &need), 0);
}

/* ---- version 2 ---- */

#define TCP4_ENDS    "\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb" /* 192.168.0.1:56324, 192.168.0.11:443 */
#define IP6_SOURCE   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define IP6_LOOPBACK "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define TCP6_ENDS    IP6_SOURCE IP6_LOOPBACK "\xdc\x04\x01\xbb"

/* Section 2.2. */
static void binary_headers_are_read(void **state)
{
	(void)state;
	expect_ends(BYTES(SIGNATURE "\x21\x11\x00\x0c" TCP4_ENDS), "192.168.0.1", 56324, "192.168.0.11", 443);
	expect_ends(BYTES(SIGNATURE "\x21\x21\x00\x24" TCP6_ENDS), "2001:db8::1", 56324, "::1", 443);
}

static void an_ipv4_address_that_is_mapped_into_ipv6_is_shown_as_ipv4(void **state)
{
	(void)state;
	expect_ends(BYTES(SIGNATURE "\x21\x21\x00\x24"
				    "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x00\x07" IP6_LOOPBACK
				    "\0\x07\0\x08"),
		    "10.0.0.7", 7, "::1", 8);
}

static void local_connections_and_unknown_families_keep_the_addresses_of_the_connection(void **state)
{
	(void)state;
	assert_false(expect_whole(BYTES(SIGNATURE "\x20\x00\x00\x00")).has_ends);
	assert_false(expect_whole(BYTES(SIGNATURE "\x20\x11\x00\x0c" TCP4_ENDS)).has_ends);
	assert_false(expect_whole(BYTES(SIGNATURE "\x21\x00\x00\x00")).has_ends);
	assert_false(expect_whole(BYTES(SIGNATURE "\x21\x12\x00\x0c" TCP4_ENDS)).has_ends); /* UDP */
	assert_false(expect_whole(BYTES(SIGNATURE "\x21\x31\x00\x03"
						  "abc"))
			 .has_ends); /* Unix */
}

static void further_fields_are_part_of_the_length_and_need_not_be_there(void **state)
{
	struct net_proxy_header header;
	size_t need;
	(void)state;
	expect_ends(BYTES(SIGNATURE "\x21\x11\x00\x13" TCP4_ENDS "\x01\x00\x04nats"), "192.168.0.1", 56324,
		    "192.168.0.11", 443);
	assert_int_equal(net_proxy_header_parse(SIGNATURE "\x21\x11\xff\xff" TCP4_ENDS, 28, &header, &need),
			 16 + 65535);
	assert_true(header.has_ends);
}

static void a_malformed_binary_header_is_refused(void **state)
{
	(void)state;
	expect_bad(BYTES(SIGNATURE "\x11\x11\x00\x0c" TCP4_ENDS)); /* version 1 */
	expect_bad(BYTES(SIGNATURE "\x31\x11\x00\x0c" TCP4_ENDS)); /* version 3 */
	expect_bad(BYTES(SIGNATURE "\x22\x11\x00\x0c" TCP4_ENDS)); /* command 2 */
	expect_bad(BYTES(SIGNATURE "\x21\x41\x00\x0c" TCP4_ENDS)); /* family 4 */
	expect_bad(BYTES(SIGNATURE "\x21\x13\x00\x0c" TCP4_ENDS)); /* transport 3 */
	expect_bad(BYTES(SIGNATURE "\x21\x11\x00\x0b" TCP4_ENDS)); /* too short for its ends */
	expect_bad(BYTES(SIGNATURE "\x21\x21\x00\x0c" TCP4_ENDS));
	expect_bad(BYTES("\r\n\r\n\0\r\nQUIT\r"
			 "\x21\x11\x00\x0c" TCP4_ENDS));
}

/* ---- reading in parts ---- */

/* Every proper prefix is incomplete; `need` never overshoots, and bytes after it are not read. */
static void check_prefixes(const char *bytes, size_t len)
{
	struct guard_page page;
	guard_page_init(&page, len);
	for (size_t part = 0; part < len; part++) {
		struct net_proxy_header header;
		size_t need = 0;
		const char *copy = guard_page_copy(&page, bytes, part);
		assert_int_equal(net_proxy_header_parse(copy, part, &header, &need), 0);
		assert_in_range(need, part + 1, len);
	}
	guard_page_fini(&page);
}

static void a_header_is_incomplete_at_every_split(void **state)
{
	(void)state;
	check_prefixes(BYTES("PROXY UNKNOWN\r\n"));
	check_prefixes(BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"));
	check_prefixes(BYTES(SIGNATURE "\x20\x00\x00\x00"));
	check_prefixes(BYTES(SIGNATURE "\x21\x11\x00\x0c" TCP4_ENDS));
	check_prefixes(BYTES(SIGNATURE "\x21\x21\x00\x24" TCP6_ENDS));
}

/* ---- writing ---- */

static void expect_written(int version, const struct net_proxy_end *source,
			   const struct net_proxy_end *destination, const char *bytes, size_t len)
{
	char written[NET_PROXY_HEADER_ROOM];
	assert_int_equal(net_proxy_header_write(written, version, source, destination), len);
	assert_memory_equal(written, bytes, len);
}

static void headers_are_written_as_they_are_read(void **state)
{
	const struct net_proxy_end ip4 = {"192.168.0.1", 56324}, ip4_to = {"192.168.0.11", 443};
	const struct net_proxy_end ip6 = {"2001:db8::1", 56324}, ip6_to = {"::1", 443};
	(void)state;
	expect_written(1, &ip4, &ip4_to, BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"));
	expect_written(2, &ip4, &ip4_to, BYTES(SIGNATURE "\x21\x11\x00\x0c" TCP4_ENDS));
	expect_written(1, &ip6, &ip6_to, BYTES("PROXY TCP6 2001:db8::1 ::1 56324 443\r\n"));
	expect_written(2, &ip6, &ip6_to, BYTES(SIGNATURE "\x21\x21\x00\x24" TCP6_ENDS));
}

static void ends_of_two_families_are_written_as_ipv6(void **state)
{
	const struct net_proxy_end source = {"10.0.0.7", 7}, destination = {"::1", 8};
	(void)state;
	expect_written(1, &source, &destination, BYTES("PROXY TCP6 ::ffff:10.0.0.7 ::1 7 8\r\n"));
	expect_written(2, &source, &destination,
		       BYTES(SIGNATURE "\x21\x21\x00\x24"
				       "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x00\x07" IP6_LOOPBACK
				       "\0\x07\0\x08"));
}

static void a_connection_of_the_sender_itself_is_written_without_addresses(void **state)
{
	(void)state;
	expect_written(1, NULL, NULL, BYTES("PROXY UNKNOWN\r\n"));
	expect_written(2, NULL, NULL, BYTES(SIGNATURE "\x20\x00\x00\x00"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lines_of_the_specification_are_read),
	    cmocka_unit_test(an_unknown_line_keeps_the_addresses_of_the_connection),
	    cmocka_unit_test(a_malformed_line_is_refused),
	    cmocka_unit_test(a_line_has_at_most_107_bytes),
	    cmocka_unit_test(binary_headers_are_read),
	    cmocka_unit_test(an_ipv4_address_that_is_mapped_into_ipv6_is_shown_as_ipv4),
	    cmocka_unit_test(local_connections_and_unknown_families_keep_the_addresses_of_the_connection),
	    cmocka_unit_test(further_fields_are_part_of_the_length_and_need_not_be_there),
	    cmocka_unit_test(a_malformed_binary_header_is_refused),
	    cmocka_unit_test(a_header_is_incomplete_at_every_split),
	    cmocka_unit_test(headers_are_written_as_they_are_read),
	    cmocka_unit_test(ends_of_two_families_are_written_as_ipv6),
	    cmocka_unit_test(a_connection_of_the_sender_itself_is_written_without_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
