/* The doctor's checks of receivers, queue groups, connections and libraries: each finds its fault, and nothing in a recording
 * that nearly has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/trace/doctor/scene.h"

/* ---- dropped ---- */

static void drop(struct scene *scene, enum wire_outcome outcome, unsigned count)
{
	scene_background(scene, 1);
	for (unsigned i = 0; i < count; i++)
		scene_deliver(scene_message(scene, 3, "prices"), 7, "", outcome);
}

static void a_message_lost_to_a_slow_consumer_is_critical(void **state)
{
	drop(*state, WIRE_DROPPED_SLOW, 1);
	scene_expect(*state, "dropped", TRACE_CRITICAL,
		     "service-7 read too slowly and lost 1 message on 1 connection; most were on prices, "
		     "published by service-3");
}

static void a_message_that_permissions_keep_back_is_a_warning(void **state)
{
	drop(*state, WIRE_DROPPED_PERMISSION, 1);
	scene_expect(*state, "dropped", TRACE_WARNING, "its permissions forbid them");
}

static void messages_that_a_leaving_client_left_are_a_note_when_they_are_many(void **state)
{
	drop(*state, WIRE_DROPPED_CLOSED, 10);
	scene_expect(*state, "dropped", TRACE_NOTE, "left without waiting");
	scene_clear(*state);
	drop(*state, WIRE_DROPPED_CLOSED, 9);
	scene_expect_none(*state, "dropped");
	scene_clear(*state);
	drop(*state, WIRE_SENT, 50);
	scene_expect_none(*state, "dropped");
}

/* ---- never fed ---- */

static void subscribe(struct scene *scene, uint64_t conn, const char *pattern, const char *sid)
{
	struct scene_event *event = scene_add(scene, WIRE_EVENT_SUBSCRIBE, conn);
	snprintf(event->subject, sizeof event->subject, "%s", pattern);
	snprintf(event->sid, sizeof event->sid, "%s", sid);
}

static void unsubscribe(struct scene *scene, uint64_t conn, const char *pattern, const char *sid)
{
	subscribe(scene, conn, pattern, sid);
	scene->events[scene->count - 1].event.kind = WIRE_EVENT_UNSUBSCRIBE;
}

static void a_subscription_that_never_got_a_message_is_a_note(void **state)
{
	struct scene *scene = *state;
	subscribe(scene, 2, "tick.*", "1");
	subscribe(scene, 2, "tock.*", "2");
	scene_background(scene, 31);
	const struct trace_finding *finding = scene_expect(
	    scene, "never-fed", TRACE_NOTE, "1 subscription never got a message: tock.* (service-2)");
	assert_int_equal(finding->evidence.seqs[0], 2);
}

static void a_short_subscription_is_not_judged(void **state)
{
	struct scene *scene = *state;
	subscribe(scene, 2, "tock.*", "2");
	scene_background(scene, 29);
	scene_expect_none(scene, "never-fed");
	scene_clear(scene);
	subscribe(scene, 2, "tock.*", "2");
	scene_background(scene, 35);
	unsubscribe(scene, 2, "tock.*", "2");
	scene_background(scene, 60);
	scene_expect_none(scene, "never-fed");
}

static void a_subscription_that_may_have_been_fed_unseen_is_not_judged(void **state)
{
	struct scene *scene = *state;
	subscribe(scene, 2, "tock.*", "2");
	struct scene_event *event = scene_message(scene, 3, "tock.now");
	scene_unheard(event);
	event->event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	scene_background(scene, 31);
	scene_expect_none(scene, "never-fed");
}

/* A client that uses one sid again and again. */
static void a_sid_that_is_used_again_is_the_latest_subscription(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 50000; i++) {
		subscribe(scene, 2, "tock.*", "1");
		unsubscribe(scene, 2, "tock.*", "1");
	}
	subscribe(scene, 2, "tick.*", "1");
	scene_background(scene, 120);
	scene_expect_none(scene, "never-fed");
}

/* ---- inboxes ---- */

static void leak(struct scene *scene, unsigned count, bool ends_them)
{
	for (unsigned i = 0; i < count; i++) {
		char inbox[32], sid[16];
		snprintf(inbox, sizeof inbox, "_INBOX.u%u", i);
		snprintf(sid, sizeof sid, "%u", i);
		subscribe(scene, 5, inbox, sid);
		if (ends_them)
			unsubscribe(scene, 5, inbox, sid);
	}
}

static void a_hundred_inboxes_are_a_leak(void **state)
{
	leak(*state, 100, false);
	scene_expect(*state, "inbox-leak", TRACE_WARNING, "service-5 (connection 5) holds 100 subscriptions");
}

static void inboxes_that_are_ended_are_no_leak(void **state)
{
	leak(*state, 99, false);
	scene_expect_none(*state, "inbox-leak");
	scene_clear(*state);
	leak(*state, 300, true);
	scene_expect_none(*state, "inbox-leak");
}

/* ---- queue groups ---- */

