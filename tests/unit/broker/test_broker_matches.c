/* One publisher with more subjects than the processor caches and its match cache hold, while subscriptions come and
 * go between and within its writes. Deliveries agree with a plain model that tests every subscription for every
 * message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/broker/broker_fixture.h"
#include "wire/subject.h"

enum { CALLERS = 3, PUBLISHER = 0, SUBS_MAX = 4000, SIZE = 12 };

static struct broker_fixture fixture;
static struct speech speech;
static struct caller callers[CALLERS];

/* ---- the model ---- */

struct model_sub {
	int caller; /* -1: there is none */
	uint32_t sid;
	char pattern[24];
	uint32_t delivered, max; /* max 0 = no limit */
};

/* A delivery that a caller expects; the deliveries of one message come in any order. */
struct expected {
	uint32_t number, sid;
};

static struct {
	struct model_sub subs[SUBS_MAX];
	uint32_t subs_len;
	struct expected *expected[CALLERS];
	size_t expected_len[CALLERS], expected_cap[CALLERS];
	uint32_t number; /* of the next message */
	uint64_t ended;  /* subscriptions that reached their maximum */
} model;

static void expect(int caller, uint32_t number, uint32_t sid)
{
	if (model.expected_len[caller] == model.expected_cap[caller]) {
		size_t cap = model.expected_cap[caller] ? 2 * model.expected_cap[caller] : 1024;
		model.expected[caller] = realloc(model.expected[caller], cap * sizeof(struct expected));
		assert_non_null(model.expected[caller]);
		model.expected_cap[caller] = cap;
	}
	model.expected[caller][model.expected_len[caller]++] = (struct expected){number, sid};
}

static void deliver_in_model(struct wire_slice subject)
{
	for (uint32_t i = 0; i < model.subs_len; i++) {
		struct model_sub *sub = &model.subs[i];
		if (sub->caller < 0 || !wire_subject_matches(wire_slice_str(sub->pattern), subject))
			continue;
		expect(sub->caller, model.number, sub->sid);
		sub->delivered++;
		if (sub->max > 0 && sub->delivered >= sub->max) {
			sub->caller = -1;
			model.ended++;
		}
	}
}

/* ---- operations, and their effect on the model ---- */

static void say_publish(uint32_t subject)
{
	char text[24];
	snprintf(text, sizeof text, "s%u.%u", subject % 10, subject);
	speech_publish(&speech, text, model.number, SIZE);
	deliver_in_model(wire_slice_str(text));
	model.number++;
}

static void say_subscribe(int caller, const char *pattern, uint32_t max)
{
	char text[100];
	assert_true(model.subs_len < SUBS_MAX);
	struct model_sub *sub = &model.subs[model.subs_len++];
	*sub = (struct model_sub){.caller = caller, .sid = model.subs_len, .max = max};
	snprintf(sub->pattern, sizeof sub->pattern, "%s", pattern);
	snprintf(text, sizeof text, "SUB %s %u\r\n", pattern, sub->sid);
	speech_add(&speech, text);
	if (max > 0) {
		snprintf(text, sizeof text, "UNSUB %u %u\r\n", sub->sid, max);
		speech_add(&speech, text);
	}
}

/* Unsubscribe any subscription, if it belongs to the caller and has not ended. */
static void say_unsubscribe(int caller)
{
	char text[100];
	if (model.subs_len == 0)
		return;
	struct model_sub *sub = &model.subs[(uint32_t)rand() % model.subs_len];
	if (sub->caller != caller)
		return;
	snprintf(text, sizeof text, "UNSUB %u\r\n", sub->sid);
	speech_add(&speech, text);
	sub->caller = -1;
}

/* A pattern: one subject, all subjects of a tenth, or rarely all subjects. */
static void say_any_subscription(int caller, uint32_t subjects)
{
	char pattern[24];
	uint32_t subject = (uint32_t)rand() % subjects, dice = (uint32_t)rand() % 100;
	if (dice < 90)
		snprintf(pattern, sizeof pattern, "s%u.%u", subject % 10, subject);
	else if (dice < 97)
		snprintf(pattern, sizeof pattern, "s%u.*", subject % 10);
	else
		snprintf(pattern, sizeof pattern, "*.>");
	say_subscribe(caller, pattern, dice >= 90 || dice < 45 ? 1 + (uint32_t)rand() % 40 : 0);
}

/* ---- deliveries ---- */

static int by_sid(const void *left, const void *right)
{
	const struct expected *a = left, *b = right;
	return a->sid < b->sid ? -1 : a->sid > b->sid;
}

/* The number of deliveries from `from` on that belong to one message. */
static size_t same_number(const struct expected *list, size_t len, size_t from)
{
	size_t to = from;
	while (to < len && list[to].number == list[from].number)
		to++;
	return to;
}

static struct expected hear_message(int caller)
{
	struct wire_op op;
	char sid[12] = "";
	assert_true(caller_hear(&callers[caller], &op));
	if (op.verb != WIRE_MSG || op.sid.len >= sizeof sid)
		fail_msg("caller %d hears %s", caller, wire_verb_name(op.verb));
	memcpy(sid, op.sid.data, op.sid.len);
	return (struct expected){payload_number(op.payload), (uint32_t)strtoul(sid, NULL, 10)};
}

