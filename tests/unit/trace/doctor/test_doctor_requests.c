/* The doctor's checks of requests: each finds its fault, and nothing in a recording that nearly has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/trace/doctor/scene.h"

/* ---- unanswered ---- */

/* `lost` of a hundred requests get no reply. */
static void lose(struct scene *scene, unsigned lost)
{
	for (unsigned i = 0; i < 100; i++) {
		scene_request(scene, "stock.get", i);
		if (i >= lost)
			scene_reply(scene, i);
	}
	scene_wait(scene, 6000);
	scene_message(scene, 3, "tick");
}

static void unanswered_is_critical_for_one_in_ten(void **state)
{
	lose(*state, 10);
	const struct trace_finding *finding =
	    scene_expect(*state, "unanswered", TRACE_CRITICAL, "10 of 100 requests on stock.get");
	assert_int_equal(finding->evidence.count, 10);
	assert_int_equal(finding->evidence.seqs[0], 1);
	assert_int_equal(finding->evidence.seqs[1], 2);
}

static void unanswered_is_a_warning_for_three_in_a_hundred(void **state)
{
	lose(*state, 3);
	scene_expect(*state, "unanswered", TRACE_WARNING, "3 of 100");
}

static void unanswered_is_a_note_for_one(void **state)
{
	lose(*state, 1);
	scene_expect(*state, "unanswered", TRACE_NOTE, "1 of 100");
}

static void answered_requests_are_not_unanswered(void **state)
{
	lose(*state, 0);
	scene_expect_none(*state, "unanswered");
}

static void requests_of_the_last_five_seconds_may_still_be_answered(void **state)
{
	struct scene *scene = *state;
	scene_exchange(scene, "stock.get", 0, 20, 1);
	for (unsigned i = 100; i < 120; i++)
		scene_request(scene, "stock.get", i);
	scene_wait(scene, 4900);
	scene_message(scene, 3, "tick");
	scene_expect_none(scene, "unanswered");
}

static void a_reply_after_five_seconds_is_a_reply(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++)
		scene_request(scene, "report.make", i);
	scene_wait(scene, 30000);
	for (unsigned i = 0; i < 20; i++)
		scene_reply(scene, i);
	scene_expect_none(scene, "unanswered");
}

static void a_reply_may_be_hidden_by_a_gap(void **state)
{
	struct scene *scene = *state;
	scene_exchange(scene, "stock.get", 0, 20, 1);
	for (unsigned i = 100; i < 120; i++)
		scene_request(scene, "stock.get", i);
	scene_add(scene, WIRE_EVENT_GAP, 0)->event.lost_messages = 20;
	scene_wait(scene, 6000);
	scene_message(scene, 3, "tick");
	scene_expect_none(scene, "unanswered");
}

/* The clocks of two recordings differ: one has the replies before the requests of the other. */
static void a_reply_may_come_before_its_request(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++) {
		scene->origin = 1;
		scene_reply(scene, i);
		scene->origin = 0;
		scene_request(scene, "stock.get", i);
	}
	scene_wait(scene, 6000);
	scene_message(scene, 3, "tick");
	scene_expect_none(scene, "unanswered");
}

/* A subscription sees requests, and may not see inboxes. */
static void nothing_is_said_of_replies_where_the_recording_sees_none(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 100; i++) {
		struct scene_event *event = scene_request(scene, "stock.get", i);
		scene_unheard(event);
		event->event.conn = 0;
		event->event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN | WIRE_EVENT_PUBLISHER_UNKNOWN;
	}
	scene_wait(scene, 6000);
	scene_message(scene, 3, "tick");
	scene_expect_none(scene, "unanswered");
	assert_null(scene_finding(scene, "no-responders"));
	assert_null(scene_finding(scene, "nobody-listens"));
}

/* More requests than are remembered are counted all the same. */
static void a_flood_of_unanswered_requests_is_counted(void **state)
{
	struct scene *scene = *state;
	scene->memory_bytes = TRACE_DOCTOR_MEMORY_LEAST;
	for (unsigned i = 0; i < 40000; i++) {
		scene_request(scene, "stock.get", i);
		scene->now_ns -= MS - 1000;
	}
	scene_exchange(scene, "other", 200000, 1, 1);
	scene_wait(scene, 6000);
	scene_message(scene, 3, "tick");
	scene_expect(scene, "unanswered", TRACE_CRITICAL, "40000 of 40000");
}

/* ---- no responders ---- */

static void refuse(struct scene *scene, unsigned refused)
{
	scene_exchange(scene, "stock.get", 0, 100 - refused, 1);
	for (unsigned i = 0; i < refused; i++)
		scene_unheard(scene_request(scene, "stock.get", 1000 + i));
}

