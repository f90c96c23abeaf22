/* Turns may be as short as one step: clients get the same deliveries, and the events are the same. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/turn.h"
#include "tests/unit/broker/broker_fixture.h"
#include "wire/batch.h"

static struct broker_fixture fixture;

/* ---- what happened, as text ---- */

struct story {
	char *text;
	size_t len;
	FILE *out;
};

static struct story events;

static void open_story(struct story *story)
{
	story->out = open_memstream(&story->text, &story->len);
	assert_non_null(story->out);
}

static void close_story(struct story *story)
{
	free(story->text);
	*story = (struct story){0};
}

static void print(FILE *out, struct wire_slice slice)
{
	fprintf(out, " %.*s", (int)slice.len, slice.data ? slice.data : "");
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	(void)sink;
	if (event->kind == WIRE_EVENT_MARK)
		return;
	fprintf(events.out, "%s %lu:", wire_event_kind_name(event->kind), (unsigned long)event->conn);
	print(events.out, event->subject);
	print(events.out, event->reply);
	print(events.out, event->headers);
	print(events.out, event->payload);
	print(events.out, event->sid);
	print(events.out, event->text);
	fprintf(events.out, " %u of %u", event->receiver_count, event->receivers_len);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		fprintf(events.out, " [%lu", (unsigned long)event->receivers[i].conn);
		print(events.out, event->receivers[i].sid);
		print(events.out, event->receivers[i].queue);
		fprintf(events.out, " %s]", wire_outcome_name(event->receivers[i].outcome));
	}
	fputc('\n', events.out);
}

static struct wire_sink sink = {.event = on_event};

/* ---- the same workload with turns of any length ---- */

enum { NO_HEADERS = 1, CALLERS = 6, ROUNDS = 40 };

static const char *const subjects[] = {"a", "a.b", "a.b.c", "b", "b.c", "none.of.them", "a..b"};
static const char *const patterns[] = {"a", "a.*", "*.b", ">", "a.>", "*.*.*", "b.c", "*", "a.b.c"};
static const char *const queues[] = {"", "", "one", "two", "three"};

#define PICK(list) list[(unsigned)rand() % (sizeof list / sizeof *list)]

/* Each queue group has at most one member per pattern and caller, because members are chosen at random. */
static void say_something(struct speech *speech, uint32_t who, uint32_t *sids)
{
	char line[256];
	unsigned sid = *sids > 0 ? (unsigned)rand() % *sids : 0;
	switch (rand() % 10) {
	case 0: snprintf(line, sizeof line, "SUB %s %u\r\n", PICK(patterns), (*sids)++); break;
	case 1:
		snprintf(line, sizeof line, "SUB %s %s-%u-%u %u\r\n", PICK(patterns), PICK(queues), who,
			 *sids, *sids);
		++*sids;
		break;
	case 2: snprintf(line, sizeof line, "UNSUB %u\r\n", sid); break;
	case 3: snprintf(line, sizeof line, "UNSUB %u %d\r\n", sid, 1 + rand() % 20); break;
	case 4:
		if (who != NO_HEADERS) {
			snprintf(line, sizeof line, "HPUB %s 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
				 PICK(subjects));
			break;
		} /* fall through */
	case 5: snprintf(line, sizeof line, "PUB %s inbox.%u 3\r\nabc\r\n", PICK(subjects), who); break;
	case 6: snprintf(line, sizeof line, "PUB  %s\t2\r\nxy\r\n", PICK(subjects)); break;
	default: snprintf(line, sizeof line, "PUB %s 5\r\n%05d\r\n", PICK(subjects), rand() % 100000);
	}
	speech_add(speech, line);
}

/* Everything that a caller hears up to the answer to its PING. */
static void hear_all(struct caller *caller, FILE *heard)
{
	struct wire_op op;
	do {
		assert_true(caller_hear(caller, &op));
		fprintf(heard, "%lu hears %s", (unsigned long)caller->conn, wire_verb_name(op.verb));
		print(heard, op.subject);
		print(heard, op.sid);
		print(heard, op.reply);
		print(heard, op.headers);
		print(heard, op.payload);
		fputc('\n', heard);
	} while (op.verb != WIRE_PONG);
}

static void join_all(struct caller *callers)
{
	for (uint32_t i = 0; i < CALLERS; i++)
		caller_join(&fixture, &callers[i],
			    i == 0 ? "CONNECT {\"verbose\":true,\"headers\":true,\"no_responders\":true}\r\n"
			    : i == NO_HEADERS
				? "CONNECT {\"verbose\":false,\"pedantic\":true,\"echo\":false}\r\n"
				: HELLO "SUB inbox.* i\r\n");
}

