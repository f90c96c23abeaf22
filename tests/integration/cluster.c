/* cluster: three real servers with users, a proxy in front of each, and the three logs read as one. Every message has an id in
 * its payload, and every client notes which ids it got: that is the truth. Servers are killed in a cluster that speaks TLS
 * everywhere: clients with proxies, proxies with servers, servers with each other. */
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
#include <pthread.h>
#include <stdatomic.h>

#include "support/certificates.h"
#include "support/cluster.h"
#include "support/fail.h"
#include "support/run.h"

enum {
	WAIT_MS = 60000,
	REQUEST_MS = 1000, /* of requests that are sent again */
	SKIPPED = 77,
	PUBLISHED = 200,
	REQUESTS = 40,
	BEFORE_AND_AFTER = 30
};

#define MUST(call)                                                              \
	do {                                                                    \
		natsStatus status_ = (call);                                    \
		if (status_ != NATS_OK)                                         \
			fail_msg("%s: %s", #call, natsStatus_GetText(status_)); \
	} while (0)

static struct support_cluster cluster;
static struct support_certificates certificates;
static bool is_secure; /* the cluster speaks TLS */

/* ---- the truth ---- */

/* Client names by id: { "id": ["plain-0", …] }. */
static json_t *truth;
static pthread_mutex_t truth_lock = PTHREAD_MUTEX_INITIALIZER;

static void note(const char *id, size_t len, const char *client)
{
	pthread_mutex_lock(&truth_lock);
	json_t *clients = json_object_getn(truth, id, len);
	if (!clients) {
		clients = json_array();
		json_object_setn_new(truth, id, len, clients);
	}
	json_array_append_new(clients, json_string(client));
	pthread_mutex_unlock(&truth_lock);
}

/* ---- clients ---- */

struct client {
	char name[32];
	natsConnection *connection;
	natsSubscription *subs[4];
	int subs_len;
	atomic_int got;
};

/* The certificates of the proxies are verified. */
static void secure(natsOptions *options)
{
	char ca[300];
	MUST(natsOptions_SetSecure(options, true));
	MUST(natsOptions_LoadCATrustedCertificates(options,
						   support_certificates_path(&certificates, "ca.pem", ca)));
	MUST(natsOptions_SetExpectedHostname(options, "localhost"));
}

/* Connect through the proxy of a node. A client that may move connects to any other when its server is gone. */
static void client_open(struct client *client, const char *kind, int node, bool may_move)
{
	natsOptions *options;
	char urls[SUPPORT_NODES][96];
	const char *servers[SUPPORT_NODES];
	snprintf(client->name, sizeof client->name, "%s-%d", kind, node);
	for (int i = 0; i < SUPPORT_NODES; i++) {
		snprintf(urls[i], sizeof urls[i], "nats://app:secret@127.0.0.1:%d",
			 cluster.nodes[(node + i) % SUPPORT_NODES].pair.proxy.port);
		servers[i] = urls[i];
	}
	MUST(natsOptions_Create(&options));
	MUST(natsOptions_SetName(options, client->name));
	MUST(natsOptions_SetServers(options, servers, may_move ? SUPPORT_NODES : 1));
	MUST(natsOptions_SetNoRandomize(options, true));
	MUST(natsOptions_SetMaxReconnect(options, 10000));
	MUST(natsOptions_SetReconnectWait(options, 20));
	MUST(natsOptions_SetReconnectJitter(options, 10, 10));
	if (is_secure)
		secure(options);
	MUST(natsConnection_Connect(&client->connection, options));
	natsOptions_Destroy(options);
}

static void client_close(struct client *client)
{
	for (int i = 0; i < client->subs_len; i++)
		natsSubscription_Destroy(client->subs[i]);
	natsConnection_Destroy(client->connection);
}

static void on_message(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	struct client *client = closure;
	(void)connection;
	(void)sub;
	note(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), client->name);
	atomic_fetch_add(&client->got, 1);
	natsMsg_Destroy(msg);
}

/* Answer "ID" by "re ID". */
static void on_request(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *closure)
{
	struct client *client = closure;
	char reply[80];
	(void)sub;
	snprintf(reply, sizeof reply, "re %.*s", natsMsg_GetDataLength(msg), natsMsg_GetData(msg));
	note(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), client->name);
	natsConnection_PublishString(connection, natsMsg_GetReply(msg), reply);
	natsMsg_Destroy(msg);
}

