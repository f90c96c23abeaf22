/* replay_shards: four players that share a log play it into a cluster of three servers as one player does, and their reports are
 * merged into one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replaying.h"
#include "store/write/append.h"
#include "store/write/producer.h"
#include "support/cluster.h"
#include "support/fail.h"
#include "support/run.h"

enum { CLIENTS = 23, EACH = 40, MESSAGES = CLIENTS * EACH, SHARDS = 4, WAIT_MS = 30000, SKIPPED = 77 };

static struct support_cluster cluster;
static struct support_tempdir dir;
static char shared_log[300];

/* ---- the log ---- */

/* Each client counts up on its own subject; the clients take turns. */
static void append_message(struct store_batch *batch, int n)
{
	char subject[40], payload[40];
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = 1795420639123456789 + (int64_t)n * 1000000,
				   .conn = (uint64_t)(n % CLIENTS) + 1,
				   .receiver_count = 1};
	snprintf(subject, sizeof(subject), "client.%d", n % CLIENTS);
	snprintf(payload, sizeof(payload), "%d", n / CLIENTS);
	event.subject = wire_slice_str(subject);
	event.payload = wire_slice_str(payload);
	event.size = event.payload.len;
	assert_int_equal(store_batch_append(batch, &event), 0);
}

static void write_log(const char *log)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct wire_fault fault;
	store_writer_options_init(&options);
	if (store_writer_open(&writer, log, &options, &fault) != 0)
		fail_msg("%s", fault.text);
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = store_producer_batch(producer);
	for (int n = 0; n < MESSAGES; n++)
		append_message(batch, n);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
	store_writer_close(writer);
}

/* ---- the cluster ---- */

static int port_of(int node)
{
	return cluster.nodes[node % SUPPORT_NODES].pair.server.port;
}

/* Publish at each node until the receiver, at another one, gets it. */
static void await_routes(struct replaying_receiver *receiver)
{
	for (int node = 0; node < SUPPORT_NODES; node++) {
		natsConnection *nats = replaying_connect(port_of(node), "probe");
		struct support_deadline deadline = support_deadline_in(WAIT_MS);
		natsMsg *msg = NULL;
		do {
			MUST(natsConnection_PublishString(nats, "probe", "are you there?"));
			MUST(natsConnection_Flush(nats));
			natsSubscription_NextMsg(&msg, receiver->sub, 50);
		} while (!msg && support_deadline_retry(deadline));
		if (!msg)
			fail_msg("no route from node %d", node);
		natsMsg_Destroy(msg);
		natsConnection_Destroy(nats);
	}
	natsMsg *rest;
	while (natsSubscription_NextMsg(&rest, receiver->sub, 300) == NATS_OK)
		natsMsg_Destroy(rest);
}

static int compare(const void *a, const void *b)
{
	const struct replaying_received *x = a, *y = b;
	int by_subject = strcmp(x->subject, y->subject);
	return by_subject ? by_subject : x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

/* By subject, which is by client, in the order in which they came. */
static void sort(struct replaying_receiver *receiver)
{
	qsort(receiver->list, receiver->len, sizeof *receiver->list, compare);
}

/* ---- playing ---- */

static void play_alone(void)
{
	json_t *report;
	assert_int_equal(
	    replaying_run(shared_log, port_of(1),
			  (const char *[]){"--speed", "4x", "--tolerance", "10s", "--json", NULL}, &report,
			  NULL),
	    0);
	assert_int_equal((int)replaying_number(report, "sent"), MESSAGES);
	json_decref(report);
}

/* All players at once, each with a node of its own as far as there are enough. */
static void play_shared(const char *tolerance_of_last)
{
	char command[4000] = "", player[700];
	for (int shard = 1; shard <= SHARDS; shard++) {
		snprintf(player, sizeof player,
			 "'%s' replay '%s' --speed 4x --start-at +1s --json --shard %d/%d -s "
			 "nats://127.0.0.1:%d --tolerance %s > '%s/%d.json' & ",
			 support_tapedeck(), shared_log, shard, SHARDS, port_of(shard),
			 shard == SHARDS ? tolerance_of_last : "10s", dir.path, shard);
		strcat(command, player);
	}
	strcat(command, "wait");
	assert_int_equal(support_run((const char *[]){"sh", "-c", command, NULL}, NULL), 0);
}

static json_t *report_of(int shard)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%d.json", dir.path, shard);
	json_t *report = json_load_file(path, 0, NULL);
	assert_non_null(report);
	return report;
}

/* Run `tapedeck report` on these reports. */
static int merge(const char *numbers, char **text)
{
	char command[1000];
	snprintf(command, sizeof command, "cd '%s' && '%s' report --json %s", dir.path, support_tapedeck(),
		 numbers);
	return support_run((const char *[]){"sh", "-c", command, NULL}, text);
}