/* Connection 10 gets `share` of 300 messages, connection 11 the others. */
static void share(struct scene *scene, unsigned share)
{
	for (unsigned i = 0; i < 300; i++) {
		struct scene_event *event = scene_message(scene, 3, "jobs.new");
		scene_unheard(event);
		scene_deliver(event, (i * 7) % 300 < share ? 10 : 11, "workers", WIRE_SENT);
	}
}

static void a_queue_group_that_shares_one_to_four_is_unfair(void **state)
{
	share(*state, 60);
	scene_expect(*state, "queue-unfair", TRACE_WARNING,
		     "queue group workers on jobs.new shares badly among 2");
}

static void a_queue_group_that_shares_one_to_two_is_ordinary(void **state)
{
	share(*state, 100);
	scene_expect_none(*state, "queue-unfair");
	assert_null(scene_finding(*state, "queue-single"));
}

/* A member that comes later has its share from then on. */
static void a_member_that_joins_late_is_not_judged_by_what_came_before(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 900; i++) {
		struct scene_event *event = scene_message(scene, 3, "jobs.new");
		scene_unheard(event);
		scene_deliver(event, i > 600 && i % 2 ? 11 : 10, "workers", WIRE_SENT);
	}
	scene_expect_none(scene, "queue-unfair");
}

static void work_alone(struct scene *scene, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct scene_event *event = scene_message(scene, 3, "jobs.new");
		scene_unheard(event);
		scene_deliver(event, 10, "workers", WIRE_SENT);
	}
}

static void a_queue_group_of_one_is_a_note(void **state)
{
	work_alone(*state, 100);
	scene_expect(*state, "queue-single", TRACE_NOTE,
		     "1 queue group had one member only: workers on jobs.new");
	scene_clear(*state);
	work_alone(*state, 99);
	scene_expect_none(*state, "queue-single");
}

/* ---- connections ---- */

static void connect_for(struct scene *scene, uint64_t conn, int64_t ms)
{
	scene_add(scene, WIRE_EVENT_CONNECT, conn);
	scene_wait(scene, ms);
	struct scene_event *event = scene_add(scene, WIRE_EVENT_DISCONNECT, conn);
	snprintf(event->text, sizeof event->text, "Client Closed");
}

static void flap(struct scene *scene, unsigned times, int64_t life_ms, int64_t pause_ms)
{
	for (unsigned i = 0; i <= times; i++) {
		scene_client(scene, 20 + i, "billing", "10.0.0.20:1", "go", "1.22.1");
		connect_for(scene, 20 + i, life_ms);
		scene_wait(scene, pause_ms);
	}
}

static void five_short_connections_of_a_service_flap(void **state)
{
	flap(*state, 5, 2000, 500);
	scene_expect(*state, "flapping", TRACE_WARNING, "billing flaps: 5 times");
}

static void four_restarts_are_no_flapping(void **state)
{
	flap(*state, 4, 2000, 500);
	scene_expect_none(*state, "flapping");
}

static void long_lives_and_long_pauses_are_no_flapping(void **state)
{
	flap(*state, 10, 61000, 500);
	scene_expect_none(*state, "flapping");
	scene_clear(*state);
	flap(*state, 10, 2000, 11000);
	scene_expect_none(*state, "flapping");
}

static void a_connection_without_a_name_is_a_note(void **state)
{
	struct scene *scene = *state;
	scene_client(scene, 20, "", "10.0.0.20:1", "go", "1.22.1");
	scene_add(scene, WIRE_EVENT_CONNECT, 20);
	scene_add(scene, WIRE_EVENT_CONNECT, 21);
	scene_message(scene, 20, "hello");
	scene_expect(scene, "no-name", TRACE_NOTE, "1 of");
	scene_clear(scene);
	scene_add(scene, WIRE_EVENT_CONNECT, 21);
	scene_expect_none(scene, "no-name");
}

/* A capture that began later knows the address of a connection, and not whether it has a name. */
static void a_connection_whose_name_is_unknown_is_not_nameless(void **state)
{
	struct scene *scene = *state;
	scene_client(scene, 20, "", "10.0.0.20:1", "", "");
	scene_add(scene, WIRE_EVENT_CONNECT, 20);
	scene_expect_none(scene, "no-name");
}

static void spread(struct scene *scene, unsigned hosts, const char *queue)
{
	for (unsigned i = 0; i < hosts; i++) {
		char address[24];
		snprintf(address, sizeof address, "10.0.1.%u:%u", i, 1000 + i);
		scene_client(scene, 20 + i, "worker", address, "go", "1.22.1");
		scene_add(scene, WIRE_EVENT_CONNECT, 20 + i);
		struct scene_event *event = scene_message(scene, 3, "jobs.new");
		scene_unheard(event);
		scene_deliver(event, 20 + i, queue, WIRE_SENT);
	}
}

static void a_name_on_four_hosts_is_a_note(void **state)
{
	spread(*state, 4, "");
	scene_expect(*state, "many-hosts", TRACE_NOTE, "the name worker is used from 4 hosts");
}