static void subscribe(struct client *client, const char *subject, const char *queue, natsMsgHandler handler)
{
	natsSubscription **sub = &client->subs[client->subs_len++];
	if (queue)
		MUST(natsConnection_QueueSubscribe(sub, client->connection, subject, queue, handler, client));
	else
		MUST(natsConnection_Subscribe(sub, client->connection, subject, handler, client));
	MUST(natsConnection_Flush(client->connection));
}

/* One request. NATS_OK when it was answered, and therefore confirmed. */
static natsStatus request(struct client *client, const char *id, int timeout_ms)
{
	natsMsg *reply = NULL;
	natsStatus status = natsConnection_RequestString(&reply, client->connection, "svc", id, timeout_ms);
	if (status == NATS_OK)
		note(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply), client->name);
	natsMsg_Destroy(reply);
	return status;
}

/* The cluster passes messages from each of these clients to a responder. */
static void await_service(struct client *clients, const char *why)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	for (int i = 0; i < SUPPORT_NODES; i++) {
		char id[64];
		int tries = 0;
		do
			snprintf(id, sizeof id, "probe-%s-%d-%d", why, i, tries++);
		while (request(&clients[i], id, REQUEST_MS) != NATS_OK && support_deadline_retry(deadline));
		assert_true(support_deadline_left_ms(deadline) > 0);
	}
}

/* ---- what was recorded ---- */

enum { WORDS_MAX = 12 };

/* Run a command with these words (ended by NULL) before the three logs. Its output; owned. */
static char *run_on_logs(const char *const *words, int expected_status)
{
	const char *args[WORDS_MAX + SUPPORT_NODES + 2] = {cluster.nodes[0].pair.plan.program};
	size_t len = 1;
	char *output;
	while (*words)
		args[len++] = *words++;
	for (int i = 0; i < SUPPORT_NODES; i++)
		args[len++] = cluster.nodes[i].pair.log;
	args[len] = NULL;
	int status = support_run(args, &output);
	if (status != expected_status)
		fail_msg("%s ends with %d:\n%.4000s", args[1], status, output);
	return output;
}

/* The events that `cat` has printed, owned; frees the output. */
static json_t *parse_events(char *output)
{
	json_t *events = json_array();
	char *rest;
	for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *event = *line == '{' ? json_loads(line, 0, NULL) : NULL;
		if (event)
			json_array_append_new(events, event);
	}
	free(output);
	return events;
}

/* The events of the three logs; owned. */
static json_t *read_logs(const char *option)
{
	return parse_events(run_on_logs((const char *const[]){"cat", "--json", "--detail", option, NULL}, 0));
}

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));
	return text ? text : "";
}

