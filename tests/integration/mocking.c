/* mocking.c - a recorded service is replaced by `tapedeck mock`, and its clients do not notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <nats/nats.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "support/broker.h"
#include "support/fail.h"

enum { WAIT_MS = 20000, DELAY_MS = 40 };

/* The call must succeed; else the text of the status is printed. */
#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

struct transcript {
	char *text;
	size_t len;
	FILE *file;
};

struct fixture {
	struct support_broker recorded; /* has ended; its log is what the mocks play */
	struct transcript transcript;   /* of what the client saw then */
	struct support_broker broker;   /* where they play it */
	natsConnection *client;
};

static natsConnection *connect_as(const struct support_broker *broker, const char *name)
{
	natsOptions *options;
	natsConnection *connection;
	char url[64];

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", broker->server.port);
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetURL(options, url));
	MUST(natsOptions_SetName(options, name));
	MUST(natsConnection_Connect(&connection, options));
	natsOptions_Destroy(options);
	return connection;
}

/* ---- the service that is recorded ---- */

static void reply_with(natsConnection *connection, natsMsg *request, const char *text, int number)
{
	natsMsg *reply;
	char payload[100];

	snprintf(payload, sizeof(payload), "%s %.*s, number %d", text, natsMsg_GetDataLength(request),
		 natsMsg_GetData(request), number);
	MUST(natsMsg_Create(&reply, natsMsg_GetReply(request), NULL, payload, (int)strlen(payload)));
	MUST(natsMsgHeader_Set(reply, "Served-By", "stock"));
	MUST(natsConnection_PublishMsg(connection, reply));
	natsMsg_Destroy(reply);
}

/* stock.get: one reply, which counts the requests. stock.list: three. stock.slow: one, after a while. */
static void serve(natsConnection *connection, natsSubscription *subscription, natsMsg *request, void *closure)
{
	const char *subject = natsMsg_GetSubject(request);
	int *count = closure;

	(void)subscription;
	if (strcmp(subject, "stock.slow") == 0)
		nats_Sleep(DELAY_MS);
	++*count;
	for (int i = 0; i < (strcmp(subject, "stock.list") == 0 ? 3 : 1); i++)
		reply_with(connection, request, subject, *count + i);
	natsMsg_Destroy(request);
}

/* ---- a client and what it sees ---- */

static void transcript_open(struct transcript *transcript)
{
	transcript->file = open_memstream(&transcript->text, &transcript->len);
}

static const char *transcript_text(struct transcript *transcript)
{
	fflush(transcript->file);
	return transcript->text;
}

static void transcript_close(struct transcript *transcript)
{
	fclose(transcript->file);
	free(transcript->text);
}

static void note_reply(struct transcript *transcript, natsMsg *reply)
{
	const char *served_by = "nobody";

	(void)natsMsgHeader_Get(reply, "Served-By", &served_by);
	fprintf(transcript->file, "%s: %.*s\n", served_by, natsMsg_GetDataLength(reply),
		natsMsg_GetData(reply));
	natsMsg_Destroy(reply);
}

static void ask(struct transcript *transcript, natsConnection *client, const char *subject,
		const char *payload)
{
	natsMsg *reply;

	MUST(natsConnection_RequestString(&reply, client, subject, payload, WAIT_MS));
	note_reply(transcript, reply);
}

static void ask_for_list(struct transcript *transcript, natsConnection *client, const char *payload)
{
	natsSubscription *inbox;
	natsMsg *reply;

	MUST(natsConnection_SubscribeSync(&inbox, client, "_INBOX.of.lists"));
	MUST(natsConnection_PublishRequestString(client, "stock.list", "_INBOX.of.lists", payload));
	for (int i = 0; i < 3; i++) {
		MUST(natsSubscription_NextMsg(&reply, inbox, WAIT_MS));
		note_reply(transcript, reply);
	}
	natsSubscription_Destroy(inbox);
}

/* Send the same requests to the service and to its mock. */
static void talk(struct transcript *transcript, natsConnection *client)
{
	ask(transcript, client, "stock.get", "apples");
	ask(transcript, client, "stock.get", "pears");
	ask(transcript, client, "stock.get", "apples");
	ask_for_list(transcript, client, "fruit");
	int64_t started_ns = support_now_ns();
	ask(transcript, client, "stock.slow", "truffles");
	assert_true(support_now_ns() - started_ns >= DELAY_MS * INT64_C(1000000));
	ask(transcript, client, "stock.get", "plums");
}

