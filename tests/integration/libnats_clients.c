/* libnats clients: the C client library against a broker that records. TAPEDECK_TEST_BROKER=nats-server checks the
 * tests themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <nats/nats.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/broker.h"
#include "support/fail.h"

enum { WAIT_MS = 20000, MEGABYTE = 1024 * 1024 };

/* The call must succeed; else the text of the status is printed. */
#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

static struct support_broker *broker_of(void **state)
{
	return *state;
}

/* Wait until callbacks, which run in the library's threads, were called this many times. */
static void await_count(atomic_int *count, int wanted)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	while (atomic_load(count) < wanted && support_deadline_retry(deadline))
		continue;
	assert_int_equal(atomic_load(count), wanted);
}

static natsOptions *options_for(const struct support_broker *broker)
{
	natsOptions *options;
	char url[64];
	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", broker->server.port);
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetURL(options, url));
	return options;
}

static natsConnection *connect_to(const struct support_broker *broker)
{
	natsOptions *options = options_for(broker);
	natsConnection *connection;
	MUST(natsConnection_Connect(&connection, options));
	natsOptions_Destroy(options);
	return connection;
}

static void expect_text(natsSubscription *sub, const char *text)
{
	natsMsg *msg;
	MUST(natsSubscription_NextMsg(&msg, sub, WAIT_MS));
	assert_int_equal((size_t)natsMsg_GetDataLength(msg), strlen(text));
	assert_memory_equal(natsMsg_GetData(msg), text, strlen(text));
	natsMsg_Destroy(msg);
}

static void a_sync_subscriber_gets_messages_in_order(void **state)
{
	enum { COUNT = 10000 };
	natsConnection *publisher = connect_to(broker_of(state)), *reader = connect_to(broker_of(state));
	natsSubscription *sub;
	char text[32];
	MUST(natsConnection_SubscribeSync(&sub, reader, "order.*"));
	MUST(natsConnection_Flush(reader));
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "%d", i);
		MUST(natsConnection_PublishString(publisher, i % 2 ? "order.odd" : "order.even", text));
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "%d", i);
		expect_text(sub, text);
	}
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(reader);
	natsConnection_Destroy(publisher);
}

static void count_message(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)connection;
	(void)sub;
	atomic_fetch_add((atomic_int *)closure, 1);
	natsMsg_Destroy(msg);
}

static void an_async_subscriber_gets_every_message(void **state)
{
	enum { COUNT = 5000 };
	atomic_int count = 0;
	natsConnection *connection = connect_to(broker_of(state));
	natsSubscription *sub;
	MUST(natsConnection_Subscribe(&sub, connection, "async.>", count_message, &count));
	for (int i = 0; i < COUNT; i++)
		MUST(natsConnection_PublishString(connection, "async.a.b", "x"));
	await_count(&count, COUNT);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
}

static void a_queue_group_shares_messages_without_loss(void **state)
{
	enum { MEMBERS = 3, COUNT = 3000 };
	atomic_int counts[MEMBERS] = {0, 0, 0}, total = 0;
	natsConnection *members[MEMBERS], *publisher = connect_to(broker_of(state));
	natsSubscription *subs[MEMBERS], *all;
	for (int i = 0; i < MEMBERS; i++) {
		members[i] = connect_to(broker_of(state));
		MUST(natsConnection_QueueSubscribe(&subs[i], members[i], "work", "workers", count_message,
						   &counts[i]));
		MUST(natsConnection_Flush(members[i]));
	}
	MUST(natsConnection_Subscribe(&all, publisher, "work", count_message, &total));
	for (int i = 0; i < COUNT; i++)
		MUST(natsConnection_PublishString(publisher, "work", "x"));
	await_count(&total, COUNT);
	int sum = 0;
	for (int i = 0; i < MEMBERS; i++)
		MUST(natsConnection_Drain(members[i]));
	for (int i = 0; i < MEMBERS; i++) {
		MUST(natsSubscription_WaitForDrainCompletion(subs[i], WAIT_MS));
		assert_true(atomic_load(&counts[i]) > 0);
		sum += atomic_load(&counts[i]);
		natsSubscription_Destroy(subs[i]);
		natsConnection_Destroy(members[i]);
	}
	assert_int_equal(sum, COUNT);
	natsSubscription_Destroy(all);
	natsConnection_Destroy(publisher);
}

static void answer(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)sub;
	(void)closure;
	natsConnection_Publish(connection, natsMsg_GetReply(msg), natsMsg_GetData(msg),
			       natsMsg_GetDataLength(msg));
	natsMsg_Destroy(msg);
}

