/* A broker whose connections have a layer above TCP: nothing in it changes, and what the layer holds counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/accept.h"
#include "broker/listen.h"
#include "broker/memory.h"
#include "net/listener.h"
#include "tests/unit/broker/broker_fixture.h"
#include "tests/unit/net/holding_layer.h"

enum { MESSAGES = 100, MESSAGE_BYTES = 100000, SMALL_BUFFER = 4096, LIMIT_BYTES = 64 << 20 };

static const struct holding_layer layer = {{holding_layer_open}, 0};
static const struct net_layer *const layers[] = {&layer.layer, NULL};

static struct broker_fixture fixture;

static void limit_memory(struct broker_options *options)
{
	options->max_pending_total = LIMIT_BYTES;
}

/* The most that layers held when a message was published. Set on the broker's thread. */
static size_t most_held;

static void watch_layers(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	if (event->kind != WIRE_EVENT_MESSAGE)
		return;
	size_t held = fixture.broker->loops[0].layer_bytes;
	most_held = held > most_held ? held : most_held;
}

static void a_slow_reader_gets_everything_through_a_layer(void **state)
{
	struct wire_sink sink = {.event = watch_layers};
	struct caller reader, publisher;
	struct speech speech = {0};
	(void)state;
	most_held = 0;
	broker_fixture_start_on_layers(&fixture, limit_memory, &sink, layers);
	caller_join_small(&fixture, &reader, HELLO "SUB big 1\r\n", SMALL_BUFFER);
	caller_join(&fixture, &publisher, HELLO);
	for (uint32_t i = 0; i < MESSAGES; i++)
		speech_publish(&speech, "big", i, MESSAGE_BYTES);
	speech_add(&speech, "PING\r\n");
	caller_speak(&publisher, &speech);
	caller_hear_pong(&publisher);
	for (uint32_t i = 0; i < MESSAGES; i++)
		caller_hear_message(&reader, "big", "1", i, MESSAGE_BYTES);
	caller_leave(&reader);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
	assert_true(most_held > 0);
}

/* ---- memory ---- */

static void assert_room(const struct broker_client *client, size_t room)
{
	size_t wanted = LIMIT_BYTES / 2;
	assert_int_equal(broker__memory_room(client, wanted), room);
}

/* On the broker's thread: the layers of the first client hold as much as all clients may. */
static void hold_too_much(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	if (event->kind != WIRE_EVENT_SUBSCRIBE)
		return;
	struct broker__loop *loop = &fixture.broker->loops[0];
	struct broker_client *client = loop->all.first;
	const struct net_stream_events *events = client->stream->events;
	client->partial_cap = 1; /* as in the middle of a large message */
	assert_room(client, LIMIT_BYTES / 2);
	events->held(client->stream, LIMIT_BYTES);
	assert_room(client, 4096);
	broker__memory_relieve(loop);
	assert_true(broker__client_is_open(client));
	events->held(client->stream, 1);
	broker__memory_relieve(loop);
	assert_false(broker__client_is_open(client));
	events->held(client->stream, -LIMIT_BYTES - 1);
	assert_int_equal(loop->layer_bytes, 0);
	client->partial_cap = 0;
}

static void what_layers_hold_counts_in_the_memory_of_all_clients(void **state)
{
	struct wire_sink sink = {.event = hold_too_much};
	struct caller holder, other;
	struct wire_op op;
	(void)state;
	broker_fixture_start(&fixture, limit_memory, &sink);
	caller_join(&fixture, &holder, HELLO);
	caller_join(&fixture, &other, HELLO "SUB a 1\r\n");
	assert_false(caller_hear(&holder, &op));
	caller_leave(&holder);
	caller_leave(&other);
	broker_fixture_stop(&fixture);
	assert_int_equal(fixture.totals.slow_consumers, 1);
	broker_fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slow_reader_gets_everything_through_a_layer),
	    cmocka_unit_test(what_layers_hold_counts_in_the_memory_of_all_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