static bool is_kind(const json_t *event, const char *kind)
{
	return strcmp(text_of(event, "kind"), kind) == 0;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool holds(const json_t *names, const char *name)
{
	size_t i;
	json_t *each;
	json_array_foreach(names, i, each) if (strcmp(json_string_value(each), name) == 0) return true;
	return false;
}

/* Precision: each receiver in the logs got the message. Recall: each client that got it is a receiver in the logs. */
static void check_receivers(const json_t *event, const json_t *got)
{
	const json_t *delivered = json_object_get(event, "delivered");
	size_t i;
	json_t *receiver;
	json_array_foreach(delivered, i, receiver) if (!holds(got, text_of(receiver, "client")))
	    fail_msg("\"%s\" has the receiver %s, who did not get it", text_of(event, "payload"),
		     text_of(receiver, "client"));
	if (json_array_size(delivered) != json_array_size(got))
		fail_msg("\"%s\" has %zu receivers instead of %zu", text_of(event, "payload"),
			 json_array_size(delivered), json_array_size(got));
}

static uint64_t count(const json_t *events, const char *kind, const char *prefix)
{
	uint64_t counted = 0;
	size_t i;
	json_t *event;
	json_array_foreach(events, i, event) counted +=
	    is_kind(event, kind) && begins_with(text_of(event, "payload"), prefix);
	return counted;
}

/* ---- the stories ---- */

static void open_plain(void)
{
	static const char *const users[] = {"--user", "app", "--pass", "secret", NULL};
	static const char *const protocol[] = {"--record-detail=protocol", NULL};
	is_secure = false;
	truth = json_object();
	support_cluster_open(&cluster, users, protocol);
}

/* Routes speak TLS only with a configuration. Both of their ends present a certificate. */
static void write_config(const char *path, const char *cert, const char *key, const char *ca)
{
	char text[2048];
	int len = snprintf(text, sizeof text,
			   "authorization { user: app, password: secret }\n"
			   "cluster { tls { cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\" } }\n",
			   cert, key, ca);
	support_write_file(path, text, (size_t)len);
}

static void open_secure(void)
{
	static char config[300], cert[300], key[300], ca[300];
	static const char *const server_flags[] = {"-c", config,     "--tls", "--tlscert",
						   cert, "--tlskey", key,     NULL};
	static const char *const proxy_flags[] = {
	    "--record-detail=protocol", "--tls-cert", cert, "--tls-key", key, "--upstream-tls-ca", ca, NULL};
	is_secure = true;
	truth = json_object();
	support_certificates_open(&certificates);
	support_certificates_path(&certificates, "server.pem", cert);
	support_certificates_path(&certificates, "server.key", key);
	support_certificates_path(&certificates, "ca.pem", ca);
	write_config(support_certificates_path(&certificates, "server.conf", config), cert, key, ca);
	support_cluster_open(&cluster, server_flags, proxy_flags);
}

static void close_all(void)
{
	support_cluster_close(&cluster);
	if (is_secure)
		support_certificates_close(&certificates);
	json_decref(truth);
}

struct people {
	struct client publishers[SUPPORT_NODES], plain[SUPPORT_NODES], workers[SUPPORT_NODES],
	    responders[SUPPORT_NODES], wild;
};

static void people_open(struct people *people, bool may_move)
{
	*people = (struct people){0};
	for (int i = 0; i < SUPPORT_NODES; i++) {
		client_open(&people->plain[i], "plain", i, may_move);
		client_open(&people->workers[i], "worker", i, may_move);
		client_open(&people->responders[i], "responder", i, may_move);
		client_open(&people->publishers[i], "publisher", i, may_move);
		subscribe(&people->plain[i], "data.*", NULL, on_message);
		subscribe(&people->workers[i], "data.>", "workers", on_message);
		subscribe(&people->responders[i], "svc", "responders", on_request);
	}
	client_open(&people->wild, "wild", 1, may_move);
	subscribe(&people->wild, "*.new", NULL, on_message);
}

static void people_close(struct people *people)
{
	for (int i = 0; i < SUPPORT_NODES; i++) {
		client_close(&people->publishers[i]);
		client_close(&people->plain[i]);
		client_close(&people->workers[i]);
		client_close(&people->responders[i]);
	}
	client_close(&people->wild);
}

static int sum(const struct client *clients)
{
	int got = 0;
	for (int i = 0; i < SUPPORT_NODES; i++)
		got += atomic_load(&clients[i].got);
	return got;
}

/* Every server knows the subscriptions of the others once a message from each node has reached all who are to get it. */
static void await_interest(struct people *people)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	for (int i = 0; i < SUPPORT_NODES; i++) {
		int got;
		do {
			got = sum(people->plain);
			MUST(natsConnection_PublishString(people->publishers[i].connection, "data.probe",
							  "probe"));
			MUST(natsConnection_Flush(people->publishers[i].connection));
			while (sum(people->plain) < got + SUPPORT_NODES && support_deadline_retry(deadline) &&
			       sum(people->workers) == 0)
				continue;
		} while (sum(people->plain) < got + SUPPORT_NODES && support_deadline_left_ms(deadline) > 0);
	}
	assert_true(support_deadline_left_ms(deadline) > 0);
}

static void publish_all(struct people *people)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	const int all = SUPPORT_NODES * PUBLISHED;
	int plain = sum(people->plain), workers = sum(people->workers);
	for (int n = 0; n < PUBLISHED; n++)
		for (int i = 0; i < SUPPORT_NODES; i++) {
			char id[32];
			snprintf(id, sizeof id, "id-%d-%d", i, n);
			MUST(natsConnection_PublishString(people->publishers[i].connection, "data.new", id));
		}
	while ((sum(people->plain) < plain + all * SUPPORT_NODES || sum(people->workers) < workers + all) &&
	       support_deadline_retry(deadline))
		continue;
	assert_int_equal(sum(people->plain), plain + all * SUPPORT_NODES);
	assert_int_equal(sum(people->workers), workers + all);
}

