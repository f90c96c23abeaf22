/* The doctor's checks of subjects, traffic and payloads: each finds its fault, and nothing in a recording that nearly has
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/trace/doctor/scene.h"

/* ---- nobody listens ---- */

static void nobody_listens_is_a_note(void **state)
{
	struct scene *scene = *state;
	scene_background(scene, 2);
	for (unsigned i = 0; i < 10; i++)
		scene_unheard(scene_message(scene, 3, "metrics.cpu"));
	const struct trace_finding *finding = scene_expect(
	    scene, "nobody-listens", TRACE_NOTE, "10 messages on 1 subject went to nobody: metrics.cpu");
	assert_int_equal(finding->evidence.count, 10);
	assert_null(scene_finding(scene, "listener-gone"));
}

static void one_message_that_was_heard_makes_a_listener(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "metrics.cpu");
	for (unsigned i = 0; i < 50; i++)
		scene_unheard(scene_message(scene, 3, "metrics.cpu"));
	scene_expect_none(scene, "nobody-listens");
}

static void nothing_is_said_of_listeners_that_may_be_unseen(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 50; i++) {
		struct scene_event *event = scene_message(scene, 3, "metrics.cpu");
		scene_unheard(event);
		event->event.flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	}
	scene_expect_none(scene, "nobody-listens");
}

static void lose_listener(struct scene *scene, unsigned unheard, int64_t pause_ms)
{
	for (unsigned i = 0; i < 30; i++)
		scene_message(scene, 3, "orders.new");
	for (unsigned i = 0; i < unheard; i++) {
		scene_unheard(scene_message(scene, 3, "orders.new"));
		scene_wait(scene, pause_ms);
	}
}

static void listener_gone_is_a_warning(void **state)
{
	lose_listener(*state, 10, 600);
	scene_expect(*state, "listener-gone", TRACE_WARNING, "the last 10 messages on orders.new");
}

static void a_listener_that_leaves_at_the_end_is_ordinary(void **state)
{
	lose_listener(*state, 9, 600);
	scene_expect_none(*state, "listener-gone");
	scene_clear(*state);
	lose_listener(*state, 100, 10);
	scene_expect_none(*state, "listener-gone");
}

static void a_listener_that_comes_back_is_not_gone(void **state)
{
	lose_listener(*state, 20, 600);
	scene_message(*state, 3, "orders.new");
	scene_expect_none(*state, "listener-gone");
}

/* ---- names ---- */

/* orders.PREFIX<number>.new */
static void name_many(struct scene *scene, const char *prefix, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char subject[64];
		snprintf(subject, sizeof subject, "orders.%s%u.new", prefix, i);
		scene_message(scene, 3, subject);
	}
}

static void subject_explosion_is_found_among_ids_and_among_words(void **state)
{
	struct scene *scene = *state;
	scene->memory_bytes = 64 << 20;
	name_many(*state, "", 10000);
	scene_expect(*state, "subject-explosion", TRACE_WARNING, "orders.*.new has 10000 different names");
	scene_clear(*state);
	name_many(*state, "user-", 10000);
	scene_expect(*state, "subject-explosion", TRACE_WARNING, "orders.*.new has 10000 different names");
}

static void fewer_names_are_no_explosion(void **state)
{
	name_many(*state, "", 9999);
	scene_expect_none(*state, "subject-explosion");
}

static void more_subjects_than_memory_are_said_to_be_left_out(void **state)
{
	struct scene *scene = *state;
	scene->memory_bytes = TRACE_DOCTOR_MEMORY_LEAST;
	name_many(scene, "user-", 9000);
	scene_expect(scene, "subject-explosion", TRACE_WARNING, "were not looked at (--memory)");
}

static void subjects_that_differ_in_case_are_noticed(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "orders.new");
	scene_message(scene, 3, "Orders.new");
	scene_expect(scene, "subject-case", TRACE_NOTE, "orders.new and Orders.new");
	scene_clear(scene);
	scene_message(scene, 3, "orders.new");
	scene_message(scene, 3, "orders.newer");
	scene_expect_none(scene, "subject-case");
}

