/* Unfinished messages, and messages sent after an error that closes, take a bounded amount of memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "broker/turn.h"
#include "tests/unit/broker/broker_fixture.h"

enum { TOTAL_BYTES = 4 << 20, PAYLOAD_BYTES = 1000000, SENDERS = 12 };

static struct broker_fixture fixture;

static void limit_total(struct broker_options *options)
{
	options->max_pending = TOTAL_BYTES / 2;
	options->max_pending_total = TOTAL_BYTES;
}

/* Send as much as the kernel takes, without waiting. */
static size_t send_some(struct caller *caller, const char *bytes, size_t len)
{
	ssize_t sent = send(caller->sock.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent > 0 ? (size_t)sent : 0;
}

/* Send unfinished payloads to the broker until one sender gets the error. */
static void push_until_one_goes(struct caller *senders, const char *payload)
{
	size_t sent[SENDERS] = {0};
	for (int i = 0; i < SENDERS; i++)
		caller_say(&senders[i], "PUB unfinished 1000000\r\n");
	for (;;) {
		for (int i = 0; i < SENDERS; i++) {
			char heard[256];
			sent[i] += send_some(&senders[i], payload, PAYLOAD_BYTES - 1 - sent[i]);
			ssize_t len = recv(senders[i].sock.fd, heard, sizeof heard - 1, MSG_DONTWAIT);
			if (len <= 0)
				continue;
			heard[len] = 0;
			if (strstr(heard, "-ERR")) {
				assert_non_null(strstr(heard, "-ERR 'Maximum Pending Total Exceeded'"));
				return;
			}
		}
	}
}

static void unfinished_payloads_count_against_the_total_and_others_are_served(void **state)
{
	struct caller senders[SENDERS], reader, publisher;
	char *payload = calloc(1, PAYLOAD_BYTES);
	struct speech speech = {0};
	(void)state;
	assert_non_null(payload);
	broker_fixture_start(&fixture, limit_total, NULL);
	caller_join(&fixture, &reader, HELLO "SUB run 1\r\n");
	caller_join(&fixture, &publisher, HELLO);
	for (int i = 0; i < SENDERS; i++)
		caller_join(&fixture, &senders[i], HELLO);
	push_until_one_goes(senders, payload);
	speech_publish(&speech, "run", 1, 20000);
	caller_speak(&publisher, &speech);
	caller_hear_message(&reader, "run", "1", 1, 20000);
	for (int i = 0; i < SENDERS; i++)
		caller_leave(&senders[i]);
	caller_leave(&reader);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
	free(payload);
}

static void the_largest_payload_is_taken_when_there_is_room(void **state)
{
	struct caller reader, publisher;
	struct speech speech = {0};
	(void)state;
	broker_fixture_start(&fixture, limit_total, NULL);
	caller_join(&fixture, &reader, HELLO "SUB run 1\r\n");
	caller_join(&fixture, &publisher, HELLO);
	for (uint32_t i = 0; i < 10; i++) {
		speech_publish(&speech, "run", i, PAYLOAD_BYTES);
		caller_speak(&publisher, &speech);
		caller_hear_message(&reader, "run", "1", i, PAYLOAD_BYTES);
	}
	caller_leave(&reader);
	caller_leave(&publisher);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
}

/* The kernel takes some megabytes, the broker nothing. */
static void nothing_is_read_after_an_error_that_closes(void **state)
{
	enum { PIECE = 1 << 20, MOST = 256 << 20 };
	struct caller caller;
	struct wire_op op;
	char *piece = calloc(1, PIECE);
	size_t total = 0;
	(void)state;
	assert_non_null(piece);
	broker_fixture_start(&fixture, NULL, NULL);
	caller_join(&fixture, &caller, HELLO);
	caller_say(&caller, "NONSENSE\r\n");
	while (total < MOST) {
		ssize_t sent = send(caller.sock.fd, piece, PIECE, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		total += (size_t)sent;
	}
	assert_in_range(total, 0, MOST - 1);
	caller_leave(&caller);
	caller_join(&fixture, &caller, HELLO);
	caller_say(&caller, "NONSENSE\r\n");
	assert_true(caller_hear(&caller, &op));
	assert_int_equal(op.verb, WIRE_ERR);
	assert_false(caller_hear(&caller, &op));
	caller_leave(&caller);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	free(piece);
}

enum { LEAVERS = 4, GENERATIONS = 30, SUBS_EACH = 5000 };

static size_t most_retired;

static size_t count(const struct broker__sub *sub)
{
	size_t len = 0;
	for (; sub; sub = sub->next)
		len++;
	return len;
}

/* Called on the broker's thread. */
static void count_retired(struct wire_sink *sink, const struct wire_event *event)
{
	static unsigned events;
	(void)sink;
	if (event->kind != WIRE_EVENT_SUBSCRIBE || ++events % 1000 != 0)
		return;
	const struct broker__retired *retired = &fixture.broker->loops[0].retired;
	size_t len = count(retired->first) + count(retired->unused);
	most_retired = len > most_retired ? len : most_retired;
}

static void say_much(struct caller *caller)
{
	struct speech speech = {0};
	for (int i = 0; i < SUBS_EACH; i++) {
		char line[64];
		snprintf(line, sizeof line, "SUB much.%d.* %d\r\n", i, i);
		speech_add(&speech, line);
	}
	speech_add(&speech, "PING\r\n");
	caller_speak(caller, &speech);
	speech_fini(&speech);
}

static void hear_and_leave(struct caller callers[LEAVERS])
{
	for (int i = 0; i < LEAVERS; i++) {
		caller_hear_pong(&callers[i]);
		caller_leave(&callers[i]);
	}
}

/* Clients leave while others subscribe, so that there is always something else to do than to remove subscriptions. */
static void subscriptions_of_those_who_left_do_not_pile_up(void **state)
{
	struct wire_sink sink = {.event = count_retired};
	struct caller callers[2][LEAVERS];
	(void)state;
	broker_fixture_start(&fixture, NULL, &sink);
	for (int generation = 0; generation < GENERATIONS; generation++) {
		struct caller *these = callers[generation % 2], *before = callers[(generation + 1) % 2];
		for (int i = 0; i < LEAVERS; i++)
			caller_join(&fixture, &these[i], HELLO);
		for (int i = 0; i < LEAVERS; i++)
			say_much(&these[i]);
		if (generation > 0)
			hear_and_leave(before);
	}
	hear_and_leave(callers[(GENERATIONS - 1) % 2]);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	assert_in_range(most_retired, 0, 2 * SUBS_EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unfinished_payloads_count_against_the_total_and_others_are_served),
	    cmocka_unit_test(the_largest_payload_is_taken_when_there_is_room),
	    cmocka_unit_test(nothing_is_read_after_an_error_that_closes),
	    cmocka_unit_test(subscriptions_of_those_who_left_do_not_pile_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