static void no_responders_is_critical_for_one_in_ten(void **state)
{
	refuse(*state, 10);
	scene_expect(*state, "no-responders", TRACE_CRITICAL, "10 of 100 requests on stock.get");
	assert_null(scene_finding(*state, "unanswered"));
}

static void no_responders_is_a_note_for_two_at_the_start(void **state)
{
	refuse(*state, 2);
	scene_expect(*state, "no-responders", TRACE_NOTE, "2 of 100");
}

/* Each of 20 requests is in both of two recordings, and so are the replies, if any. */
static void ask_in_two_recordings(struct scene *scene, bool is_refused, bool is_failed)
{
	for (unsigned i = 0; i < 20; i++) {
		for (scene->origin = 0; scene->origin < 2; scene->origin++) {
			struct scene_event *request = scene_request(scene, "stock.get", i);
			if (is_refused)
				scene_unheard(request);
		}
		for (scene->origin = 0; scene->origin < 2 && !is_refused; scene->origin++) {
			struct scene_event *reply = scene_reply(scene, i);
			if (is_failed)
				scene_payload(reply, "{\"error\":\"no stock\"}");
		}
	}
}

static void a_request_that_two_recordings_have_counts_once(void **state)
{
	struct scene *scene = *state;
	ask_in_two_recordings(scene, true, false);
	scene_expect(scene, "no-responders", TRACE_CRITICAL, "20 of 20 requests on stock.get");
	scene_clear(scene);
	ask_in_two_recordings(scene, false, true);
	scene_expect(scene, "error-replies", TRACE_CRITICAL, "20 of 20 replies to stock.get");
	assert_null(scene_finding(scene, "unanswered"));
	assert_null(scene_finding(scene, "several-replies"));
}

static void answered_requests_had_a_responder(void **state)
{
	refuse(*state, 0);
	scene_expect_none(*state, "no-responders");
}

/* A capture shows what the server sends: status 503, as a delivery. */
static void no_responders_of_a_capture_is_the_servers_answer(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++) {
		struct scene_event *event = scene_request(scene, "stock.get", i);
		scene_unheard(event);
		event->event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
		event = scene_add(scene, WIRE_EVENT_DELIVERY, 1);
		snprintf(event->subject, sizeof event->subject, "_INBOX.c1.%u", i);
		snprintf(event->headers, sizeof event->headers, "NATS/1.0 503\r\n\r\n");
	}
	scene_expect(scene, "no-responders", TRACE_CRITICAL, "20 of 20");
}

static void a_request_that_was_refused_is_no_request_to_nobody(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++) {
		struct scene_event *event = scene_add(scene, WIRE_EVENT_ERROR, 1);
		snprintf(event->text, sizeof event->text,
			 "Permissions Violation for Publish to \"stock.get\"");
		scene_unheard(scene_request(scene, "stock.get", i));
	}
	scene_expect_none(scene, "no-responders");
	assert_null(scene_finding(scene, "nobody-listens"));
}

/* ---- errors, late, several ---- */

static void fail_some(struct scene *scene, unsigned failed)
{
	for (unsigned i = 0; i < 100; i++) {
		scene_request(scene, "pay", i);
		struct scene_event *reply = scene_reply(scene, i);
		if (i < failed)
			scene_payload(reply,
				      i % 2 ? "{\"error\":\"no funds\"}" : "{\"error\" : {\"code\":5}}");
		else if (i % 2)
			scene_payload(reply, "{\"error\":null,\"ok\":true}");
	}
}

static void error_replies_are_critical_for_every_other_one(void **state)
{
	fail_some(*state, 50);
	scene_expect(*state, "error-replies", TRACE_CRITICAL, "50 of 100 replies to pay");
}

static void error_replies_are_a_warning_for_one_in_twenty(void **state)
{
	fail_some(*state, 5);
	scene_expect(*state, "error-replies", TRACE_WARNING, "5 of 100");
}

static void four_error_replies_of_a_hundred_are_ordinary(void **state)
{
	fail_some(*state, 4);
	scene_expect_none(*state, "error-replies");
}

static void an_error_is_also_in_a_header(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++) {
		scene_request(scene, "pay", i);
		struct scene_event *reply = scene_reply(scene, i);
		snprintf(reply->headers, sizeof reply->headers,
			 "NATS/1.0\r\nNats-Service-Error: broken\r\nNats-Service-Error-Code: 500\r\n\r\n");
	}
	scene_expect(scene, "error-replies", TRACE_CRITICAL, "20 of 20");
}