/* One caller after the other sends much in one write; then all of them listen. */
static void run_workload(unsigned seed, int64_t turn_units, struct story *heard)
{
	struct caller callers[CALLERS];
	uint32_t sids[CALLERS] = {0};
	struct speech speech = {0};
	open_story(&events);
	open_story(heard);
	srand(seed);
	broker_fixture_start_in_turns(&fixture, NULL, &sink, turn_units);
	join_all(callers);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t who = (unsigned)rand() % CALLERS;
		for (int i = 1 + rand() % 40; i > 0; i--)
			say_something(&speech, who, &sids[who]);
		speech_add(&speech, "PING\r\n");
		caller_speak(&callers[who], &speech);
		hear_all(&callers[who], heard->out);
	}
	for (uint32_t i = 0; i < CALLERS; i++) {
		caller_say(&callers[i], "PING\r\n");
		hear_all(&callers[i], heard->out);
		caller_leave(&callers[i]);
	}
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
	fclose(heard->out);
	fclose(events.out);
}

/* The disconnects at the end come in any order. */
static void cut_goodbyes(struct story *story)
{
	char *goodbye = strstr(story->text, "\ndisconnect ");
	if (goodbye)
		*goodbye = 0;
}

static void expect_same(const char *what, const char *expected, const char *actual)
{
	size_t at = 0, line = 0;
	for (; expected[at] && expected[at] == actual[at]; at++)
		line = expected[at] == '\n' ? at + 1 : line;
	if (expected[at] || actual[at])
		fail_msg("%s differ:\n%.200s\ninstead of\n%.200s", what, actual + line, expected + line);
}

static void turns_of_any_length_give_the_same_deliveries_and_events(void **state)
{
	static const int64_t lengths[] = {1, 7, 60};
	(void)state;
	for (unsigned seed = 1; seed <= 2; seed++) {
		struct story heard, heard_in_turns, told;
		run_workload(seed, BROKER__TURN_UNITS, &heard);
		told = events;
		cut_goodbyes(&told);
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
			run_workload(seed, lengths[i], &heard_in_turns);
			cut_goodbyes(&events);
			expect_same("what callers hear", heard.text, heard_in_turns.text);
			expect_same("events", told.text, events.text);
			close_story(&heard_in_turns);
			close_story(&events);
		}
		close_story(&heard);
		close_story(&told);
	}
}

/* ---- changes while messages are in progress ---- */

enum { STAYING = 8, PUBLISHERS = 2, COUNT = 300 };

static void publish_all(struct caller *publishers, struct speech *speech)
{
	for (uint32_t p = 0; p < PUBLISHERS; p++) {
		for (uint32_t i = 0; i < COUNT; i++)
			speech_publish(speech, "run", p * COUNT + i, 16 + i % 50);
		speech_add(speech, "PING\r\n");
		caller_speak(&publishers[p], speech);
	}
}

/* Other clients connect, subscribe, unsubscribe and leave in the middle of a message of their own. */
static void disturb(void)
{
	struct caller guest;
	for (int i = 0; i < 30; i++) {
		caller_join(&fixture, &guest, HELLO "SUB run 1\r\nSUB *  2\r\nSUB > q 3\r\n");
		caller_say(&guest,
			   "UNSUB 1\r\nSUB run 4\r\nUNSUB 2\r\nPUB other 8\r\n00000000\r\nPUB other 8\r\n00");
		caller_leave(&guest);
	}
}

/* Check that each message came once, and those of one publisher in order. */
static void hear_all_once(struct caller *reader)
{
	uint32_t next[PUBLISHERS] = {0};
	struct wire_op op;
	for (uint32_t left = PUBLISHERS * COUNT; left > 0;) {
		assert_true(caller_hear(reader, &op));
		if (!wire_slice_equal(op.subject, WIRE_LITERAL("run")))
			continue;
		uint32_t number = payload_number(op.payload), publisher = number / COUNT;
		assert_in_range(publisher, 0, PUBLISHERS - 1);
		assert_int_equal(number % COUNT, next[publisher]++);
		left--;
	}
	caller_say(reader, "UNSUB 1\r\nPING\r\n");
	do
		assert_true(caller_hear(reader, &op));
	while (op.verb != WIRE_PONG);
}