/* The request "ask-2-7" and its reply are one conversation, chosen by this option. */
static void check_conversation(const char *option, const char *value)
{
	char *output = run_on_logs((const char *const[]){"trace", "--json", option, value, NULL}, 0);
	const char *begin = strchr(output, '{');
	json_error_t error;
	json_t *trace = begin ? json_loads(begin, JSON_DISABLE_EOF_CHECK, &error) : NULL;
	const json_t *nodes = json_object_get(trace, "nodes");
	if (json_array_size(nodes) != 2)
		fail_msg("a request and its reply are not one conversation:\n%s", output);
	const json_t *asked = json_array_get(nodes, 0), *replied = json_array_get(nodes, 1);
	assert_string_equal(text_of(asked, "payload"), "ask-2-7");
	assert_string_equal(text_of(asked, "log"), cluster.nodes[2].pair.log);
	assert_string_equal(text_of(replied, "payload"), "re ask-2-7");
	check_receivers(asked, json_object_get(truth, "ask-2-7"));
	check_receivers(replied, json_object_get(truth, "re ask-2-7"));
	json_decref(trace);
	free(output);
}

/* The sequence number of the event of that kind with this payload in the log of a node, as --seq takes it. */
static void find_seq(int node, const char *kind, const char *payload, char found[32])
{
	char *output, *rest;
	const struct support_proxy *pair = &cluster.nodes[node].pair;
	const char *const args[] = {pair->plan.program, "cat", "--json", "--quiet", pair->log, NULL};
	assert_int_equal(support_run(args, &output), 0);
	found[0] = '\0';
	for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		json_t *event = json_loads(line, 0, NULL);
		if (is_kind(event, kind) && strcmp(text_of(event, "payload"), payload) == 0)
			snprintf(found, 32, "%d:%.20s", node + 1, text_of(event, "seq"));
		json_decref(event);
	}
	free(output);
	if (!found[0])
		fail_msg("no %s of \"%s\" in log %d", kind, payload, node + 1);
}

static void check_trace(void)
{
	char seq[32], *output;
	check_conversation("--id", "ask-2-7");
	find_seq(2, "message", "ask-2-7", seq);
	check_conversation("--seq", seq);
	/* A delivery in the second log has joined its message in the first. */
	find_seq(1, "delivery", "id-0-5", seq);
	output = run_on_logs((const char *const[]){"trace", "--json", "--quiet", "--seq", seq, NULL}, 0);
	json_t *trace = json_loads(output, JSON_DISABLE_EOF_CHECK, NULL);
	const json_t *root = json_array_get(json_object_get(trace, "nodes"), 0);
	assert_string_equal(text_of(root, "payload"), "id-0-5");
	assert_string_equal(text_of(root, "log"), cluster.nodes[0].pair.log);
	json_decref(trace);
	free(output);
}

/* ---- commands that sum up, compare and play ---- */

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static int count_lines(const char *output, const char *prefix)
{
	int lines = 0;
	for (const char *at = output; (at = strstr(at, prefix)) != NULL; at++)
		lines += at == output || at[-1] == '\n';
	return lines;
}

/* `stat` sums up the cluster: every delivery of the truth is a receiver of its message. */
static void check_stat(void)
{
	const char *const joined[] = {"stat", "--json", "--quiet", "data.new", NULL};
	const char *const apart[] = {"stat", "--json", "--quiet", "--no-join", NULL};
	const char *args[WORDS_MAX] = {cluster.nodes[0].pair.plan.program, joined[0], joined[1], joined[2]};
	char *output;
	for (int i = 0; i < SUPPORT_NODES; i++)
		args[4 + i] = cluster.nodes[i].pair.log;
	args[4 + SUPPORT_NODES] = joined[3];
	assert_int_equal(support_run(args, &output), 0);
	json_t *sums = json_loads(output, 0, NULL);
	if (!sums)
		fail_msg("not one object for the cluster:\n%s", output);
	free(output);
	assert_int_equal(number_of(sums, "messages"), SUPPORT_NODES * PUBLISHED);
	/* each plain subscriber, one worker, and the subscriber of *.new */
	assert_int_equal(number_of(sums, "deliveries"), SUPPORT_NODES * PUBLISHED * (SUPPORT_NODES + 2));
	json_decref(sums);
	output = run_on_logs(apart, 0);
	assert_int_equal(count_lines(output, "{"), SUPPORT_NODES);
	free(output);
}

