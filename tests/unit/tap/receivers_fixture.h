/* receivers_fixture.h - a bus whose clients the tests of receivers speak for, and the receivers that its messages have. */
#ifndef TESTS_UNIT_TAP_RECEIVERS_FIXTURE_H
#define TESTS_UNIT_TAP_RECEIVERS_FIXTURE_H

#include "tests/unit/tap/session_fixture.h"

enum { RECEIVERS_MEMORY = 16 << 20 }; /* of the sniffer, in bytes */

/* Two publishers and two subscribers, seen from their first byte: connections 1 to 4. */
struct bus {
	struct session_fixture fixture;
	void *a, *b, *first, *second;
};

/* Of a test: *state is a bus. */
int receivers_setup(void **state);
int receivers_teardown(void **state);

#define RECEIVERS_TEST(name) cmocka_unit_test_setup_teardown(name, receivers_setup, receivers_teardown)

/* A client, or the server to that client, sends a string literal. */
#define say(bus, who, text)    session_client(&(bus)->fixture, &(bus)->who, text)
#define answer(bus, who, text) session_server(&(bus)->fixture, &(bus)->who, text)

/* Time passes without a packet. */
void pass(struct bus *bus, int64_t ns);

/* The messages and deliveries that have left after the join window, as session_print has them; " ?" is added when
 * there may be other receivers. */
void expect(struct bus *bus, const char *events);

#endif
