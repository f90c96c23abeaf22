/* proxy jetstream: streams, consumers and a key-value bucket of the real server, used through the proxy with the C client
 * library. The recorded counts must be those of the stream itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <nats/nats.h>
#include <stdatomic.h>

#include "support/proxy.h"
#include "support/run.h"

enum { WAIT_MS = 20000, SKIPPED = 77, PUBLISHED = 100, ASYNC = 150, ALL = PUBLISHED + ASYNC, KEYS = 20 };

/* The call must succeed; else the text of the status is printed. */
#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

static struct support_proxy proxy;

/* A connection, through the proxy, with JetStream. */
struct client {
	natsConnection *connection;
	jsCtx *js;
};

static void client_open(struct client *client)
{
	char url[64];
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", proxy.proxy.port);
	MUST(natsConnection_ConnectTo(&client->connection, url));
	MUST(natsConnection_JetStream(&client->js, client->connection, NULL));
}

static void client_close(struct client *client)
{
	jsCtx_Destroy(client->js);
	natsConnection_Destroy(client->connection);
}

static int open_all(void **state)
{
	static char dir[300];
	static const char *const flags[] = {"-js", "-sd", dir, NULL};
	static struct support_tempdir store;
	support_tempdir_open(&store);
	support_tempdir_path(&store, "js", dir, sizeof dir);
	support_proxy_open(&proxy, flags, NULL);
	*state = &store;
	return 0;
}

static int close_all(void **state)
{
	support_proxy_close(&proxy);
	support_tempdir_close(*state);
	nats_Close();
	return 0;
}

/* ---- what clients do ---- */

static void a_stream_stores_what_is_published(void **state)
{
	struct client client;
	jsStreamConfig config;
	(void)state;
	client_open(&client);
	jsStreamConfig_Init(&config);
	config.Name = "ORDERS";
	config.Subjects = (const char *[]){"orders.>"};
	config.SubjectsLen = 1;
	MUST(js_AddStream(NULL, client.js, &config, NULL, NULL));
	for (uint64_t i = 1; i <= PUBLISHED; i++) {
		jsPubAck *ack;
		MUST(js_Publish(&ack, client.js, "orders.new", "order", 5, NULL, NULL));
		assert_int_equal(ack->Sequence, i);
		jsPubAck_Destroy(ack);
	}
	for (int i = 0; i < ASYNC; i++)
		MUST(js_PublishAsync(client.js, "orders.async", "order", 5, NULL));
	MUST(js_PublishAsyncComplete(client.js, NULL));
	client_close(&client);
}

static void a_pull_consumer_gets_every_message_once(void **state)
{
	struct client client;
	natsSubscription *sub;
	(void)state;
	client_open(&client);
	MUST(js_PullSubscribe(&sub, client.js, "orders.>", "puller", NULL, NULL, NULL));
	for (int got = 0; got < ALL;) {
		natsMsgList list;
		MUST(natsSubscription_Fetch(&list, sub, 50, WAIT_MS, NULL));
		for (int i = 0; i < list.Count; i++)
			MUST(natsMsg_AckSync(list.Msgs[i], NULL, NULL));
		got += list.Count;
		assert_true(got <= ALL);
		natsMsgList_Destroy(&list);
	}
	natsSubscription_Destroy(sub);
	client_close(&client);
}

static void on_pushed(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	(void)connection;
	(void)sub;
	atomic_fetch_add((atomic_int *)closure, 1);
	natsMsg_Destroy(msg);
}

static void a_push_consumer_gets_every_message_once(void **state)
{
	struct client client;
	natsSubscription *sub;
	atomic_int got = 0;
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	(void)state;
	client_open(&client);
	MUST(js_Subscribe(&sub, client.js, "orders.>", on_pushed, &got, NULL, NULL, NULL));
	while (atomic_load(&got) < ALL && support_deadline_retry(deadline))
		continue;
	MUST(natsConnection_Flush(client.connection));
	natsSubscription_Destroy(sub);
	client_close(&client);
	assert_int_equal(atomic_load(&got), ALL);
}