static void hear_all(int caller)
{
	enum { TOGETHER = SUBS_MAX };
	static struct expected heard[TOGETHER];
	struct expected *want = model.expected[caller];
	size_t len = model.expected_len[caller];
	for (size_t from = 0, to; from < len; from = to) {
		to = same_number(want, len, from);
		for (size_t i = from; i < to; i++)
			heard[i - from] = hear_message(caller);
		qsort(heard, to - from, sizeof *heard, by_sid);
		qsort(want + from, to - from, sizeof *want, by_sid);
		for (size_t i = from; i < to; i++)
			if (heard[i - from].number != want[i].number || heard[i - from].sid != want[i].sid)
				fail_msg("caller %d hears message %u on %u, wanted %u on %u", caller,
					 heard[i - from].number, heard[i - from].sid, want[i].number,
					 want[i].sid);
	}
	model.expected_len[caller] = 0;
	caller_hear_pong(&callers[caller]);
}

/* Send everything with one write, then check that every caller got the expected deliveries and nothing else. */
static void speak(int caller)
{
	speech_add(&speech, "PING\r\n");
	caller_speak(&callers[caller], &speech);
	hear_all(caller);
	for (int i = 0; i < CALLERS; i++) {
		if (i == caller)
			continue;
		caller_say(&callers[i], "PING\r\n");
		hear_all(i);
	}
}

/* ---- the tests ---- */

static int begin(void **state)
{
	(void)state;
	memset(&model, 0, sizeof model);
	srand(77);
	broker_fixture_start(&fixture, NULL, NULL);
	for (int i = 0; i < CALLERS; i++)
		caller_join(&fixture, &callers[i], HELLO);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int i = 0; i < CALLERS; i++)
		free(model.expected[i]);
	speech_fini(&speech);
	broker_fixture_fini(&fixture);
	return 0;
}

static void leave(void)
{
	for (int i = 0; i < CALLERS; i++)
		caller_leave(&callers[i]);
	broker_fixture_stop(&fixture);
	assert_int_equal(fixture.messages_len, model.number);
	for (uint32_t i = 0; i < model.number; i++)
		assert_int_equal(fixture.messages[i].number, i);
	assert_true(fixture.outcomes[WIRE_SENT] > 0);
}

/* Some hundred messages, most of them on different subjects, some in runs, while the publisher's own subscriptions
 * come and go. */
static void publish_some(uint32_t subjects, int count)
{
	for (int i = 0; i < count; i++) {
		uint32_t subject = (uint32_t)rand() % subjects, dice = (uint32_t)rand() % 200;
		say_publish(subject);
		for (uint32_t more = dice < 4 ? 1 + dice * 20 : 0; more > 0; more--)
			say_publish(subject);
		if (dice == 10 || dice == 11)
			say_any_subscription(PUBLISHER, subjects);
		if (dice == 12 || dice == 13)
			say_unsubscribe(PUBLISHER);
	}
	speak(PUBLISHER);
}

static void change_subscriptions(int caller, uint32_t subjects, int count)
{
	for (int i = 0; i < count; i++) {
		say_any_subscription(caller, subjects);
		say_unsubscribe(caller);
	}
	speak(caller);
}

static void deliveries_agree_with_the_model_when_subjects_exceed_the_processor_cache(void **state)
{
	enum { SUBJECTS = 1500, ROUNDS = 60 };
	(void)state;
	for (uint32_t i = 0; i < SUBJECTS; i++)
		say_publish(i);
	speak(PUBLISHER);
	for (int round = 0; round < ROUNDS; round++) {
		change_subscriptions(1 + round % (CALLERS - 1), SUBJECTS, 15);
		publish_some(SUBJECTS, 600);
	}
	leave();
	assert_true(model.ended > 100);
	assert_true(fixture.totals.cache_hits > model.number / 4);
	assert_true(fixture.batches > 0);
}

/* The same subjects again and again in one write, in which a subscription ends among the messages parsed ahead. */
static void a_subscription_may_end_among_messages_parsed_ahead(void **state)
{
	enum { SUBJECTS = 1200 };
	(void)state;
	for (uint32_t max = 1; max < 70; max++) {
		say_subscribe(1, "s3.*", max);
		speak(1);
		say_subscribe(2, "s3.3", max);
		speak(2);
		for (uint32_t i = 0; i < (max == 1 ? SUBJECTS : 100); i++)
			say_publish(i);
		for (uint32_t i = 0; i < 100; i++)
			say_publish(i % 5);
		speak(PUBLISHER);
	}
	leave();
}

static void deliveries_agree_with_the_model_when_subjects_exceed_the_match_cache(void **state)
{
	enum { SUBJECTS = 145000, PART = 20000 };
	(void)state;
	change_subscriptions(1, SUBJECTS, 30);
	change_subscriptions(2, SUBJECTS, 30);
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t from = 0; from < SUBJECTS; from += PART) {
			for (uint32_t i = from; i < from + PART && i < SUBJECTS; i++)
				say_publish(i);
			speak(PUBLISHER);
			change_subscriptions(1 + (int)(from / PART) % 2, SUBJECTS, 3);
			publish_some(SUBJECTS, 500);
		}
	}
	leave();
}

int main(void)
{
#define ROUTES_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
	    ROUTES_TEST(deliveries_agree_with_the_model_when_subjects_exceed_the_processor_cache),
	    ROUTES_TEST(a_subscription_may_end_among_messages_parsed_ahead),
	    ROUTES_TEST(deliveries_agree_with_the_model_when_subjects_exceed_the_match_cache),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
