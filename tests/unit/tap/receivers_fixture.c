#include "tests/unit/tap/receivers_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int receivers_setup(void **state)
{
	struct bus *bus = calloc(1, sizeof *bus);
	struct session_fixture *fixture = &bus->fixture;
	void **flows[] = {&bus->a, &bus->b, &bus->first, &bus->second};
	session_open(fixture, RECEIVERS_MEMORY, NULL, 0);
	for (uint16_t i = 0; i < 4; i++) {
		*flows[i] = session_connect(fixture, (uint16_t)(50000 + i), 4222, false);
		session_handshake(fixture, flows[i], "x");
	}
	*state = bus;
	return 0;
}

int receivers_teardown(void **state)
{
	struct bus *bus = *state;
	void **flows[] = {&bus->a, &bus->b, &bus->first, &bus->second};
	for (int i = 0; i < 4; i++)
		session_end(&bus->fixture, flows[i], TAP_END_CAPTURE);
	free(session_take(&bus->fixture, true));
	session_close(&bus->fixture);
	free(bus);
	return 0;
}

void pass(struct bus *bus, int64_t ns)
{
	bus->fixture.now_ns += ns;
	tap_join_tick(bus->fixture.join, bus->fixture.now_ns);
}

void expect(struct bus *bus, const char *events)
{
	char text[4096] = "", *at = text;
	struct wire_event event;
	pass(bus, TAP_JOIN_WINDOW_NS);
	while (tap_join_next(bus->fixture.join, &event)) {
		if (event.kind > WIRE_EVENT_DELIVERY)
			continue;
		at = session_print(at, (size_t)(text + sizeof text - at), &event);
		if (event.flags & WIRE_EVENT_RECEIVERS_UNKNOWN)
			at = stpcpy(at - 1, " ?\n");
	}
	assert_string_equal(text, events);
}
