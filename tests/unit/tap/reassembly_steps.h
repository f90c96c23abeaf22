/* reassembly_steps.h - one connection through reassembly, step by step: the vocabulary of the reassembly tests. */
#ifndef UNIT_REASSEMBLY_STEPS_H
#define UNIT_REASSEMBLY_STEPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tap/reassembly_fixture.h"

enum { CLIENT = SUPPORT_CLIENT, SERVER = SUPPORT_SERVER };

static struct reassembly_fixture fixture;
static struct support_connection connection;

static inline void send(unsigned who, unsigned flags, const char *text)
{
	reassembly_fixture_send(&fixture, &connection, (enum support_who)who, flags, text);
}

/* Build the next packet of an end without taking it. */
static inline struct support_packet prepare(unsigned who, unsigned flags, const char *text)
{
	return support_connection_send(&connection, (enum support_who)who, flags, wire_slice_str(text));
}

static inline void take(struct support_packet packet)
{
	reassembly_fixture_take(&fixture, &packet);
}

static inline void shake_hands(void)
{
	reassembly_fixture_shake_hands(&fixture, &connection);
}

static inline void finish(void)
{
	reassembly_fixture_finish(&fixture);
}

static inline const struct tap_reassembly_stats *stats(void)
{
	return reassembly_fixture_stats(&fixture);
}

static inline void check_emitted(size_t flow, enum tap_peer stream, const char *text)
{
	assert_true(flow < fixture.flows_len);
	assert_string_equal(emitted_text(&fixture.flows[flow]->streams[stream]), text);
}

static inline void check_end(size_t flow, enum tap_end end)
{
	assert_true(flow < fixture.flows_len);
	assert_true(fixture.flows[flow]->is_closed);
	assert_int_equal(fixture.flows[flow]->end, end);
}

static inline int open_fixture(void **state)
{
	(void)state;
	reassembly_fixture_init(&fixture);
	support_connection_init(&connection, 50000, 4222);
	return 0;
}

static inline int close_fixture(void **state)
{
	(void)state;
	reassembly_fixture_fini(&fixture);
	return 0;
}

#define REASSEMBLY_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

#endif