static void come_late(struct scene *scene, unsigned late)
{
	for (unsigned i = 0; i < 100; i++) {
		scene_request(scene, "report.make", i);
		struct scene_event *reply = scene_reply(scene, i);
		if (i < late)
			scene_unheard(reply);
	}
}

static void late_replies_went_to_nobody(void **state)
{
	come_late(*state, 5);
	scene_expect(*state, "late-replies", TRACE_WARNING, "5 replies to report.make");
}

static void four_late_replies_are_ordinary(void **state)
{
	come_late(*state, 4);
	scene_expect_none(*state, "late-replies");
}

static void answer_twice(struct scene *scene, unsigned count, uint64_t second)
{
	for (unsigned i = 0; i < 20; i++) {
		scene_request(scene, "who", i);
		scene_reply(scene, i);
		if (i < count)
			scene_reply(scene, i)->event.conn = second;
	}
}

static void several_replies_come_from_several_connections(void **state)
{
	answer_twice(*state, 10, 5);
	scene_expect(*state, "several-replies", TRACE_NOTE, "10 of 20 requests on who");
}

static void several_replies_of_one_connection_are_one_answer(void **state)
{
	answer_twice(*state, 20, 2);
	scene_expect_none(*state, "several-replies");
	scene_clear(*state);
	answer_twice(*state, 9, 5);
	scene_expect_none(*state, "several-replies");
}

/* ---- slow ---- */

/* Twenty seconds of requests, answered after 2 ms, and in the last seconds after `ms`. */
static void slow_down(struct scene *scene, int64_t ms)
{
	for (unsigned i = 0; i < 400; i++) {
		scene_exchange(scene, "stock.get", i, 1, i < 300 ? 2 : ms);
		scene_wait(scene, 50 - (i < 300 ? 2 : ms));
	}
}

static void slow_responder_is_three_times_slower_than_usual(void **state)
{
	slow_down(*state, 20);
	const struct trace_finding *finding =
	    scene_expect(*state, "slow-responder", TRACE_WARNING,
			 "service-2 answers stock.get slower than it usually does");
	assert_non_null(strstr(finding->text, " ms instead of 2.00 ms"));
	assert_non_null(strstr(finding->text, "still at the end"));
	assert_true(finding->evidence.len > 0 && finding->evidence.seqs[0] > 600);
}

static void a_responder_that_is_twice_as_slow_is_not_reported(void **state)
{
	slow_down(*state, 5);
	scene_expect_none(*state, "slow-responder");
}

/* Three connections answer in turn; the third one after `ms`. */
static void lag(struct scene *scene, int64_t ms)
{
	for (unsigned i = 0; i < 180; i++) {
		scene_request(scene, "stock.get", i);
		scene_wait(scene, i % 3 == 2 ? ms : 1);
		scene_reply(scene, i)->event.conn = 10 + i % 3;
	}
}

static void slow_member_is_slower_than_the_others(void **state)
{
	lag(*state, 30);
	scene_expect(*state, "slow-member", TRACE_WARNING, "connection 12 of service-12 answers stock.get");
}

static void members_of_like_speed_are_not_reported(void **state)
{
	lag(*state, 4);
	scene_expect_none(*state, "slow-member");
}

static void wait_for_one(struct scene *scene, int64_t ms)
{
	scene_exchange(scene, "a.get", 0, 30, 2);
	scene_exchange(scene, "b.get", 100, 30, 2);
	scene_exchange(scene, "report.make", 200, 30, ms);
}

static void slow_subject_takes_ten_times_as_long(void **state)
{
	wait_for_one(*state, 150);
	scene_expect(*state, "slow-subject", TRACE_WARNING, "replies to report.make take");
}

static void a_subject_below_a_tenth_of_a_second_is_not_slow(void **state)
{
	wait_for_one(*state, 90);
	scene_expect_none(*state, "slow-subject");
}

/* ---- repeats ---- */

/* Requests of the same content, unanswered, `pause_ms` apart, among `others` that are answered. */
static void retry(struct scene *scene, unsigned retries, unsigned others, int64_t pause_ms)
{
	for (unsigned i = 0; i < others; i++)
		scene_exchange(scene, "order.book", 10000 + i, 1, 1);
	for (unsigned i = 0; i <= retries; i++) {
		scene_payload(scene_request(scene, "order.book", i), "{\"order\":4711}");
		scene_wait(scene, pause_ms);
	}
}

static void retry_storm_is_critical_when_most_requests_are_retries(void **state)
{
	for (unsigned i = 0; i < 210; i++) {
		char payload[32];
		snprintf(payload, sizeof payload, "{\"order\":%u}", i % 3);
		scene_payload(scene_request(*state, "order.book", i), payload);
		scene_wait(*state, 40);
	}
	scene_expect(*state, "retry-storm", TRACE_CRITICAL, "requests on order.book within 10 s repeat");
}

