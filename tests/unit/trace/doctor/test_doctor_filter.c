/* Findings are about what the filter passes; the facts that they need are established from all events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/trace/doctor/scene.h"

static void subscribe(struct scene *scene, uint64_t conn, const char *pattern, const char *sid)
{
	struct scene_event *event = scene_add(scene, WIRE_EVENT_SUBSCRIBE, conn);
	snprintf(event->subject, sizeof event->subject, "%s", pattern);
	snprintf(event->sid, sizeof event->sid, "%s", sid);
}

static void subscriptions_outside_the_filter_are_not_said_to_be_unfed(void **state)
{
	struct scene *scene = *state;
	scene->filter = "tock";
	subscribe(scene, 2, "tick.*", "9");
	subscribe(scene, 5, "tock.now", "9");
	scene_background(scene, 31);
	scene_message(scene, 4, "tock.then");
	const struct trace_finding *finding = scene_expect(
	    scene, "never-fed", TRACE_NOTE, "1 subscription never got a message: tock.now (service-5)");
	assert_int_equal(finding->evidence.seqs[0], 2);
}

static void a_message_outside_the_filter_feeds_its_subscription(void **state)
{
	struct scene *scene = *state;
	subscribe(scene, 2, "tick.*", "1");
	scene_background(scene, 31);
	scene->filter = "tick.*";
	scene_expect_none(scene, "never-fed");
}

static void shares_are_those_of_what_the_filter_passes(void **state)
{
	struct scene *scene = *state;
	scene->filter = "tick";
	scene_background(scene, 200);
	for (unsigned i = 0; i < 5000; i++)
		scene_message(scene, 1 + i % 2, i % 2 ? "other.a" : "other.b");
	for (unsigned conn = 6; conn < 9; conn++)
		scene_message(scene, conn, "tick.a");
	scene_expect_none(scene, "dominant-client");
	struct trace_doctor_scope scope;
	trace_doctor_scope(scene->doctor, &scope);
	assert_int_equal(scope.messages, 2003);
	assert_int_equal(scope.clients, 7);
}

/* Clients that leak inboxes, flap, have no name, or are old, and many names of a subject. */
static void make_trouble(struct scene *scene)
{
	scene_client(scene, 5, "", "10.0.0.5:4000", "go", "1.2.0");
	for (unsigned i = 0; i < 6; i++) {
		scene_add(scene, WIRE_EVENT_CONNECT, i == 0 ? 5 : 5 + i);
		scene_client(scene, 6 + i, "", "10.0.0.5:4000", "go", "1.2.0");
		scene_add(scene, WIRE_EVENT_DISCONNECT, i == 0 ? 5 : 5 + i);
	}
	for (unsigned i = 0; i < 150; i++) {
		char inbox[32];
		snprintf(inbox, sizeof inbox, "_INBOX.x%u", i);
		subscribe(scene, 4, inbox, "1");
	}
	for (unsigned i = 0; i < 10000; i++) {
		char subject[32];
		snprintf(subject, sizeof subject, "session.%u.seen", 100000 + i);
		scene_message(scene, 4, subject);
	}
}

static void what_no_chosen_event_names_is_left_out(void **state)
{
	static const char *const checks[] = {"inbox-leak", "subject-explosion", "flapping", "old-client",
					     "no-name"};
	struct scene *scene = *state;
	make_trouble(scene);
	scene_examine(scene);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		assert_non_null(scene_finding(scene, checks[i]));
	scene->filter = "nosuch";
	scene_examine(scene);
	assert_int_equal(scene->findings->len, 0);
}

static void a_client_that_a_chosen_message_names_is_judged_by_all_its_events(void **state)
{
	struct scene *scene = *state;
	make_trouble(scene);
	scene->filter = "audit";
	scene_unheard(scene_message(scene, 4, "audit.log"));
	scene_expect(scene, "inbox-leak", TRACE_WARNING, "holds 150 subscriptions");
	assert_null(scene_finding(scene, "old-client"));
}

static void findings_about_the_recording_are_not_filtered(void **state)
{
	struct scene *scene = *state;
	scene->filter = "tick";
	scene_message(scene, 3, "tick.a");
	scene_add(scene, WIRE_EVENT_GAP, 0);
	scene_expect(scene, "gap", TRACE_WARNING, "1 gap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(subscriptions_outside_the_filter_are_not_said_to_be_unfed),
	    SCENE_TEST(a_message_outside_the_filter_feeds_its_subscription),
	    SCENE_TEST(shares_are_those_of_what_the_filter_passes),
	    SCENE_TEST(what_no_chosen_event_names_is_left_out),
	    SCENE_TEST(a_client_that_a_chosen_message_names_is_judged_by_all_its_events),
	    SCENE_TEST(findings_about_the_recording_are_not_filtered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
