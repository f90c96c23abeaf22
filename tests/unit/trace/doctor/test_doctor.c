/* The doctor as a whole, and its checks of the recording, of clocks and of JetStream. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/trace/doctor/scene.h"

/* ---- the recording ---- */

static void a_clock_step_of_a_second_is_a_warning_and_a_small_one_a_note(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "tick");
	snprintf(scene_add(scene, WIRE_EVENT_MARK, 0)->text, 64, "clock step -3600.000000000 s");
	const struct trace_finding *finding =
	    scene_expect(scene, "clock-step", TRACE_WARNING, "was set 1 time, by -60.0 min at most");
	assert_int_equal(finding->evidence.seqs[0], 2);
	scene_clear(scene);
	snprintf(scene_add(scene, WIRE_EVENT_MARK, 0)->text, 64, "clock step +0.200000000 s");
	scene_expect(scene, "clock-step", TRACE_NOTE, "by 200 ms");
	scene_clear(scene);
	snprintf(scene_add(scene, WIRE_EVENT_MARK, 0)->text, 64, "deploy of clocks");
	scene_expect_none(scene, "clock-step");
}

static void gaps_and_damage_are_told_apart(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "tick");
	scene_add(scene, WIRE_EVENT_GAP, 0)->event.lost_messages = 42;
	scene_expect(scene, "gap", TRACE_WARNING, "1 gap; at least 42 messages are missing");
	assert_null(scene_finding(scene, "damage"));
	scene_clear(scene);
	struct scene_event *event = scene_add(scene, WIRE_EVENT_GAP, 0);
	event->event.flags = WIRE_EVENT_DAMAGE;
	event->event.from_seq = 10;
	event->event.to_seq = 19;
	const struct trace_finding *finding =
	    scene_expect(scene, "damage", TRACE_CRITICAL, "in 1 place; 10 events cannot be read");
	assert_int_equal(finding->evidence.seqs[0], 10);
	assert_null(scene_finding(scene, "gap"));
	scene_clear(scene);
	scene_message(scene, 3, "tick");
	scene_expect_none(scene, "gap");
	scene_expect_none(scene, "damage");
}

static void what_is_unknown_is_said(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 100; i++) {
		struct scene_event *event = scene_message(scene, 3, "tick");
		event->event.flags = i == 0 ? WIRE_EVENT_RECEIVERS_UNKNOWN : 0;
	}
	scene_expect(scene, "unknown", TRACE_NOTE, "the receivers of 1.0% of the messages");
	scene_clear(scene);
	scene_background(scene, 2);
	scene_expect_none(scene, "unknown");
}

/* ---- retention ---- */

static void fill_log(struct scene *scene)
{
	scene->logs[0].segments = 3;
	scene->logs[0].first_seq = 1000;
	scene->logs[0].next_seq = 2000;
	scene->logs[0].is_written = true;
	scene_add(scene, WIRE_EVENT_GAP, 0)->event.seq = 1500;
}

static void retention_is_a_warning_when_it_deletes_evidence(void **state)
{
	fill_log(*state);
	scene_expect(*state, "retention", TRACE_WARNING, "with evidence of 1 finding");
}

static void retention_without_evidence_is_a_note(void **state)
{
	struct scene *scene = *state;
	fill_log(scene);
	scene->events[0].event.seq = 2000;
	scene_expect(scene, "retention", TRACE_NOTE, "with evidence of 0 findings");
}

static void a_log_that_nobody_writes_or_that_is_whole_is_not_deleted(void **state)
{
	struct scene *scene = *state;
	fill_log(scene);
	scene->logs[0].is_written = false;
	scene_expect_none(scene, "retention");
	scene->logs[0].is_written = true;
	scene->logs[0].first_seq = 1;
	scene_expect_none(scene, "retention");
}

/* ---- clocks ---- */

/* Messages between connections 10 and 11, whose hosts differ by `ahead_ms`, that take `way_ms`. */
static void skew(struct scene *scene, int64_t ahead_ms, int64_t way_ms, unsigned count, bool both_ways)
{
	for (unsigned i = 0; i < count; i++) {
		bool is_back = both_ways && i % 2;
		struct scene_event *event = scene_message(scene, is_back ? 11 : 10, "a.b");
		scene_unheard(event);
		scene_deliver(event, is_back ? 10 : 11, "", WIRE_SENT);
		event->has_delays = true;
		event->delays_ns[0] = (way_ms + (is_back ? -ahead_ms : ahead_ms)) * MS + (int64_t)i * 1000;
	}
}

static void clocks_of_two_hosts_that_differ_are_found_by_both_ways(void **state)
{
	skew(*state, 40, 50, 60, true);
	scene_expect(*state, "clock-skew", TRACE_WARNING, "the clock of host 10.0.0.");
	assert_non_null(strstr(scene_finding(*state, "clock-skew")->text, "40.0 ms"));
}

