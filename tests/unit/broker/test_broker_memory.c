/* Unfinished messages, and messages sent after an error that closes, take a bounded amount of memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unfinished_payloads_count_against_the_total_and_others_are_served),
	    cmocka_unit_test(the_largest_payload_is_taken_when_there_is_room),
	    cmocka_unit_test(nothing_is_read_after_an_error_that_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