static void expect_reply(natsConnection *client, const char *subject, const char *payload, const char *text)
{
	natsMsg *reply;

	MUST(natsConnection_RequestString(&reply, client, subject, payload, WAIT_MS));
	assert_string_equal(natsMsg_GetData(reply), text);
	natsMsg_Destroy(reply);
}

/* ---- recording and mocking ---- */

/* Record the service while a client talks to it. */
static void record(struct support_broker *broker, struct transcript *transcript)
{
	support_broker_open(broker, NULL, true);
	natsConnection *service = connect_as(broker, "stock"), *client = connect_as(broker, "shop");
	natsSubscription *subscription;
	int count = 0;

	MUST(natsConnection_QueueSubscribe(&subscription, service, "stock.*", "keepers", serve, &count));
	MUST(natsConnection_Flush(service));
	talk(transcript, client);
	natsConnection_Destroy(client);
	natsSubscription_Destroy(subscription);
	natsConnection_Destroy(service);
	assert_int_equal(support_server_close(&broker->server), 0);
}

/* Run `tapedeck mock` with these options (NULL-terminated) and wait until it answers. */
static void mock_open(struct child *mock, const struct fixture *fixture, const char *const *options)
{
	const char *argv[24] = {support_tapedeck(), "mock", fixture->recorded.log, "--json", "--server"};
	char url[64];
	size_t count = 5;

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", fixture->broker.server.port);
	argv[count++] = url;
	while (*options)
		argv[count++] = *options++;
	child_open(mock, argv);
	if (!child_await_err(mock, "ready:", support_deadline_in(WAIT_MS)))
		fail_msg("%s", mock->err);
}

/* Stop it, and read its report. */
static json_t *mock_end(struct child *mock, int exit_status)
{
	json_error_t error;

	kill(mock->pid, SIGINT);
	assert_true(child_await_end(mock, support_deadline_in(WAIT_MS)));
	if (mock->status != exit_status)
		fail_msg("exit status %d\n%s%s", mock->status, mock->out, mock->err);
	json_t *report = json_loads(mock->out, 0, &error);
	if (!report)
		fail_msg("%s: %s", error.text, mock->out);
	child_close(mock);
	return report;
}

static json_int_t number(const json_t *report, const char *key)
{
	return json_integer_value(json_object_get(report, key));
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- stories ---- */

static void a_client_does_not_notice_the_mock(void **state)
{
	struct fixture *fixture = *state;
	const char *recorded = transcript_text(&fixture->transcript);
	struct transcript mocked;
	struct child mock;

	transcript_open(&mocked);
	assert_non_null(strstr(recorded, "stock: stock.get apples, number 3\n"));
	mock_open(&mock, fixture, OPTIONS("--service", "stock"));
	talk(&mocked, fixture->client);
	assert_string_equal(transcript_text(&mocked), recorded);
	json_t *report = mock_end(&mock, 0);
	assert_int_equal(number(report, "exact"), 6);
	assert_int_equal(number(report, "in_order"), 0);
	assert_int_equal(number(report, "replies"), 8);
	assert_int_equal(number(report, "recorded_requests"), 6);
	assert_int_equal(json_array_size(json_object_get(report, "subjects")), 3);
	json_decref(report);
	transcript_close(&mocked);
}

static void other_requests_are_answered_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;

	mock_open(&mock, fixture, OPTIONS("--subjects", "stock.*", "--speed", "max"));
	expect_reply(fixture->client, "stock.get", "grapes", "stock.get apples, number 1");
	expect_reply(fixture->client, "stock.get", "apples", "stock.get apples, number 3");
	expect_reply(fixture->client, "stock.get", "melons", "stock.get pears, number 2");
	/* The last recorded reply is repeated for all further requests. */
	expect_reply(fixture->client, "stock.get", "apples", "stock.get apples, number 3");
	json_t *report = mock_end(&mock, 0);
	assert_int_equal(number(report, "exact"), 2);
	assert_int_equal(number(report, "in_order"), 2);
	json_decref(report);
}

static void an_exact_mock_compares_headers(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;
	natsMsg *request, *reply;

	mock_open(&mock, fixture, OPTIONS("--subjects", "stock.*", "--exact", "--speed", "max"));
	expect_reply(fixture->client, "stock.get", "apples", "stock.get apples, number 1");
	MUST(natsMsg_Create(&request, "stock.get", NULL, "apples", 6));
	MUST(natsMsgHeader_Set(request, "Shelf", "2"));
	assert_int_equal(natsConnection_RequestMsg(&reply, fixture->client, request, WAIT_MS),
			 NATS_NO_RESPONDERS);
	natsMsg_Destroy(request);
	json_t *report = mock_end(&mock, 1);
	assert_int_equal(number(report, "exact"), 1);
	assert_int_equal(number(report, "in_order"), 0);
	assert_int_equal(number(report, "missed"), 1);
	json_decref(report);
}