static void a_way_into_the_past_shows_a_clock_that_is_behind(void **state)
{
	skew(*state, -10, 1, 20, false);
	const struct trace_finding *finding = scene_expect(*state, "clock-skew", TRACE_WARNING,
							   "the clock of host 10.0.0.11 is 9.00 ms behind");
	assert_int_equal(finding->evidence.count, 20);
}

static void slow_ways_are_no_skew(void **state)
{
	skew(*state, 0, 50, 60, true);
	scene_expect_none(*state, "clock-skew");
	scene_clear(*state);
	skew(*state, 0, 50, 60, false);
	scene_expect_none(*state, "clock-skew");
	scene_clear(*state);
	skew(*state, -10, 1, 19, false);
	scene_expect_none(*state, "clock-skew");
}

/* The same messages in two recordings, the second `after_ms` later by its clock. */
static void record_twice(struct scene *scene, int64_t after_ms)
{
	for (unsigned i = 0; i < 30; i++) {
		scene->origin = 0;
		struct scene_event first = *scene_message(scene, 3, "orders.new");
		scene_wait(scene, after_ms - 1);
		scene->origin = 1;
		scene_payload(scene_message(scene, 3, "orders.new"), first.payload);
		scene_wait(scene, 20);
	}
}

static void recordings_of_the_same_messages_show_that_their_clocks_differ(void **state)
{
	record_twice(*state, 8);
	scene_expect(*state, "clock-skew", TRACE_WARNING,
		     "the clock of b is at least 8.00 ms ahead of that of a");
	assert_null(scene_finding(*state, "duplicate-payload"));
	scene_clear(*state);
	record_twice(*state, 4);
	scene_expect_none(*state, "clock-skew");
}

/* A log may hold any time. The sanitizer sees a difference that overflows. */
static void times_at_both_ends_of_the_range_are_no_error(void **state)
{
	static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, INT64_MIN, INT64_MAX};
	struct scene *scene = *state;
	for (unsigned i = 0; i < 10 * sizeof times / sizeof *times; i++) {
		scene->origin = i % 2;
		struct scene_event *connect = scene_add(scene, WIRE_EVENT_CONNECT, 1);
		connect->event.steady_ns = connect->event.time_ns = times[i % 5];
		struct scene_event *message = scene_request(scene, "stock.get", i);
		message->event.steady_ns = message->event.time_ns = times[i % 5];
		scene_payload(message, "the same payload");
		message = scene_message(scene, 3, "stock.tick");
		scene_payload(message, "the same payload");
		message->event.steady_ns = message->event.time_ns = times[(i + 1) % 5];
		scene_unheard(message);
		struct scene_event *left = scene_add(scene, WIRE_EVENT_DISCONNECT, 1);
		left->event.steady_ns = left->event.time_ns = times[(i + 2) % 5];
	}
	scene_examine(scene);
}

/* ---- JetStream ---- */

static void consume(struct scene *scene, unsigned redelivered, int64_t stored_after_ms, unsigned pending)
{
	for (unsigned i = 0; i < 100; i++) {
		struct scene_event *event = scene_message(scene, 3, "orders.new");
		snprintf(event->reply, sizeof event->reply, "$JS.ACK.ORDERS.billing.%u.%u.%u.%lld.%u",
			 i < redelivered ? 2 : 1, i + 1, i + 1,
			 (long long)(event->event.time_ns + stored_after_ms * MS), 10 + i * pending / 100);
	}
}

static void redeliveries_are_counted_by_consumer(void **state)
{
	consume(*state, 5, -1, 0);
	scene_expect(*state, "redelivery", TRACE_WARNING, "5 of 100 deliveries of ORDERS > billing");
	assert_null(scene_finding(*state, "unanswered"));
	scene_clear(*state);
	consume(*state, 4, -1, 0);
	scene_expect_none(*state, "redelivery");
}

static void a_consumer_with_ever_more_to_do_lags(void **state)
{
	consume(*state, 0, -1, 1100);
	scene_expect(*state, "consumer-lag", TRACE_WARNING, "ORDERS > billing falls behind");
	scene_clear(*state);
	consume(*state, 0, -1, 900);
	scene_expect_none(*state, "consumer-lag");
}

static void a_stream_that_stores_in_the_future_has_another_clock(void **state)
{
	consume(*state, 0, 5, 0);
	scene_expect(*state, "clock-skew", TRACE_WARNING,
		     "JetStream stored 100 messages up to 5.00 ms after");
	scene_clear(*state);
	consume(*state, 0, -5, 0);
	scene_expect_none(*state, "clock-skew");
}

/* ---- the whole ---- */