static void instances_that_share_a_queue_group_may_be_on_many_hosts(void **state)
{
	spread(*state, 8, "workers");
	scene_expect_none(*state, "many-hosts");
	scene_clear(*state);
	spread(*state, 3, "");
	scene_expect_none(*state, "many-hosts");
}

/* ---- libraries ---- */

static void greet(struct scene *scene, const char *lang, const char *version)
{
	scene_client(scene, 20, "legacy", "10.0.0.20:1", lang, version);
	scene_add(scene, WIRE_EVENT_CONNECT, 20);
	struct scene_event *event = scene_message(scene, 3, "hello");
	snprintf(event->headers, sizeof event->headers, "NATS/1.0\r\nTrace: 1\r\n\r\n");
	scene_deliver(event, 20, "", WIRE_SENT);
}

static void an_old_library_gets_messages_without_their_headers(void **state)
{
	greet(*state, "go", "1.10.0");
	scene_expect(*state, "old-client", TRACE_WARNING, "legacy (go 1.10.0)");
	scene_expect(*state, "headers-stripped", TRACE_WARNING, "legacy (go 1.10.0) cannot read headers");
}

static void a_library_that_knows_headers_gets_them(void **state)
{
	greet(*state, "go", "1.11.0");
	scene_expect_none(*state, "old-client");
	scene_expect_none(*state, "headers-stripped");
	scene_clear(*state);
	greet(*state, "cobol", "0.1.0");
	scene_expect_none(*state, "old-client");
	scene_expect_none(*state, "headers-stripped");
}

static void an_old_library_without_headers_to_read_loses_none(void **state)
{
	greet(*state, "go", "1.10.0");
	struct scene *scene = *state;
	scene->events[scene->count - 1].headers[0] = '\0';
	scene_expect_none(scene, "headers-stripped");
}

/* ---- errors ---- */

static void complain(struct scene *scene, const char *text)
{
	struct scene_event *event = scene_add(scene, WIRE_EVENT_ERROR, 5);
	snprintf(event->text, sizeof event->text, "%s", text);
}

static void each_error_is_found_by_its_check(void **state)
{
	complain(*state, "Permissions Violation for Subscription to \"admin.>\"");
	scene_expect(*state, "permission", TRACE_WARNING, "service-5 got 1 error: Permissions Violation");
	assert_null(scene_finding(*state, "login"));
	assert_null(scene_finding(*state, "protocol-error"));
	scene_clear(*state);
	complain(*state, "Authorization Violation");
	scene_expect(*state, "login", TRACE_WARNING, "Authorization Violation");
	assert_null(scene_finding(*state, "permission"));
	assert_null(scene_finding(*state, "protocol-error"));
	scene_clear(*state);
	complain(*state, "Maximum Payload Violation");
	complain(*state, "Maximum Payload Violation");
	scene_expect(*state, "protocol-error", TRACE_WARNING, "got 2 errors: Maximum Payload Violation");
	assert_null(scene_finding(*state, "permission"));
	assert_null(scene_finding(*state, "login"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(a_message_lost_to_a_slow_consumer_is_critical),
	    SCENE_TEST(a_message_that_permissions_keep_back_is_a_warning),
	    SCENE_TEST(messages_that_a_leaving_client_left_are_a_note_when_they_are_many),
	    SCENE_TEST(a_subscription_that_never_got_a_message_is_a_note),
	    SCENE_TEST(a_short_subscription_is_not_judged),
	    SCENE_TEST(a_subscription_that_may_have_been_fed_unseen_is_not_judged),
	    SCENE_TEST(a_sid_that_is_used_again_is_the_latest_subscription),
	    SCENE_TEST(a_hundred_inboxes_are_a_leak),
	    SCENE_TEST(inboxes_that_are_ended_are_no_leak),
	    SCENE_TEST(a_queue_group_that_shares_one_to_four_is_unfair),
	    SCENE_TEST(a_queue_group_that_shares_one_to_two_is_ordinary),
	    SCENE_TEST(a_member_that_joins_late_is_not_judged_by_what_came_before),
	    SCENE_TEST(a_queue_group_of_one_is_a_note),
	    SCENE_TEST(five_short_connections_of_a_service_flap),
	    SCENE_TEST(four_restarts_are_no_flapping),
	    SCENE_TEST(long_lives_and_long_pauses_are_no_flapping),
	    SCENE_TEST(a_connection_without_a_name_is_a_note),
	    SCENE_TEST(a_connection_whose_name_is_unknown_is_not_nameless),
	    SCENE_TEST(a_name_on_four_hosts_is_a_note),
	    SCENE_TEST(instances_that_share_a_queue_group_may_be_on_many_hosts),
	    SCENE_TEST(an_old_library_gets_messages_without_their_headers),
	    SCENE_TEST(a_library_that_knows_headers_gets_them),
	    SCENE_TEST(an_old_library_without_headers_to_read_loses_none),
	    SCENE_TEST(each_error_is_found_by_its_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