/* ---- tests ---- */

static void four_players_play_as_one_does(void **state)
{
	struct replaying_receiver one, four;
	(void)state;
	replaying_receiver_open(&one, port_of(0), ">");
	await_routes(&one);
	play_alone();
	replaying_receiver_await(&one, MESSAGES);
	replaying_receiver_open(&four, port_of(2), ">");
	await_routes(&four);
	play_shared("10s");
	replaying_receiver_await(&four, MESSAGES);
	sort(&one);
	sort(&four);
	for (size_t i = 0; i < MESSAGES; i++) {
		assert_string_equal(four.list[i].subject, one.list[i].subject);
		assert_string_equal(four.list[i].payload, one.list[i].payload);
	}
	replaying_receiver_close(&four);
	replaying_receiver_close(&one);
}

/* Durations by their longest and their number: [[count, longest], …]. */
static json_int_t count_in(const json_t *buckets, json_int_t longest_at_least)
{
	json_int_t sum = 0;
	for (size_t i = 0; i < json_array_size(buckets); i++)
		if (json_integer_value(json_array_get(json_array_get(buckets, i), 1)) >= longest_at_least)
			sum += json_integer_value(json_array_get(json_array_get(buckets, i), 0));
	return sum;
}

static void their_reports_are_merged_exactly(void **state)
{
	char *text;
	double sent = 0, longest = 0;
	json_int_t lags = 0;
	(void)state;
	for (int shard = 1; shard <= SHARDS; shard++) {
		json_t *report = report_of(shard);
		sent += replaying_number(report, "sent");
		lags += count_in(json_object_get(report, "lag_buckets"), 0);
		if (replaying_number(report, "lag_us.max") > longest)
			longest = replaying_number(report, "lag_us.max");
		json_decref(report);
	}
	merge("3.json 1.json 4.json 2.json", &text);
	json_t *merged = json_loads(text, 0, NULL);
	assert_non_null(merged);
	assert_int_equal((int)sent, MESSAGES);
	assert_int_equal((int)replaying_number(merged, "sent"), MESSAGES);
	assert_int_equal((int)replaying_number(merged, "messages"), MESSAGES);
	assert_int_equal((int)replaying_number(merged, "skipped"), 0);
	assert_int_equal(count_in(json_object_get(merged, "lag_buckets"), 0), lags);
	assert_true(replaying_number(merged, "lag_us.max") >= longest - 0.001);
	json_decref(merged);
	free(text);
}

static void expect_refused(const char *reports, const char *why)
{
	char *text;
	assert_int_equal(merge(reports, &text), 2);
	if (!strstr(support_join_lines(text), why))
		fail_msg("report %s lacks \"%s\":\n%s", reports, why, text);
	free(text);
}

static void reports_that_do_not_belong_together_are_refused(void **state)
{
	(void)state;
	expect_refused("1.json 2.json 3.json", "the report of shard 4 of 4 is missing");
	expect_refused("1.json 2.json 3.json 4.json 2.json", "2.json and 2.json are both of shard 2");
	play_shared("20s");
	expect_refused("1.json 2.json 3.json 4.json", "were played with different options: \"tolerance_ns\"");
}

/* Also an option that only the first of the two reports has. */
static void an_option_that_one_report_lacks_is_a_different_option(void **state)
{
	char path[400];
	json_t *report = report_of(1);
	(void)state;
	json_object_set_new(json_object_get(report, "options"), "more", json_true());
	snprintf(path, sizeof path, "%s/more.json", dir.path);
	json_object_set_new(report, "shard", json_integer(2));
	assert_int_equal(json_dump_file(report, path, 0), 0);
	json_decref(report);
	expect_refused("more.json 1.json", "were played with different options: \"more\"");
}

static int setup(void **state)
{
	(void)state;
	support_tempdir_open(&dir);
	support_tempdir_path(&dir, "log", shared_log, sizeof(shared_log));
	write_log(shared_log);
	support_cluster_open(&cluster, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	support_cluster_close(&cluster);
	support_tempdir_close(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_players_play_as_one_does),
	    cmocka_unit_test(their_reports_are_merged_exactly),
	    cmocka_unit_test(reports_that_do_not_belong_together_are_refused),
	    cmocka_unit_test(an_option_that_one_report_lacks_is_a_different_option),
	};
	if (support_run((const char *[]){"nats-server", "-v", NULL}, NULL) != 0)
		return SKIPPED;
	int failed = cmocka_run_group_tests(tests, setup, teardown);
	nats_Close();
	return failed;
}