/* A quarter of an hour of a shop: events, requests, metrics that nobody reads, connections that come. */
static void ordinary_traffic_has_no_critical_finding_and_no_warning(void **state)
{
	struct scene *scene = *state;
	for (uint64_t conn = 1; conn < 12; conn++)
		scene_add(scene, WIRE_EVENT_CONNECT, conn);
	for (unsigned i = 0; i < 9000; i++) {
		scene_message(scene, 3 + i % 4, i % 2 ? "orders.new" : "orders.paid");
		if (i % 3 == 0)
			scene_exchange(scene, i % 2 ? "stock.get" : "price.get", i, 1, 1 + i % 7);
		if (i % 10 == 0)
			scene_unheard(scene_message(scene, 7, "metrics.cpu"));
		scene_wait(scene, 80 + (i * 7919) % 40);
	}
	scene_examine(scene);
	for (size_t i = 0; i < scene->findings->len; i++)
		if (scene->findings->list[i].severity != TRACE_NOTE)
			fail_msg("%s: %s", scene->findings->list[i].check, scene->findings->list[i].text);
	assert_non_null(scene_finding(scene, "nobody-listens"));
}

static void findings_are_sorted_by_severity(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 20; i++)
		scene_unheard(scene_message(scene, 3, "metrics.cpu"));
	scene_add(scene, WIRE_EVENT_GAP, 0);
	scene_deliver(scene_message(scene, 3, "prices"), 7, "", WIRE_DROPPED_SLOW);
	scene_examine(scene);
	assert_true(scene->findings->len >= 3);
	for (size_t i = 1; i < scene->findings->len; i++)
		assert_true(scene->findings->list[i - 1].severity <= scene->findings->list[i].severity);
	assert_int_equal(scene->findings->list[0].severity, TRACE_CRITICAL);
}

static void only_the_checks_that_are_named_look(void **state)
{
	struct scene *scene = *state;
	static const char *const one[] = {"gap", NULL}, *const none[] = {"no-such-check", NULL};
	struct trace_doctor_options options = {.memory_bytes = TRACE_DOCTOR_MEMORY_LEAST, .checks = none};
	struct trace_doctor *doctor;
	struct wire_event event;
	assert_int_equal(trace_doctor_open(&doctor, &scene->source, &options), -ENOENT);
	options.checks = one;
	scene_add(scene, WIRE_EVENT_GAP, 0);
	scene_deliver(scene_message(scene, 3, "prices"), 7, "", WIRE_DROPPED_SLOW);
	assert_int_equal(trace_doctor_open(&doctor, &scene->source, &options), 0);
	while (scene->source.next(&scene->source, &event, NULL) > 0)
		assert_int_equal(trace_doctor_add(doctor, &event, true), 0);
	const struct trace_findings *findings = trace_doctor_end(doctor, scene->logs, 1);
	assert_int_equal(findings->len, 1);
	assert_string_equal(findings->list[0].check, "gap");
	trace_doctor_close(doctor);
}

/* A hundred subjects with the same trouble are not a hundred findings. */
static void of_many_findings_of_a_check_the_worst_are_kept(void **state)
{
	struct scene *scene = *state;
	size_t findings = 0;
	uint64_t evidence = 0;
	for (unsigned i = 0; i < 100; i++) {
		char subject[32];
		snprintf(subject, sizeof subject, "get.%c%c", 'a' + (char)(i / 10), 'a' + (char)(i % 10));
		for (unsigned j = 0; j <= i; j++)
			scene_unheard(scene_request(scene, subject, i * 1000 + j));
	}
	scene_examine(scene);
	for (size_t i = 0; i < scene->findings->len; i++)
		if (strcmp(scene->findings->list[i].check, "no-responders") == 0) {
			findings++;
			evidence += scene->findings->list[i].evidence.count;
		}
	assert_int_equal(findings, 11);
	assert_int_equal(evidence, 100 * 101 / 2);
	assert_non_null(strstr(scene_finding(scene, "no-responders")->text, "100 of 100 requests on get.jj"));
}

/* A message that was not asked for is taken for the reply to one that was, and for nothing else. */
static void replies_count_although_they_were_not_chosen(void **state)
{
	struct scene *scene = *state;
	const struct trace_doctor_options options = {.memory_bytes = TRACE_DOCTOR_MEMORY_LEAST};
	struct trace_doctor *doctor;
	struct trace_doctor_scope scope;
	struct wire_event event;
	scene_exchange(scene, "stock.get", 0, 20, 1);
	scene_exchange(scene, "other.get", 100, 20, 1);
	scene_wait(scene, 6000);
	scene_message(scene, 3, "stock.tick");
	assert_int_equal(trace_doctor_open(&doctor, &scene->source, &options), 0);
	while (scene->source.next(&scene->source, &event, NULL) > 0)
		assert_int_equal(
		    trace_doctor_add(doctor, &event, memcmp(event.subject.data, "stock", 5) == 0), 0);
	const struct trace_findings *findings = trace_doctor_end(doctor, scene->logs, 1);
	for (size_t i = 0; i < findings->len; i++)
		assert_string_not_equal(findings->list[i].check, "unanswered");
	trace_doctor_scope(doctor, &scope);
	assert_int_equal(scope.messages, 21);
	trace_doctor_close(doctor);
}