static void a_bucket_keeps_and_watches_keys(void **state)
{
	struct client client;
	kvConfig config;
	kvStore *bucket;
	kvEntry *entry;
	kvWatcher *watcher;
	char key[16];
	(void)state;
	client_open(&client);
	kvConfig_Init(&config);
	config.Bucket = "SETTINGS";
	MUST(js_CreateKeyValue(&bucket, client.js, &config));
	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof key, "key.%d", i);
		MUST(kvStore_PutString(NULL, bucket, key, key));
	}
	MUST(kvStore_Get(&entry, bucket, "key.7"));
	assert_string_equal(kvEntry_ValueString(entry), "key.7");
	kvEntry_Destroy(entry);
	MUST(kvStore_WatchAll(&watcher, bucket, NULL));
	for (int i = 0; i < KEYS; i++) {
		MUST(kvWatcher_Next(&entry, watcher, WAIT_MS));
		kvEntry_Destroy(entry);
	}
	kvWatcher_Destroy(watcher);
	MUST(kvStore_Delete(bucket, "key.7"));
	assert_int_equal(kvStore_Get(&entry, bucket, "key.7"), NATS_NOT_FOUND);
	kvStore_Destroy(bucket);
	client_close(&client);
}

/* ---- what was recorded ---- */

/* Messages that the stream holds, as the server counts them. */
static uint64_t messages_of(struct client *client, const char *name)
{
	jsStreamInfo *info;
	MUST(js_GetStreamInfo(&info, client->js, name, NULL, NULL));
	uint64_t messages = info->State.LastSeq;
	jsStreamInfo_Destroy(info);
	return messages;
}

struct counts {
	uint64_t orders, puts, acks, delivered;
	bool has_gap;
};

static bool begins_with(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

static void count_event(struct counts *counts, const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "kind"));
	const char *subject = json_string_value(json_object_get(event, "subject"));
	bool is_message = strcmp(kind, "message") == 0, is_delivery = strcmp(kind, "delivery") == 0;
	counts->has_gap |= strcmp(kind, "gap") == 0;
	counts->orders += is_message && begins_with(subject, "orders.");
	counts->puts += is_message && begins_with(subject, "$KV.SETTINGS.");
	counts->delivered += is_delivery && begins_with(subject, "orders.");
	counts->acks += is_message && begins_with(subject, "$JS.ACK.ORDERS.puller.");
}

static void count_log(struct counts *counts)
{
	char *output, *rest;
	const char *const args[] = {proxy.plan.program, "cat", "--json", proxy.log, NULL};
	assert_int_equal(support_run(args, &output), 0);
	*counts = (struct counts){0};
	for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *event = json_loads(line, 0, NULL);
		assert_non_null(event);
		count_event(counts, event);
		json_decref(event);
	}
	free(output);
}

static void the_log_counts_what_the_streams_count(void **state)
{
	struct client client;
	struct counts counts;
	(void)state;
	client_open(&client);
	uint64_t orders = messages_of(&client, "ORDERS"), puts = messages_of(&client, "KV_SETTINGS");
	client_close(&client);
	assert_int_equal(support_proxy_stop(&proxy), 0);
	count_log(&counts);
	assert_false(counts.has_gap);
	assert_int_equal(orders, ALL);
	assert_int_equal(counts.orders, orders);
	assert_int_equal(counts.puts, puts);
	assert_int_equal(counts.acks, ALL);
	assert_int_equal(counts.delivered, 2 * ALL); /* to the pull and to the push consumer */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stream_stores_what_is_published),
	    cmocka_unit_test(a_pull_consumer_gets_every_message_once),
	    cmocka_unit_test(a_push_consumer_gets_every_message_once),
	    cmocka_unit_test(a_bucket_keeps_and_watches_keys),
	    cmocka_unit_test(the_log_counts_what_the_streams_count),
	};
	if (!support_proxy_has_server())
		return SKIPPED;
	return cmocka_run_group_tests(tests, open_all, close_all);
}