/* A cluster is equal to itself, whichever log comes first. */
static void check_diff(void)
{
	char logs[2][3 * 300 + 3], *output;
	const struct support_node *nodes = cluster.nodes;
	snprintf(logs[0], sizeof logs[0], "%s,%s,%s", nodes[0].pair.log, nodes[1].pair.log,
		 nodes[2].pair.log);
	snprintf(logs[1], sizeof logs[1], "%s,%s,%s", nodes[2].pair.log, nodes[0].pair.log,
		 nodes[1].pair.log);
	const char *const args[] = {nodes[0].pair.plan.program, "diff", "--json", logs[0], logs[1], NULL};
	int status = support_run(args, &output);
	if (status != 0 || !strstr(output, "the logs are of one cluster"))
		fail_msg("a cluster differs from itself:\n%s", output);
	free(output);
	const char *const one[] = {nodes[0].pair.plan.program, "diff", logs[0], nodes[1].pair.log, NULL};
	assert_int_equal(support_run(one, &output), 1);
	free(output);
}

static uint64_t count_clusters(const json_t *events)
{
	uint64_t counted = 0;
	size_t i;
	json_t *event;
	json_array_foreach(events, i, event) counted +=
	    is_kind(event, "mark") && begins_with(text_of(event, "text"), "cluster ");
	return counted;
}

/* `merge` makes one log, which names the receivers of each message, and the cluster of each server. */
static void check_merge(const json_t *joined)
{
	char merged[400], *output;
	snprintf(merged, sizeof merged, "%s-merged", cluster.nodes[0].pair.log);
	free(run_on_logs((const char *const[]){"merge", "-o", merged, NULL}, 0));
	const char *const args[] = {
	    cluster.nodes[0].pair.plan.program, "cat", "--json", "--detail", "--quiet", merged, NULL};
	assert_int_equal(support_run(args, &output), 0);
	json_t *events = parse_events(output), *event;
	size_t at;
	json_array_foreach(events, at, event)
	{
		const json_t *got = json_object_get(truth, text_of(event, "payload"));
		if (is_kind(event, "message") && got && !begins_with(text_of(event, "payload"), "probe"))
			check_receivers(event, got);
	}
	assert_int_equal(count(events, "message", "id-"), SUPPORT_NODES * PUBLISHED);
	assert_int_equal(count(events, "message", "re ask-"), SUPPORT_NODES * REQUESTS);
	assert_int_equal(count(events, "delivery", "id-"), 0);
	assert_int_equal(count_clusters(events), count_clusters(joined));
	assert_true(count_clusters(events) >= SUPPORT_NODES);
	json_decref(events);
}

/* `replay` plays each message once, by the clients that published it; `top` counts each once. */
static void check_play_and_top(void)
{
	char *output = run_on_logs(
	    (const char *const[]){"replay", "--dry-run", "--json", "--connections=recorded", NULL}, 0);
	json_t *plan = json_loads(strchr(output, '{'), JSON_DISABLE_EOF_CHECK, NULL);
	assert_true(number_of(plan, "messages") >= SUPPORT_NODES * (PUBLISHED + 2 * REQUESTS));
	assert_int_equal(number_of(plan, "connections"), 2 * SUPPORT_NODES); /* publishers and responders */
	json_decref(plan);
	free(output);
	char total[16];
	output = run_on_logs((const char *const[]){"top", "-n", "1", "--window", "1h", NULL}, 0);
	const char *row = strstr(output, "\ndata.new");
	snprintf(total, sizeof total, " %d ", SUPPORT_NODES * PUBLISHED);
	if (!row || !strstr(row, total))
		fail_msg("no row with%s:\n%s", total, output);
	free(output);
}