/* ---- growth and silence ---- */

/* A minute of background, and of a subject that comes every `before` and later every `after` tenths of a second. */
static void change_rate(struct scene *scene, unsigned before, unsigned after, unsigned silent_from)
{
	for (unsigned i = 0; i < 640; i++) {
		unsigned times = i < 480 ? before : after;
		for (unsigned j = 0; j < times && i < silent_from; j++) {
			scene_message(scene, 3, "orders.new");
			scene->now_ns -= MS;
		}
		scene_message(scene, 4, i % 2 ? "tick.a" : "tick.b");
		scene_wait(scene, 99);
	}
}

static void subject_grew_more_than_the_others(void **state)
{
	change_rate(*state, 1, 5, 640);
	scene_expect(*state, "subject-grew", TRACE_WARNING, "orders.new grew");
}

static void a_subject_that_grew_three_times_is_not_reported(void **state)
{
	change_rate(*state, 1, 3, 640);
	scene_expect_none(*state, "subject-grew");
}

static void a_subject_that_grew_with_all_others_is_not_reported(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 640; i++) {
		for (unsigned j = 0; j < (i < 480 ? 1u : 5u); j++) {
			scene_message(scene, 3, "orders.new");
			scene_message(scene, 4, "tick");
			scene->now_ns -= 2 * MS;
		}
		scene_wait(scene, 100);
	}
	scene_expect_none(scene, "subject-grew");
}

static void subject_silent_while_others_went_on(void **state)
{
	change_rate(*state, 1, 1, 400);
	scene_expect(*state, "subject-silent", TRACE_WARNING, "orders.new fell silent: 400 messages");
}

static void a_subject_that_goes_on_to_the_end_is_not_silent(void **state)
{
	change_rate(*state, 1, 1, 600);
	scene_expect_none(*state, "subject-silent");
}

static void a_subject_that_ends_with_all_others_is_not_silent(void **state)
{
	struct scene *scene = *state;
	change_rate(scene, 1, 1, 640);
	scene_wait(scene, 30000);
	scene_message(scene, 5, "bye");
	scene_expect_none(scene, "subject-silent");
}

/* ---- dominance, bursts, fan-out ---- */

static void dominate(struct scene *scene, unsigned percent)
{
	static const char *const others[] = {"a", "b", "c", "d", "e"};
	for (unsigned i = 0; i < 1000; i++)
		if (i % 100 < percent)
			scene_message(scene, 3, "flood");
		else
			scene_message(scene, 10 + i % 5, others[i % 5]);
}

static void what_dominates_is_a_note(void **state)
{
	dominate(*state, 85);
	scene_expect(*state, "dominant-subject", TRACE_NOTE, "flood makes up 85.0%");
	scene_expect(*state, "dominant-client", TRACE_NOTE, "connection 3 of service-3 publishes 85.0%");
}

static void two_thirds_do_not_dominate(void **state)
{
	dominate(*state, 66);
	scene_expect_none(*state, "dominant-subject");
	scene_expect_none(*state, "dominant-client");
}

/* A minute at ten messages a second, with `burst` of them in one second. */
static void burst(struct scene *scene, unsigned count)
{
	scene_background(scene, 30);
	for (unsigned i = 0; i < count; i++) {
		scene_message(scene, 3, "batch");
		scene->now_ns -= MS - 100;
	}
	scene_background(scene, 30);
}

static void burst_is_ten_times_the_average(void **state)
{
	burst(*state, 500);
	scene_expect(*state, "burst", TRACE_NOTE, "messages within a second");
}

static void fewer_messages_are_no_burst(void **state)
{
	burst(*state, 480);
	scene_expect_none(*state, "burst");
}