static void a_miss_gets_no_responders(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;
	natsMsg *reply;

	mock_open(&mock, fixture, OPTIONS("--subjects", "stock.>"));
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    natsConnection_RequestString(&reply, fixture->client, "stock.sell", "apples", WAIT_MS),
		    NATS_NO_RESPONDERS);
	json_t *report = mock_end(&mock, 1);
	json_t *unknown = json_array_get(json_object_get(report, "unknown"), 0);
	assert_int_equal(number(report, "missed"), 2);
	assert_string_equal(json_string_value(json_object_get(unknown, "subject")), "stock.sell");
	assert_string_equal(json_string_value(json_object_get(unknown, "payload")), "apples");
	assert_int_equal(number(unknown, "times"), 2);
	json_decref(report);
}

static void a_miss_may_get_no_reply(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;
	natsMsg *reply;

	mock_open(&mock, fixture, OPTIONS("--subjects", "stock.>", "--on-miss", "silent"));
	assert_int_equal(natsConnection_RequestString(&reply, fixture->client, "stock.sell", "apples", 300),
			 NATS_TIMEOUT);
	json_decref(mock_end(&mock, 1));
}

static void a_miss_may_get_the_last_reply_again(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;

	mock_open(&mock, fixture, OPTIONS("--service", "stock", "--on-miss", "last"));
	expect_reply(fixture->client, "stock.slow", "truffles", "stock.slow truffles, number 5");
	expect_reply(fixture->client, "stock.slow", "morels", "stock.slow truffles, number 5");
	json_t *report = mock_end(&mock, 1);
	assert_int_equal(number(report, "missed"), 1);
	assert_int_equal(number(report, "replies"), 2);
	json_decref(report);
}

static void two_mocks_share_the_queue_group_of_the_service(void **state)
{
	enum { REQUESTS = 200 };
	struct fixture *fixture = *state;
	struct child mocks[2];
	json_int_t sum = 0;

	for (int i = 0; i < 2; i++)
		mock_open(&mocks[i], fixture, OPTIONS("--service", "stock", "--speed", "max"));
	for (int i = 0; i < REQUESTS; i++)
		expect_reply(fixture->client, "stock.get", "plums", "stock.get plums, number 6");
	for (int i = 0; i < 2; i++) {
		json_t *report = mock_end(&mocks[i], 0);
		assert_true(number(report, "exact") > 0);
		sum += number(report, "replies");
		json_decref(report);
	}
	assert_int_equal(sum, REQUESTS);
}

static void it_ends_after_the_given_number_of_requests(void **state)
{
	struct fixture *fixture = *state;
	struct child mock;
	natsMsg *reply;

	mock_open(&mock, fixture, OPTIONS("--service", "stock", "-n", "2"));
	expect_reply(fixture->client, "stock.slow", "truffles", "stock.slow truffles, number 5");
	expect_reply(fixture->client, "stock.slow", "truffles", "stock.slow truffles, number 5");
	assert_true(child_await_end(&mock, support_deadline_in(WAIT_MS)));
	assert_int_equal(mock.status, 0);
	child_close(&mock);
	assert_int_equal(natsConnection_RequestString(&reply, fixture->client, "stock.get", "plums", WAIT_MS),
			 NATS_NO_RESPONDERS);
}

static int setup(void **state)
{
	struct fixture *fixture = support_grow(NULL, sizeof(*fixture));

	*fixture = (struct fixture){0};
	transcript_open(&fixture->transcript);
	record(&fixture->recorded, &fixture->transcript);
	support_broker_open(&fixture->broker, NULL, false);
	fixture->client = connect_as(&fixture->broker, "shop");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	natsConnection_Destroy(fixture->client);
	support_broker_close(&fixture->broker);
	support_broker_close(&fixture->recorded);
	transcript_close(&fixture->transcript);
	free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_client_does_not_notice_the_mock),
	    cmocka_unit_test(other_requests_are_answered_in_order),
	    cmocka_unit_test(an_exact_mock_compares_headers),
	    cmocka_unit_test(a_miss_gets_no_responders),
	    cmocka_unit_test(a_miss_may_get_no_reply),
	    cmocka_unit_test(a_miss_may_get_the_last_reply_again),
	    cmocka_unit_test(two_mocks_share_the_queue_group_of_the_service),
	    cmocka_unit_test(it_ends_after_the_given_number_of_requests),
	};
	int failed = cmocka_run_group_tests(tests, setup, teardown);

	nats_Close();
	return failed;
}