static void a_request_gets_its_own_reply(void **state)
{
	natsConnection *service = connect_to(broker_of(state)), *requester = connect_to(broker_of(state));
	natsSubscription *sub;
	MUST(natsConnection_QueueSubscribe(&sub, service, "echo", "services", answer, NULL));
	MUST(natsConnection_Flush(service));
	for (int i = 0; i < 500; i++) {
		char text[32];
		natsMsg *reply;
		snprintf(text, sizeof(text), "question %d", i);
		MUST(natsConnection_RequestString(&reply, requester, "echo", text, WAIT_MS));
		assert_string_equal(natsMsg_GetData(reply), text);
		natsMsg_Destroy(reply);
	}
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(requester);
	natsConnection_Destroy(service);
}

static void a_request_without_service_fails_at_once(void **state)
{
	natsConnection *requester = connect_to(broker_of(state));
	natsMsg *reply = NULL;
	assert_int_equal(natsConnection_RequestString(&reply, requester, "nobody", "hello?", WAIT_MS),
			 NATS_NO_RESPONDERS);
	natsConnection_Destroy(requester);
}

static void headers_arrive_with_case_and_repeated_keys(void **state)
{
	natsConnection *connection = connect_to(broker_of(state));
	natsSubscription *sub;
	natsMsg *msg;
	const char *value, **values;
	int count;
	MUST(natsConnection_SubscribeSync(&sub, connection, "headed"));
	MUST(natsMsg_Create(&msg, "headed", NULL, "body", 4));
	MUST(natsMsgHeader_Set(msg, "Trace-Id", "abc"));
	MUST(natsMsgHeader_Add(msg, "hop", "one"));
	MUST(natsMsgHeader_Add(msg, "hop", "two"));
	MUST(natsConnection_PublishMsg(connection, msg));
	natsMsg_Destroy(msg);
	MUST(natsSubscription_NextMsg(&msg, sub, WAIT_MS));
	MUST(natsMsgHeader_Get(msg, "Trace-Id", &value));
	assert_string_equal(value, "abc");
	MUST(natsMsgHeader_Values(msg, "hop", &values, &count));
	assert_int_equal(count, 2);
	assert_string_equal(values[0], "one");
	assert_string_equal(values[1], "two");
	assert_int_equal(natsMsg_GetDataLength(msg), 4);
	free(values);
	natsMsg_Destroy(msg);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
}

static void a_subscription_ends_after_its_maximum(void **state)
{
	natsConnection *connection = connect_to(broker_of(state));
	natsSubscription *sub;
	natsMsg *msg = NULL;
	MUST(natsConnection_SubscribeSync(&sub, connection, "limited"));
	MUST(natsSubscription_AutoUnsubscribe(sub, 2));
	for (int i = 0; i < 5; i++)
		MUST(natsConnection_PublishString(connection, "limited", "x"));
	expect_text(sub, "x");
	expect_text(sub, "x");
	assert_int_equal(natsSubscription_NextMsg(&msg, sub, WAIT_MS), NATS_MAX_DELIVERED_MSGS);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
}

static void on_closed(natsConnection *connection, void *closure)
{
	(void)connection;
	atomic_fetch_add((atomic_int *)closure, 1);
}

static void drain_delivers_everything_and_closes(void **state)
{
	enum { COUNT = 2000 };
	atomic_int count = 0, closed = 0;
	natsOptions *options = options_for(broker_of(state));
	natsConnection *publisher = connect_to(broker_of(state)), *drained;
	natsSubscription *sub;
	MUST(natsOptions_SetClosedCB(options, on_closed, &closed));
	MUST(natsConnection_Connect(&drained, options));
	MUST(natsConnection_Subscribe(&sub, drained, "drained", count_message, &count));
	MUST(natsConnection_Flush(drained));
	for (int i = 0; i < COUNT; i++)
		MUST(natsConnection_PublishString(publisher, "drained", "x"));
	MUST(natsConnection_Flush(publisher));
	MUST(natsConnection_Drain(drained));
	await_count(&closed, 1);
	assert_int_equal(atomic_load(&count), COUNT);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(drained);
	natsConnection_Destroy(publisher);
	natsOptions_Destroy(options);
}