static void clients_that_stay_get_each_message_once_and_in_order_while_others_come_and_go(void **state)
{
	static const int64_t lengths[] = {1, 50};
	struct caller publishers[PUBLISHERS], readers[STAYING];
	struct speech speech = {0};
	(void)state;
	for (size_t length = 0; length < sizeof lengths / sizeof *lengths; length++) {
		broker_fixture_start_in_turns(&fixture, NULL, NULL, lengths[length]);
		for (uint32_t i = 0; i < STAYING; i++)
			caller_join(&fixture, &readers[i],
				    i % 2 ? HELLO "SUB run 1\r\n" : HELLO "SUB * 1\r\n");
		for (uint32_t p = 0; p < PUBLISHERS; p++)
			caller_join(&fixture, &publishers[p], HELLO);
		publish_all(publishers, &speech);
		disturb();
		for (uint32_t i = 0; i < STAYING; i++)
			hear_all_once(&readers[i]);
		for (uint32_t p = 0; p < PUBLISHERS; p++) {
			caller_hear_pong(&publishers[p]);
			caller_leave(&publishers[p]);
		}
		for (uint32_t i = 0; i < STAYING; i++)
			caller_leave(&readers[i]);
		broker_fixture_stop(&fixture);
		assert_true(fixture.messages_len >= PUBLISHERS * COUNT);
		broker_fixture_fini(&fixture);
	}
	speech_fini(&speech);
}

/* ---- large messages, all at once ---- */

/* Socket buffers take each part while nobody reads. */
enum { LARGE = 60, LARGE_BYTES = 250000, FIRST_BYTES = 100000, SEND_MS = 10000 };

static sem_t resting, may_go_on;

/* The broker's thread waits in here while bytes for it pile up. */
static void on_rest(struct wire_sink *waiting, const struct wire_event *event)
{
	(void)waiting;
	if (event->kind != WIRE_EVENT_MESSAGE || !wire_slice_equal(event->subject, WIRE_LITERAL("rest")))
		return;
	sem_post(&resting);
	sem_wait(&may_go_on);
}

/* While the broker rests, each sends bytes [from, to) of the speech. Then it reads them all in one poll, which is far
 * more than there is time for. */
static void send_at_once(struct caller *rester, struct caller *callers, const struct speech *speech,
			 size_t from, size_t to)
{
	caller_say(rester, "PUB rest 0\r\n\r\n");
	sem_wait(&resting);
	for (int i = 0; i < LARGE; i++)
		assert_int_equal(support_socket_send(&callers[i].sock, speech->bytes + from, to - from,
						     support_deadline_in(SEND_MS)),
				 0);
	sem_post(&may_go_on);
}

static void large_messages_that_come_at_once_all_arrive(void **state)
{
	static struct wire_sink waiting = {.event = on_rest};
	struct caller reader, rester, callers[LARGE];
	struct speech speech = {0};
	(void)state;
	sem_init(&resting, 0, 0);
	sem_init(&may_go_on, 0, 0);
	broker_fixture_start(&fixture, NULL, &waiting);
	caller_join(&fixture, &reader, HELLO "SUB large 1\r\n");
	caller_join(&fixture, &rester, HELLO);
	for (int i = 0; i < LARGE; i++)
		caller_join(&fixture, &callers[i], HELLO);
	speech_publish(&speech, "large", 1, LARGE_BYTES);
	speech_add(&speech, "PING\r\n");
	send_at_once(&rester, callers, &speech, 0, FIRST_BYTES);
	send_at_once(&rester, callers, &speech, FIRST_BYTES, speech.len);
	for (int i = 0; i < LARGE; i++)
		caller_hear_message(&reader, "large", "1", 1, LARGE_BYTES);
	for (int i = 0; i < LARGE; i++) {
		caller_hear_pong(&callers[i]);
		caller_leave(&callers[i]);
	}
	caller_leave(&reader);
	caller_leave(&rester);
	broker_fixture_stop(&fixture);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
}

/* ---- stopping a busy broker ---- */

static void a_broker_that_is_stopped_while_busy_ends(void **state)
{
	struct caller publishers[PUBLISHERS], readers[STAYING];
	struct speech speech = {0};
	(void)state;
	broker_fixture_start_in_turns(&fixture, NULL, NULL, 1);
	for (uint32_t i = 0; i < STAYING; i++)
		caller_join(&fixture, &readers[i], HELLO "SUB run 1\r\n");
	for (uint32_t p = 0; p < PUBLISHERS; p++)
		caller_join(&fixture, &publishers[p], HELLO);
	publish_all(publishers, &speech);
	struct wire_op op;
	assert_true(caller_hear(&readers[0], &op));
	broker_fixture_stop(&fixture);
	for (uint32_t i = 0; i < STAYING; i++)
		caller_leave(&readers[i]);
	for (uint32_t p = 0; p < PUBLISHERS; p++)
		caller_leave(&publishers[p]);
	broker_fixture_fini(&fixture);
	speech_fini(&speech);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(turns_of_any_length_give_the_same_deliveries_and_events),
	    cmocka_unit_test(clients_that_stay_get_each_message_once_and_in_order_while_others_come_and_go),
	    cmocka_unit_test(large_messages_that_come_at_once_all_arrive),
	    cmocka_unit_test(a_broker_that_is_stopped_while_busy_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