static void three_logs_read_as_one_name_exactly_who_got_each_message(void **state)
{
	struct people people;
	(void)state;
	open_plain();
	people_open(&people, false);
	await_interest(&people);
	await_service(people.publishers, "start");
	publish_all(&people);
	for (int i = 0; i < SUPPORT_NODES; i++)
		for (int n = 0; n < REQUESTS; n++) {
			char id[32];
			snprintf(id, sizeof id, "ask-%d-%d", i, n);
			MUST(request(&people.publishers[i], id, WAIT_MS));
		}
	people_close(&people);
	assert_int_equal(support_cluster_stop(&cluster), 0);

	json_t *events = read_logs("--quiet"), *event;
	size_t at;
	json_array_foreach(events, at, event)
	{
		const char *id = text_of(event, "payload");
		if (is_kind(event, "message") && !begins_with(id, "probe") && json_object_get(truth, id))
			check_receivers(event, json_object_get(truth, id));
	}
	assert_int_equal(count(events, "message", "id-"), SUPPORT_NODES * PUBLISHED);
	assert_int_equal(count(events, "message", "ask-"), SUPPORT_NODES * REQUESTS);
	assert_int_equal(count(events, "message", "re ask-"), SUPPORT_NODES * REQUESTS);
	assert_int_equal(count(events, "delivery", "id-"), 0);
	assert_int_equal(count(events, "delivery", "ask-"), 0);
	assert_int_equal(count(events, "delivery", "re "), 0);
	check_merge(events);
	json_decref(events);
	events = read_logs("--no-join");
	assert_true(count(events, "delivery", "id-") > 0);
	json_decref(events);
	check_trace();
	check_stat();
	check_diff();
	check_play_and_top();
	close_all();
}

/* ---- servers that are killed ---- */

struct load {
	struct client *clients;
	atomic_bool is_over;
	atomic_int confirmed;
	json_t *ids; /* confirmed */
};

/* Requests from all nodes, in turn. An id is never used twice. */
static void *run_load(void *context)
{
	struct load *load = context;
	for (int n = 0; !atomic_load(&load->is_over); n++) {
		char id[32];
		snprintf(id, sizeof id, "load-%d", n);
		if (request(&load->clients[n % SUPPORT_NODES], id, REQUEST_MS) != NATS_OK)
			continue;
		json_array_append_new(load->ids, json_string(id));
		atomic_fetch_add(&load->confirmed, 1);
	}
	return NULL;
}

static void await_confirmed(struct load *load, int more)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	int wanted = atomic_load(&load->confirmed) + more;
	while (atomic_load(&load->confirmed) < wanted)
		assert_true(support_deadline_retry(deadline));
}

/* The request of this id and its reply, each with the client that got it. */
static void check_confirmed(const json_t *by_id, const char *id)
{
	char reply[80];
	snprintf(reply, sizeof reply, "re %s", id);
	const char *const texts[] = {id, reply};
	for (int i = 0; i < 2; i++) {
		const json_t *event = json_object_get(by_id, texts[i]);
		if (!event)
			fail_msg("\"%s\" was confirmed and is not in the logs", texts[i]);
		if (json_array_size(json_object_get(event, "delivered")) == 0)
			fail_msg("\"%s\" was confirmed and has no receiver", texts[i]);
		check_receivers(event, json_object_get(truth, texts[i]));
	}
}

static void servers_with_tls_are_killed_in_turn_and_nothing_confirmed_is_lost(void **state)
{
	struct people people;
	struct load load = {.ids = json_array()};
	pthread_t thread;
	(void)state;
	open_secure();
	people_open(&people, true);
	await_service(people.publishers, "start");
	load.clients = people.publishers;
	assert_int_equal(pthread_create(&thread, NULL, run_load, &load), 0);
	for (int node = 0; node < SUPPORT_NODES; node++) {
		await_confirmed(&load, BEFORE_AND_AFTER);
		support_cluster_kill(&cluster, node);
		await_confirmed(&load, BEFORE_AND_AFTER);
		support_cluster_restart(&cluster, node);
	}
	await_confirmed(&load, BEFORE_AND_AFTER);
	atomic_store(&load.is_over, true);
	pthread_join(thread, NULL);
	people_close(&people);
	assert_int_equal(support_cluster_stop(&cluster), 0);

	json_t *events = read_logs("--quiet"), *by_id = json_object(), *event, *id;
	size_t at;
	json_array_foreach(events, at, event)
	{
		assert_false(is_kind(event, "gap"));
		if (is_kind(event, "message"))
			json_object_set(by_id, text_of(event, "payload"), event);
	}
	json_array_foreach(load.ids, at, id) check_confirmed(by_id, json_string_value(id));
	json_decref(by_id);
	json_decref(events);
	json_decref(load.ids);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_logs_read_as_one_name_exactly_who_got_each_message),
	    cmocka_unit_test(servers_with_tls_are_killed_in_turn_and_nothing_confirmed_is_lost),
	};
	if (!support_proxy_has_server())
		return SKIPPED;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	nats_Close();
	return failed;
}