/* A minute at a hundred messages a second, an hour without a recorder, and 600 messages within a second. */
static void the_average_leaves_out_the_time_without_a_recorder(void **state)
{
	enum { DOWN_MS = 3600 * 1000 };
	struct scene *scene = *state;
	for (unsigned i = 0; i < 6500; i++) {
		scene_message(scene, 3, "batch");
		scene_wait(scene, 9);
	}
	scene_wait(scene, DOWN_MS);
	struct wire_event *gap = &scene_add(scene, WIRE_EVENT_GAP, 0)->event;
	gap->from_ns = gap->time_ns - (int64_t)DOWN_MS * MS;
	gap->to_ns = gap->time_ns;
	gap->lost_messages = 100;
	for (unsigned i = 0; i < 600; i++)
		scene_message(scene, 3, "batch");
	scene_expect_none(scene, "burst");
}

static void fan_out(struct scene *scene, uint32_t receivers)
{
	for (unsigned i = 0; i < 100; i++) {
		struct scene_event *event = scene_message(scene, 3, "prices");
		event->event.receivers_len = 0;
		event->event.receiver_count = receivers;
	}
}

static void fan_out_is_a_note_and_for_hundreds_a_warning(void **state)
{
	fan_out(*state, 50);
	scene_expect(*state, "fan-out", TRACE_NOTE, "prices goes to 50 receivers");
	scene_clear(*state);
	fan_out(*state, 500);
	scene_expect(*state, "fan-out", TRACE_WARNING, "prices goes to 500 receivers");
}

static void fewer_receivers_are_no_fan_out(void **state)
{
	fan_out(*state, 49);
	scene_expect_none(*state, "fan-out");
}

/* ---- payloads ---- */

/* A hundred messages, of which some repeat the one before. */
static void repeat(struct scene *scene, unsigned repeats, int64_t after_ms)
{
	for (unsigned i = 0; i < 100; i++) {
		struct scene_event *event = scene_message(scene, 3, "orders.new");
		char payload[64];
		snprintf(payload, sizeof payload, "%s", event->payload);
		if (i >= repeats)
			continue;
		scene_wait(scene, after_ms);
		scene_payload(scene_message(scene, 4, "orders.new"), payload);
	}
}

static void duplicate_payloads_are_counted(void **state)
{
	repeat(*state, 5, 10);
	const struct trace_finding *finding =
	    scene_expect(*state, "duplicate-payload", TRACE_WARNING, "5 of 105 messages on orders.new");
	assert_int_equal(finding->evidence.seqs[0], 2);
}

static void four_duplicates_and_old_ones_are_ordinary(void **state)
{
	repeat(*state, 4, 10);
	scene_expect_none(*state, "duplicate-payload");
	scene_clear(*state);
	repeat(*state, 20, 121000);
	scene_expect_none(*state, "duplicate-payload");
}

static void heartbeats_are_no_duplicates(void **state)
{
	struct scene *scene = *state;
	for (unsigned i = 0; i < 100; i++)
		scene_payload(scene_message(scene, 3, "heartbeat"), "{\"status\":\"all is well\"}");
	scene_expect_none(scene, "duplicate-payload");
}

static void masked_payloads_are_not_compared(void **state)
{
	struct scene *scene = *state;
	repeat(scene, 50, 10);
	for (size_t i = 0; i < scene->count; i++)
		scene->events[i].event.flags = WIRE_EVENT_MASKED;
	scene_expect_none(scene, "duplicate-payload");
}

static void give_ids(struct scene *scene, unsigned repeats, bool same_payload)
{
	for (unsigned i = 0; i < 20 + repeats; i++) {
		struct scene_event *event = scene_message(scene, 3, "orders.new");
		unsigned id = i < 20 ? i : i - 20;
		snprintf(event->headers, sizeof event->headers, "NATS/1.0\r\nNats-Msg-Id: id-%u\r\n\r\n", id);
		if (same_payload) {
			char payload[40];
			snprintf(payload, sizeof payload, "{\"order\":%u,\"sku\":1}", id);
			scene_payload(event, payload);
		}
	}
}