static void a_megabyte_goes_through_and_one_byte_more_is_refused(void **state)
{
	natsConnection *connection = connect_to(broker_of(state));
	natsSubscription *sub;
	natsMsg *msg;
	char *payload = support_grow(NULL, MEGABYTE + 1);
	for (int i = 0; i <= MEGABYTE; i++)
		payload[i] = (char)(i * 31 >> 3);
	assert_int_equal(natsConnection_GetMaxPayload(connection), MEGABYTE);
	MUST(natsConnection_SubscribeSync(&sub, connection, "big"));
	for (int i = 0; i < 5; i++) {
		MUST(natsConnection_Publish(connection, "big", payload, MEGABYTE));
		MUST(natsSubscription_NextMsg(&msg, sub, WAIT_MS));
		assert_int_equal(natsMsg_GetDataLength(msg), MEGABYTE);
		assert_memory_equal(natsMsg_GetData(msg), payload, MEGABYTE);
		natsMsg_Destroy(msg);
	}
	assert_int_equal(natsConnection_Publish(connection, "big", payload, MEGABYTE + 1), NATS_MAX_PAYLOAD);
	free(payload);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
}

static void a_client_knows_its_id_its_address_and_the_round_trip(void **state)
{
	natsConnection *one = connect_to(broker_of(state)), *other = connect_to(broker_of(state));
	uint64_t first = 0, second = 0;
	char *ip;
	int64_t rtt_ns = -1;
	MUST(natsConnection_GetClientID(one, &first));
	MUST(natsConnection_GetClientID(other, &second));
	assert_true(first > 0 && second > first);
	MUST(natsConnection_GetClientIP(one, &ip));
	assert_string_equal(ip, "127.0.0.1");
	MUST(natsConnection_GetRTT(one, &rtt_ns));
	assert_true(rtt_ns > 0);
	free(ip);
	natsConnection_Destroy(one);
	natsConnection_Destroy(other);
}

static void clients_come_back_after_a_restart_of_the_broker(void **state)
{
	struct support_broker *broker = broker_of(state);
	atomic_int reconnected = 0;
	natsOptions *options = options_for(broker);
	natsConnection *reader, *publisher;
	natsSubscription *sub;
	MUST(natsOptions_SetReconnectWait(options, 50));
	MUST(natsOptions_SetMaxReconnect(options, 1000));
	MUST(natsOptions_SetReconnectedCB(options, on_closed, &reconnected));
	MUST(natsConnection_Connect(&reader, options));
	MUST(natsConnection_Connect(&publisher, options));
	MUST(natsConnection_SubscribeSync(&sub, reader, "kept.>"));
	MUST(natsConnection_Flush(reader));
	MUST(natsConnection_PublishString(publisher, "kept.a", "before"));
	expect_text(sub, "before");
	support_server_signal(&broker->server, SIGINT);
	assert_int_equal(support_server_await_end(&broker->server, support_deadline_in(WAIT_MS)), 0);
	support_broker_restart(broker);
	await_count(&reconnected, 2);
	MUST(natsConnection_Flush(reader));
	MUST(natsConnection_PublishString(publisher, "kept.b", "after"));
	expect_text(sub, "after");
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(reader);
	natsConnection_Destroy(publisher);
	natsOptions_Destroy(options);
}

static void a_thousand_connections_hear_one_message(void **state)
{
	enum { COUNT = 1000 };
	static natsConnection *connections[COUNT];
	static natsSubscription *subs[COUNT];
	natsConnection *publisher = connect_to(broker_of(state));
	for (int i = 0; i < COUNT; i++) {
		connections[i] = connect_to(broker_of(state));
		MUST(natsConnection_SubscribeSync(&subs[i], connections[i], "all"));
		MUST(natsConnection_Flush(connections[i]));
	}
	assert_true(support_broker_varz(broker_of(state), "connections") >= COUNT + 1);
	MUST(natsConnection_PublishString(publisher, "all", "hello"));
	for (int i = 0; i < COUNT; i++)
		expect_text(subs[i], "hello");
	for (int i = 0; i < COUNT; i++) {
		natsSubscription_Destroy(subs[i]);
		natsConnection_Destroy(connections[i]);
	}
	natsConnection_Destroy(publisher);
}

static natsStatus connect_as(const struct support_broker *broker, const char *user, const char *pass)
{
	natsOptions *options = options_for(broker);
	natsConnection *connection = NULL;
	MUST(natsOptions_SetUserInfo(options, user, pass));
	MUST(natsOptions_SetAllowReconnect(options, false));
	natsStatus status = natsConnection_Connect(&connection, options);
	natsConnection_Destroy(connection);
	natsOptions_Destroy(options);
	return status;
}

