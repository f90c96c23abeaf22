/* Latencies and topology of a log of real clients, compared with what the clients measured themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/broker.h"
#include "support/run.h"

enum { REQUESTS = 200, TRIES = 5 };

#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static natsConnection *connect_as(const struct support_broker *broker, const char *name)
{
	natsOptions *options;
	natsConnection *connection;
	char url[64];
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", broker->server.port);
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetURL(options, url));
	MUST(natsOptions_SetName(options, name));
	MUST(natsConnection_Connect(&connection, options));
	natsOptions_Destroy(options);
	return connection;
}

struct responder {
	bool is_silent;
};

/* The payload of a request is its number; every tenth one takes 3 ms. */
static void answer(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *context)
{
	struct responder *responder = context;
	int number = atoi(natsMsg_GetData(msg));
	(void)sub;
	if (number % 10 == 0)
		nats_Sleep(3);
	if (!responder->is_silent)
		natsConnection_PublishString(connection, natsMsg_GetReply(msg), "done");
	natsMsg_Destroy(msg);
}

/* Send the requests one after the other; own_ns[] gets the time that the requester measured for each. */
static void ask_all(natsConnection *requester, const char *subject, int64_t *own_ns)
{
	char number[16];
	for (int i = 0; i < REQUESTS; i++) {
		natsMsg *reply;
		snprintf(number, sizeof number, "%d", i);
		int64_t asked_ns = now_ns();
		MUST(natsConnection_RequestString(&reply, requester, subject, number, 20000));
		own_ns[i] = now_ns() - asked_ns;
		natsMsg_Destroy(reply);
	}
}

/* Stop the broker, and run `tapedeck trace LOG --json VIEW [OPTION]`. */
static json_t *ask_tapedeck(struct support_broker *broker, const char *view, const char *option)
{
	char *text;
	assert_int_equal(support_server_close(&broker->server), 0);
	const char *const args[] = {support_tapedeck(), "trace", broker->log, "--json", view, option, NULL};
	assert_int_equal(support_run(args, &text), 0);
	json_t *answer = json_loads(text, 0, NULL);
	if (!answer)
		fail_msg("no JSON: %.500s", text);
	free(text);
	return answer;
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int by_seq(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	return atoi(json_string_value(json_object_get(*x, "seq"))) -
	       atoi(json_string_value(json_object_get(*y, "seq")));
}

/* Each request took at least as long as its responder slept and at most as long as its requester waited. Returns the median of
 * how much longer the requester waited than the log says. */
static int64_t compare(const json_t *slow, const int64_t *own_ns)
{
	json_t *sorted[REQUESTS];
	int64_t more_ns[REQUESTS];
	assert_int_equal(json_array_size(slow), REQUESTS);
	for (size_t i = 0; i < REQUESTS; i++)
		sorted[i] = json_array_get(slow, i);
	qsort(sorted, REQUESTS, sizeof *sorted, by_seq);
	for (int i = 0; i < REQUESTS; i++) {
		double us = json_number_value(json_object_get(sorted[i], "latency_us"));
		int64_t ns = (int64_t)(us * 1000 + 0.5);
		if (i % 10 == 0)
			assert_true(ns >= 3000000);
		if (ns > own_ns[i])
			fail_msg("request %d: %ld ns in the log, %ld ns for its requester", i, (long)ns,
				 (long)own_ns[i]);
		more_ns[i] = own_ns[i] - ns;
	}
	qsort(more_ns, REQUESTS, sizeof *more_ns, by_number);
	return more_ns[REQUESTS / 2];
}

/* The two times agree to 1 ms. A busy machine may delay the clients themselves, so there are several attempts. */
static void latencies_are_those_that_the_clients_measured(void **state)
{
	int64_t median_ns = INT64_MAX;
	(void)state;
	for (int i = 0; i < TRIES && median_ns > 1000000; i++) {
		struct support_broker broker;
		struct responder responder = {0};
		int64_t own_ns[REQUESTS];
		natsSubscription *sub;
		support_broker_open(&broker, NULL, true);
		natsConnection *service = connect_as(&broker, "service");
		natsConnection *requester = connect_as(&broker, "requester");
		MUST(natsConnection_Subscribe(&sub, service, "ask", answer, &responder));
		MUST(natsConnection_Flush(service));
		ask_all(requester, "ask", own_ns);
		natsSubscription_Destroy(sub);
		natsConnection_Destroy(requester);
		natsConnection_Destroy(service);
		json_t *answer = ask_tapedeck(&broker, "--latency", "--slow=1ns");
		median_ns = compare(json_object_get(answer, "slow"), own_ns);
		json_t *row = json_array_get(json_object_get(answer, "subjects"), 0);
		assert_string_equal(json_string_value(json_object_get(row, "subject")), "ask");
		assert_int_equal(number_of(row, "answered"), REQUESTS);
		assert_int_equal(number_of(row, "unanswered"), 0);
		row = json_array_get(json_object_get(answer, "responders"), 0);
		assert_string_equal(json_string_value(json_object_get(row, "responder")), "service");
		json_decref(answer);
		support_tempdir_close(&broker.dir);
	}
	assert_in_range(median_ns, 0, 1000000);
}

static void no_reply_and_no_responders_are_distinguished(void **state)
{
	struct support_broker broker;
	struct responder silent = {.is_silent = true};
	natsSubscription *sub;
	natsMsg *reply;
	(void)state;
	support_broker_open(&broker, NULL, true);
	natsConnection *service = connect_as(&broker, "silent");
	natsConnection *requester = connect_as(&broker, "requester");
	MUST(natsConnection_Subscribe(&sub, service, "ask", answer, &silent));
	MUST(natsConnection_Flush(service));
	assert_int_equal(natsConnection_RequestString(&reply, requester, "ask", "1", 50), NATS_TIMEOUT);
	assert_int_equal(natsConnection_RequestString(&reply, requester, "nobody", "1", 20000),
			 NATS_NO_RESPONDERS);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(requester);
	natsConnection_Destroy(service);
	json_t *answer = ask_tapedeck(&broker, "--latency", NULL);
	const json_t *total = json_object_get(answer, "total");
	assert_int_equal(number_of(total, "count"), 2);
	assert_int_equal(number_of(total, "unanswered"), 1);
	assert_int_equal(number_of(total, "no_responders"), 1);
	const json_t *row = json_array_get(json_object_get(answer, "responders"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "responder")), "silent");
	assert_int_equal(number_of(row, "unanswered"), 1);
	json_decref(answer);
	support_tempdir_close(&broker.dir);
}