static void retry_storm_is_a_warning_for_ten(void **state)
{
	retry(*state, 11, 10, 150);
	scene_expect(*state, "retry-storm", TRACE_WARNING, "order.book");
}

static void a_few_retries_are_no_storm(void **state)
{
	retry(*state, 9, 10, 150);
	scene_expect_none(*state, "retry-storm");
}

static void the_same_request_of_two_threads_at_once_is_no_retry(void **state)
{
	retry(*state, 50, 0, 5);
	scene_expect_none(*state, "retry-storm");
}

/* The same question, ten times a second; every `change`-th answer is another. */
static void poll(struct scene *scene, unsigned polls, unsigned change, int64_t pause_ms)
{
	for (unsigned i = 0; i < polls; i++) {
		char answer[40];
		scene_payload(scene_request(scene, "state.get", i), "{\"id\":1}");
		snprintf(answer, sizeof answer, "{\"state\":%u}", change ? i / change : 0);
		scene_payload(scene_reply(scene, i), answer);
		scene_wait(scene, pause_ms);
	}
}

static void same_answer_is_polling(void **state)
{
	poll(*state, 21, 0, 1000);
	scene_expect(*state, "same-answer", TRACE_NOTE, "20 of 20 repeated requests on state.get");
	scene_clear(*state);
	poll(*state, 200, 0, 10);
	scene_expect(*state, "same-answer", TRACE_WARNING, "state.get");
}

static void polling_that_gets_other_answers_is_worth_it(void **state)
{
	poll(*state, 40, 5, 1000);
	scene_expect_none(*state, "same-answer");
	scene_clear(*state);
	poll(*state, 20, 0, 1000);
	scene_expect_none(*state, "same-answer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(unanswered_is_critical_for_one_in_ten),
	    SCENE_TEST(unanswered_is_a_warning_for_three_in_a_hundred),
	    SCENE_TEST(unanswered_is_a_note_for_one),
	    SCENE_TEST(answered_requests_are_not_unanswered),
	    SCENE_TEST(requests_of_the_last_five_seconds_may_still_be_answered),
	    SCENE_TEST(a_reply_after_five_seconds_is_a_reply),
	    SCENE_TEST(a_reply_may_be_hidden_by_a_gap),
	    SCENE_TEST(a_reply_may_come_before_its_request),
	    SCENE_TEST(nothing_is_said_of_replies_where_the_recording_sees_none),
	    SCENE_TEST(a_flood_of_unanswered_requests_is_counted),
	    SCENE_TEST(no_responders_is_critical_for_one_in_ten),
	    SCENE_TEST(no_responders_is_a_note_for_two_at_the_start),
	    SCENE_TEST(a_request_that_two_recordings_have_counts_once),
	    SCENE_TEST(answered_requests_had_a_responder),
	    SCENE_TEST(no_responders_of_a_capture_is_the_servers_answer),
	    SCENE_TEST(a_request_that_was_refused_is_no_request_to_nobody),
	    SCENE_TEST(error_replies_are_critical_for_every_other_one),
	    SCENE_TEST(error_replies_are_a_warning_for_one_in_twenty),
	    SCENE_TEST(four_error_replies_of_a_hundred_are_ordinary),
	    SCENE_TEST(an_error_is_also_in_a_header),
	    SCENE_TEST(late_replies_went_to_nobody),
	    SCENE_TEST(four_late_replies_are_ordinary),
	    SCENE_TEST(several_replies_come_from_several_connections),
	    SCENE_TEST(several_replies_of_one_connection_are_one_answer),
	    SCENE_TEST(slow_responder_is_three_times_slower_than_usual),
	    SCENE_TEST(a_responder_that_is_twice_as_slow_is_not_reported),
	    SCENE_TEST(slow_member_is_slower_than_the_others),
	    SCENE_TEST(members_of_like_speed_are_not_reported),
	    SCENE_TEST(slow_subject_takes_ten_times_as_long),
	    SCENE_TEST(a_subject_below_a_tenth_of_a_second_is_not_slow),
	    SCENE_TEST(retry_storm_is_critical_when_most_requests_are_retries),
	    SCENE_TEST(retry_storm_is_a_warning_for_ten),
	    SCENE_TEST(a_few_retries_are_no_storm),
	    SCENE_TEST(the_same_request_of_two_threads_at_once_is_no_retry),
	    SCENE_TEST(same_answer_is_polling),
	    SCENE_TEST(polling_that_gets_other_answers_is_worth_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