static void only_valid_credentials_are_accepted(void **state)
{
	struct support_broker locked;
	(void)state;
	support_broker_open(&locked, (const char *[]){"--user", "alice", "--pass", "secret", NULL}, true);
	assert_int_equal(connect_as(&locked, "alice", "secret"), NATS_OK);
	assert_int_equal(connect_as(&locked, "alice", "wrong"), NATS_CONNECTION_AUTH_FAILED);
	assert_int_equal(connect_as(&locked, "bob", "secret"), NATS_CONNECTION_AUTH_FAILED);
	support_broker_close(&locked);
}

static void on_error(natsConnection *connection, natsSubscription *sub, natsStatus status, void *closure)
{
	(void)connection;
	(void)sub;
	if (status == NATS_NOT_PERMITTED)
		atomic_fetch_add((atomic_int *)closure, 1);
}

static void a_violation_of_permissions_is_reported_and_the_connection_stays(void **state)
{
	static const char CONFIG[] = "authorization { users = [ { user: u, password: p,"
				     " permissions: { publish: \"mine.>\", subscribe: \"mine.>\" } } ] }\n";
	struct support_broker limited;
	struct support_tempdir dir;
	char path[300];
	atomic_int refused = 0;
	natsConnection *connection;
	natsSubscription *sub, *mine;
	(void)state;
	support_tempdir_open(&dir);
	support_write_file(support_tempdir_path(&dir, "conf", path, sizeof(path)), CONFIG, strlen(CONFIG));
	support_broker_open(&limited, (const char *[]){"-c", path, NULL}, true);
	natsOptions *options = options_for(&limited);
	MUST(natsOptions_SetUserInfo(options, "u", "p"));
	MUST(natsOptions_SetErrorHandler(options, on_error, &refused));
	MUST(natsConnection_Connect(&connection, options));
	MUST(natsConnection_PublishString(connection, "yours", "x"));
	MUST(natsConnection_SubscribeSync(&sub, connection, "yours"));
	await_count(&refused, 2);
	MUST(natsConnection_SubscribeSync(&mine, connection, "mine.*"));
	MUST(natsConnection_PublishString(connection, "mine.a", "ok"));
	expect_text(mine, "ok");
	natsSubscription_Destroy(mine);
	natsSubscription_Destroy(sub);
	natsConnection_Destroy(connection);
	natsOptions_Destroy(options);
	support_broker_close(&limited);
	support_tempdir_close(&dir);
}

static void clients_are_notified_of_lame_duck(void **state)
{
	struct support_broker ending;
	atomic_int notices = 0;
	natsConnection *connection;
	(void)state;
	support_broker_open(&ending, NULL, true);
	natsOptions *options = options_for(&ending);
	MUST(natsOptions_SetLameDuckModeCB(options, on_closed, &notices));
	MUST(natsConnection_Connect(&connection, options));
	support_server_signal(&ending.server, SIGUSR2);
	await_count(&notices, 1);
	natsConnection_Destroy(connection);
	natsOptions_Destroy(options);
	support_broker_close(&ending);
}

static int open_broker(void **state)
{
	struct support_broker *broker = support_grow(NULL, sizeof(*broker));
	support_broker_open(broker, NULL, true);
	*state = broker;
	return 0;
}

static int close_broker(void **state)
{
	support_broker_close(*state);
	free(*state);
	nats_CloseAndWait(0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sync_subscriber_gets_messages_in_order),
	    cmocka_unit_test(an_async_subscriber_gets_every_message),
	    cmocka_unit_test(a_queue_group_shares_messages_without_loss),
	    cmocka_unit_test(a_request_gets_its_own_reply),
	    cmocka_unit_test(a_request_without_service_fails_at_once),
	    cmocka_unit_test(headers_arrive_with_case_and_repeated_keys),
	    cmocka_unit_test(a_subscription_ends_after_its_maximum),
	    cmocka_unit_test(drain_delivers_everything_and_closes),
	    cmocka_unit_test(a_megabyte_goes_through_and_one_byte_more_is_refused),
	    cmocka_unit_test(a_client_knows_its_id_its_address_and_the_round_trip),
	    cmocka_unit_test(clients_come_back_after_a_restart_of_the_broker),
	    cmocka_unit_test(a_thousand_connections_hear_one_message),
	    cmocka_unit_test(only_valid_credentials_are_accepted),
	    cmocka_unit_test(a_violation_of_permissions_is_reported_and_the_connection_stays),
	    cmocka_unit_test(clients_are_notified_of_lame_duck),
	};
	return cmocka_run_group_tests(tests, open_broker, close_broker);
}
