/* garbage: peers that send bytes that are not, or not quite, the protocol. The broker survives, serves others, and its
 * log is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/broker.h"
#include "support/fail.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 20000, PEERS = 300, BYTES_MAX = 6000 };

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static unsigned below(unsigned *seed, unsigned limit)
{
	return (unsigned)rand_r(seed) % limit;
}

/* ---- what peers send ---- */

static size_t random_bytes(char *out, unsigned *seed)
{
	size_t len = 1 + below(seed, BYTES_MAX - 1);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)below(seed, 256);
	return len;
}

static const char *const LINES[] = {
    "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n",
    "CONNECT {\"verbose\":true,\"pedantic\":true,\"protocol\":1}\r\n",
    "SUB > 1\r\n",
    "SUB a.*.c queue 2\r\n",
    "PUB a.b.c reply 5\r\nhello\r\n",
    "HPUB a.b.c 22 27\r\nNATS/1.0\r\nKey: one\r\n\r\nhello\r\n",
    "UNSUB 1 3\r\n",
    "PUB a 0\r\n\r\n",
    "PING\r\n",
    "PONG\r\n",
    "+OK\r\n",
    "INFO {}\r\n",
};
enum { LINES_LEN = sizeof(LINES) / sizeof(LINES[0]) };

/* A valid session, with some bytes changed, removed or doubled. */
static size_t spoilt_session(char *out, unsigned *seed)
{
	size_t len = 0;
	while (len < BYTES_MAX - 200) {
		const char *line = LINES[below(seed, LINES_LEN)];
		memcpy(out + len, line, strlen(line));
		len += strlen(line);
		if (below(seed, 20) == 0)
			break;
	}
	for (unsigned i = below(seed, 4); i > 0; i--) {
		size_t at = below(seed, (unsigned)len);
		switch (below(seed, 3)) {
		case 0: out[at] = (char)below(seed, 256); break;
		case 1: memmove(out + at, out + at + 1, --len - at); break;
		default: memmove(out + at + 1, out + at, len++ - at); break;
		}
	}
	return len;
}

/* Absurd lengths and counts. */
static size_t odd_numbers(char *out, unsigned *seed)
{
	static const char *const NUMBERS[] = {"0",          "-1",
					      "2147483648", "4294967295",
					      "4294967296", "18446744073709551616",
					      "1048577",    "00000000000000000005",
					      "1e3",        "0x5"};
	const char *a = NUMBERS[below(seed, 10)], *b = NUMBERS[below(seed, 10)];
	switch (below(seed, 4)) {
	case 0: return (size_t)sprintf(out, "PUB a %s\r\nhello\r\n", a);
	case 1: return (size_t)sprintf(out, "HPUB a %s %s\r\nNATS/1.0\r\n\r\n\r\n", a, b);
	case 2: return (size_t)sprintf(out, "SUB a 1\r\nUNSUB 1 %s\r\nPUB a 1\r\nx\r\n", a);
	default: return (size_t)sprintf(out, "CONNECT {\"protocol\":%s,\"name\":%s}\r\nPING\r\n", a, b);
	}
}

/* A control line without end, as much of it as the broker accepts. */
static size_t endless_line(char *out, unsigned *seed)
{
	memcpy(out, "SUB ", 4);
	memset(out + 4, 'a' + (int)below(seed, 26), BYTES_MAX - 4);
	return BYTES_MAX;
}

/* ---- the story ---- */

static void attack(const struct support_broker *broker, unsigned *seed)
{
	static size_t (*const kinds[])(char *, unsigned *) = {random_bytes, spoilt_session, spoilt_session,
							      odd_numbers, endless_line};
	char *bytes = support_grow(NULL, BYTES_MAX + 100);
	struct support_socket sock;
	assert_int_equal(support_socket_open(&sock, broker->server.port), 0);
	size_t len = kinds[below(seed, 5)](bytes, seed);
	if (support_socket_send(&sock, bytes, len, soon()) == 0 && below(seed, 2))
		support_socket_send_text(&sock, "PING\r\n", soon());
	support_socket_close(&sock);
	free(bytes);
}

static void expect_service(struct support_socket *honest, int number)
{
	char text[60], expected[60];
	snprintf(text, sizeof(text), "PUB honest 6\r\n%06d\r\n", number);
	snprintf(expected, sizeof(expected), "MSG honest 1 6\r\n%06d\r\n", number);
	assert_int_equal(support_socket_send_text(honest, text, soon()), 0);
	assert_int_equal(support_socket_await(honest, 0, expected, NULL, soon()), 0);
}

static void garbage_harms_nobody_else(void **state)
{
	const char *text = getenv("TAPEDECK_GARBAGE_SEED");
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)time(NULL);
	struct support_broker broker;
	struct support_socket honest;
	char *verified;
	(void)state;
	print_message("TAPEDECK_GARBAGE_SEED=%u\n", seed);
	support_broker_open(&broker, (const char *[]){"--record-detail=protocol", NULL}, true);
	assert_int_equal(support_socket_open(&honest, broker.server.port), 0);
	support_socket_send_text(&honest, "CONNECT {\"verbose\":false}\r\nSUB honest 1\r\n", soon());
	for (int i = 0; i < PEERS; i++) {
		attack(&broker, &seed);
		expect_service(&honest, i);
	}
	support_socket_close(&honest);
	struct support_deadline deadline = soon();
	while (support_broker_varz(&broker, "connections") > 0 && support_deadline_retry(deadline))
		continue;
	assert_int_equal(support_broker_varz(&broker, "connections"), 0);
	assert_int_equal(support_broker_varz(&broker, "subscriptions"), 0);
	assert_int_equal(support_server_close(&broker.server), 0);
	int status = support_run((const char *[]){support_tapedeck(), "verify", broker.log, NULL}, &verified);
	if (status != 0)
		fail_msg("%s", verified);
	free(verified);
	support_broker_close(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(garbage_harms_nobody_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