/* Three members of a queue group, a subject without subscribers, and a subscription that gets no messages. */
static void the_graph_is_that_of_the_clients(void **state)
{
	enum { MEMBERS = 3 };
	struct support_broker broker;
	struct responder responder = {0};
	natsConnection *members[MEMBERS];
	natsSubscription *subs[MEMBERS], *unfed;
	int64_t own_ns[REQUESTS];
	(void)state;
	support_broker_open(&broker, (const char *[]){"--record-detail=protocol", NULL}, true);
	natsConnection *requester = connect_as(&broker, "requester");
	for (int i = 0; i < MEMBERS; i++) {
		members[i] = connect_as(&broker, "worker");
		MUST(natsConnection_QueueSubscribe(&subs[i], members[i], "ask", "workers", answer,
						   &responder));
		MUST(natsConnection_Flush(members[i]));
	}
	MUST(natsConnection_SubscribeSync(&unfed, members[0], "never.*"));
	ask_all(requester, "ask", own_ns);
	MUST(natsConnection_PublishString(requester, "unheard", "x"));
	MUST(natsConnection_Flush(requester));
	for (int i = 0; i < MEMBERS; i++) {
		natsSubscription_Destroy(subs[i]);
		if (i == 0)
			natsSubscription_Destroy(unfed);
		natsConnection_Destroy(members[i]);
	}
	natsConnection_Destroy(requester);
	json_t *answer = ask_tapedeck(&broker, "--graph", NULL);
	const json_t *group = json_array_get(json_object_get(answer, "queue_groups"), 0);
	assert_string_equal(json_string_value(json_object_get(group, "queue")), "workers");
	assert_int_equal(number_of(group, "deliveries"), REQUESTS);
	assert_int_equal(json_array_size(json_object_get(group, "members")), MEMBERS);
	const json_t *unheard = json_object_get(answer, "unheard");
	assert_int_equal(json_array_size(unheard), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(unheard, 0), "subject")),
			    "unheard");
	const json_t *hungry = json_object_get(answer, "unfed");
	assert_int_equal(json_array_size(hungry), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(hungry, 0), "subject")),
			    "never.*");
	json_decref(answer);
	support_tempdir_close(&broker.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(latencies_are_those_that_the_clients_measured),
	    cmocka_unit_test(no_reply_and_no_responders_are_distinguished),
	    cmocka_unit_test(the_graph_is_that_of_the_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