static void checks_have_names_of_their_own(void **state)
{
	struct trace_doctor_check check, other;
	(void)state;
	size_t count = 0;
	for (; trace_doctor_list(count, &check); count++) {
		assert_true(strlen(check.name) < 20 && strlen(check.finds) > 10);
		for (size_t i = 0; i < count; i++) {
			assert_true(trace_doctor_list(i, &other));
			assert_string_not_equal(check.name, other.name);
		}
	}
	assert_true(count >= 25);
}

/* ---- memory ---- */

static uint64_t left_out(const struct scene *scene, const char *what)
{
	struct trace_doctor_left_out left_out;
	for (size_t i = 0; trace_doctor_left_out(scene->doctor, i, &left_out); i++)
		if (strcmp(left_out.what, what) == 0)
			return left_out.count;
	fail_msg("there is no table of %s", what);
	return 0;
}

static void take_more_than_there_is_room_for(struct scene *scene)
{
	scene->memory_bytes = TRACE_DOCTOR_MEMORY_LEAST;
	for (unsigned i = 0; i < 40000; i++) {
		struct scene_event *event = scene_message(scene, 3, "");
		snprintf(event->subject, sizeof event->subject, "id.%u", i);
	}
	for (unsigned i = 0; i < 40000; i++) {
		char name[32];
		snprintf(name, sizeof name, "ask.x%ux", i < 8000 ? i : 0);
		if (i < 8000) {
			struct scene_event *event = scene_add(scene, WIRE_EVENT_SUBSCRIBE, 2);
			snprintf(event->subject, sizeof event->subject, "%s", name);
			snprintf(event->sid, sizeof event->sid, "%u", i);
			event = scene_message(scene, 3, "tick");
			snprintf(event->reply, sizeof event->reply,
				 "$JS.ACK.S.c%u.1.2.3.1700000000000000000.0", i);
		}
		scene_request(scene, name, i);
		scene->now_ns -= MS - 1000;
	}
}

static void every_full_table_says_so(void **state)
{
	static const char *const full[] = {
	    "messages on further subjects", "messages whose subject was not counted as a name of its own",
	    "requests forgotten before a reply was due", "further subscriptions",
	    "deliveries of further JetStream consumers"};
	struct scene *scene = *state;
	scene_background(scene, 2);
	scene_examine(scene);
	struct trace_doctor_left_out found;
	for (size_t i = 0; trace_doctor_left_out(scene->doctor, i, &found); i++)
		assert_int_equal(found.count, 0);
	scene_clear(scene);
	take_more_than_there_is_room_for(scene);
	scene_examine(scene);
	for (size_t i = 0; i < sizeof full / sizeof *full; i++)
		if (left_out(scene, full[i]) == 0)
			fail_msg("room for all %s", full[i]);
	assert_int_equal(left_out(scene, "further subscriptions"), 8000 - 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(a_clock_step_of_a_second_is_a_warning_and_a_small_one_a_note),
	    SCENE_TEST(gaps_and_damage_are_told_apart),
	    SCENE_TEST(what_is_unknown_is_said),
	    SCENE_TEST(retention_is_a_warning_when_it_deletes_evidence),
	    SCENE_TEST(retention_without_evidence_is_a_note),
	    SCENE_TEST(a_log_that_nobody_writes_or_that_is_whole_is_not_deleted),
	    SCENE_TEST(clocks_of_two_hosts_that_differ_are_found_by_both_ways),
	    SCENE_TEST(a_way_into_the_past_shows_a_clock_that_is_behind),
	    SCENE_TEST(slow_ways_are_no_skew),
	    SCENE_TEST(recordings_of_the_same_messages_show_that_their_clocks_differ),
	    SCENE_TEST(times_at_both_ends_of_the_range_are_no_error),
	    SCENE_TEST(every_full_table_says_so),
	    SCENE_TEST(redeliveries_are_counted_by_consumer),
	    SCENE_TEST(a_consumer_with_ever_more_to_do_lags),
	    SCENE_TEST(a_stream_that_stores_in_the_future_has_another_clock),
	    SCENE_TEST(ordinary_traffic_has_no_critical_finding_and_no_warning),
	    SCENE_TEST(findings_are_sorted_by_severity),
	    SCENE_TEST(of_many_findings_of_a_check_the_worst_are_kept),
	    SCENE_TEST(only_the_checks_that_are_named_look),
	    SCENE_TEST(replies_count_although_they_were_not_chosen),
	    SCENE_TEST(checks_have_names_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