static void duplicate_ids_are_counted(void **state)
{
	give_ids(*state, 5, true);
	scene_expect(*state, "duplicate-id", TRACE_WARNING, "5 messages were published again");
	scene_clear(*state);
	give_ids(*state, 1, false);
	scene_expect(*state, "duplicate-id", TRACE_WARNING, "with another payload");
}

static void ids_of_their_own_are_no_duplicates(void **state)
{
	give_ids(*state, 4, true);
	scene_expect_none(*state, "duplicate-id");
	scene_clear(*state);
	give_ids(*state, 0, false);
	scene_expect_none(*state, "duplicate-id");
}

static void payloads_near_the_limit_are_noticed(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "images")->event.size = 786432;
	const struct trace_finding *finding = scene_expect(scene, "payload-limit", TRACE_WARNING,
							   "images are up to 0.75 MiB; the limit is 1 MiB");
	assert_int_equal(finding->evidence.seqs[0], 1);
	scene_clear(scene);
	scene_message(scene, 3, "images")->event.size = 786431;
	scene_expect_none(scene, "payload-limit");
}

static void a_larger_payload_shows_that_the_limit_is_higher(void **state)
{
	struct scene *scene = *state;
	scene_message(scene, 3, "images")->event.size = 900000;
	scene_message(scene, 3, "films")->event.size = 2 << 20;
	scene_expect_none(scene, "payload-limit");
	scene_clear(scene);
	scene_message(scene, 3, "films")->event.size = 6 << 20;
	scene_expect(scene, "payload-limit", TRACE_WARNING, "films are up to 6.00 MiB; the limit is 8 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(nobody_listens_is_a_note),
	    SCENE_TEST(one_message_that_was_heard_makes_a_listener),
	    SCENE_TEST(nothing_is_said_of_listeners_that_may_be_unseen),
	    SCENE_TEST(listener_gone_is_a_warning),
	    SCENE_TEST(a_listener_that_leaves_at_the_end_is_ordinary),
	    SCENE_TEST(a_listener_that_comes_back_is_not_gone),
	    SCENE_TEST(subject_explosion_is_found_among_ids_and_among_words),
	    SCENE_TEST(fewer_names_are_no_explosion),
	    SCENE_TEST(more_subjects_than_memory_are_said_to_be_left_out),
	    SCENE_TEST(subjects_that_differ_in_case_are_noticed),
	    SCENE_TEST(subject_grew_more_than_the_others),
	    SCENE_TEST(a_subject_that_grew_three_times_is_not_reported),
	    SCENE_TEST(a_subject_that_grew_with_all_others_is_not_reported),
	    SCENE_TEST(subject_silent_while_others_went_on),
	    SCENE_TEST(a_subject_that_goes_on_to_the_end_is_not_silent),
	    SCENE_TEST(a_subject_that_ends_with_all_others_is_not_silent),
	    SCENE_TEST(what_dominates_is_a_note),
	    SCENE_TEST(two_thirds_do_not_dominate),
	    SCENE_TEST(burst_is_ten_times_the_average),
	    SCENE_TEST(fewer_messages_are_no_burst),
	    SCENE_TEST(the_average_leaves_out_the_time_without_a_recorder),
	    SCENE_TEST(fan_out_is_a_note_and_for_hundreds_a_warning),
	    SCENE_TEST(fewer_receivers_are_no_fan_out),
	    SCENE_TEST(duplicate_payloads_are_counted),
	    SCENE_TEST(four_duplicates_and_old_ones_are_ordinary),
	    SCENE_TEST(heartbeats_are_no_duplicates),
	    SCENE_TEST(masked_payloads_are_not_compared),
	    SCENE_TEST(duplicate_ids_are_counted),
	    SCENE_TEST(ids_of_their_own_are_no_duplicates),
	    SCENE_TEST(payloads_near_the_limit_are_noticed),
	    SCENE_TEST(a_larger_payload_shows_that_the_limit_is_higher),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
