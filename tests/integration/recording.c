/* recording: what a broker that records writes to the disk, when, and what it never writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <dirent.h>
#include <sys/stat.h>

#include "child.h"
#include "support/broker.h"
#include "support/fail.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 20000 };

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

static void say(struct support_socket *sock, const char *text)
{
	assert_int_equal(support_socket_send_text(sock, text, soon()), 0);
}

/* Connect with these lines; the broker has executed them when it returns. */
static void join(const struct support_broker *broker, struct support_socket *sock, const char *lines)
{
	assert_int_equal(support_socket_open(sock, broker->server.port), 0);
	say(sock, lines);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

#define HELLO "CONNECT {\"verbose\":false,\"headers\":true}\r\n"

/* The output of a reading command; owned. */
static char *read_log(const char *const *arguments)
{
	char *text;
	int status = support_run(arguments, &text);
	if (status != 0)
		fail_msg("%s: exit status %d:\n%s", arguments[1], status, text);
	return text;
}

static void stop(struct support_broker *broker)
{
	assert_int_equal(support_server_close(&broker->server), 0);
	free(read_log((const char *[]){support_tapedeck(), "verify", broker->log, NULL}));
}

/* Nothing else happens on the bus that could push the message out. */
static void events_on_an_idle_bus_are_on_disk_at_once(void **state)
{
	struct support_broker broker;
	struct support_socket publisher;
	struct child tail;
	(void)state;
	support_broker_open(&broker, NULL, true);
	child_open(&tail, (const char *[]){support_tapedeck(), "tail", broker.log, "--wait", NULL});
	assert_true(child_await_out(&tail, "start tapedeck", soon()));
	join(&broker, &publisher, HELLO);
	assert_true(child_await_out(&tail, " conn ", soon()));
	for (int i = 0; i < 5; i++) {
		char text[40];
		snprintf(text, sizeof(text), "PUB quiet 9\r\nnumber %d.\r\n", i);
		say(&publisher, text);
		snprintf(text, sizeof(text), "number %d.", i);
		assert_true(child_await_out(&tail, text, soon()));
	}
	child_close(&tail);
	support_socket_close(&publisher);
	stop(&broker);
	support_broker_close(&broker);
}

/* ---- what is kept ---- */

/* How many of these a JSON text has. */
static int count_of(const char *text, const char *part)
{
	int count = 0;
	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

static char *cat_json(const struct support_broker *broker)
{
	return read_log((const char *[]){support_tapedeck(), "cat", "--json", "--detail", broker->log, NULL});
}

/* One publisher, one subscriber, some subjects. Everything recorded, then stopped. */
static char *record_with(struct support_broker *broker, const char *const *flags)
{
	struct support_socket reader, publisher;
	support_broker_open(broker, flags, true);
	join(broker, &reader, HELLO "SUB > 1\r\nUNSUB 1 100\r\n");
	join(broker, &publisher,
	     HELLO "PUB orders.new 9\r\n123456789\r\nPUB orders.secret 2\r\nhi\r\n"
		   "PUB telemetry.a 4\r\ntick\r\n");
	assert_int_equal(support_socket_sync(&reader, soon()), 0);
	support_socket_close(&reader);
	support_socket_close(&publisher);
	assert_int_equal(support_broker_varz(broker, "out_msgs"), 3);
	stop(broker);
	return cat_json(broker);
}

static void only_what_is_included_and_not_excluded_is_recorded(void **state)
{
	const char *const flags[] = {"--record-include=orders.>", "--record-exclude=*.secret", NULL};
	struct support_broker broker;
	(void)state;
	char *log = record_with(&broker, flags);
	assert_int_equal(count_of(log, "\"kind\":\"message\""), 1);
	assert_int_equal(count_of(log, "\"subject\":\"orders.new\""), 1);
	assert_int_equal(count_of(log, "\"kind\":\"connect\""), 2);
	free(log);
	support_broker_close(&broker);
}

static void a_cut_payload_keeps_its_size_and_is_marked(void **state)
{
	const char *const flags[] = {"--record-payload=max=3", NULL};
	struct support_broker broker;
	(void)state;
	char *log = record_with(&broker, flags);
	assert_int_equal(count_of(log, "\"payload\":\"123\",\"size\":9,\"cut\":true"), 1);
	assert_int_equal(count_of(log, "\"payload\":\"hi\",\"size\":2,\"receivers\""), 1);
	free(log);
	support_broker_close(&broker);
}

static void each_detail_records_its_kinds_of_events(void **state)
{
	static const struct {
		const char *flag;
		int delivered, subscribes, unsubscribes;
	} cases[] = {{"--record-detail=messages", 0, 0, 0},
		     {"--record-detail=deliveries", 3, 0, 0},
		     {"--record-detail=protocol", 3, 1, 1}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct support_broker broker;
		char *log = record_with(&broker, (const char *[]){cases[i].flag, NULL});
		assert_int_equal(count_of(log, "\"receivers\":1"), 3);
		assert_int_equal(count_of(log, "\"outcome\":\"sent\""), cases[i].delivered);
		assert_int_equal(count_of(log, "\"kind\":\"subscribe\""), cases[i].subscribes);
		assert_int_equal(count_of(log, "\"max\":100"), cases[i].unsubscribes);
		free(log);
		support_broker_close(&broker);
	}
}

/* ---- what is never written ---- */

/* Calls check(path, context) for every file of a folder. */
static void visit_files(const char *dir, void (*check)(const char *path, void *context), void *context)
{
	char path[600];
	DIR *open = opendir(dir);
	assert_non_null(open);
	for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.')
			check(path, context);
	}
	closedir(open);
}

static const char *const SECRETS[] = {"open-sesame", "swordfish",    "letmein",
				      "hunter2",     "s3same-t0ken", "s1gnature"};
enum { SECRETS_LEN = sizeof(SECRETS) / sizeof(SECRETS[0]) };

static void expect_no_secret(const char *where, const char *bytes, size_t len)
{
	for (int i = 0; i < SECRETS_LEN; i++)
		if (memmem(bytes, len, SECRETS[i], strlen(SECRETS[i])))
			fail_msg("%s holds \"%s\"", where, SECRETS[i]);
}

static void expect_no_secret_in_file(const char *path, void *context)
{
	size_t len = 0;
	char *bytes = support_read_file(path, &len);
	(void)context;
	expect_no_secret(path, bytes, len);
	free(bytes);
}

static void attempt(const struct support_broker *broker, const char *lines)
{
	struct support_socket sock;
	assert_int_equal(support_socket_open(&sock, broker->server.port), 0);
	say(&sock, lines);
	support_socket_await_close(&sock, soon());
	support_socket_close(&sock);
}

/* Not even when the protocol is traced into the server's own log, or when the client makes mistakes. */
static void no_credential_is_ever_written(void **state)
{
	static const char CONFIG[] = "authorization { users = [ { user: alice, password: open-sesame },"
				     " { user: bob, password: swordfish } ] }\n";
	struct support_broker broker;
	struct support_tempdir dir;
	struct support_socket alice;
	char path[300];
	(void)state;
	support_tempdir_open(&dir);
	support_write_file(support_tempdir_path(&dir, "conf", path, sizeof(path)), CONFIG, strlen(CONFIG));
	support_broker_open(&broker, (const char *[]){"-c", path, "-DV", "--record-detail=protocol", NULL},
			    true);
	join(&broker, &alice,
	     "CONNECT {\"verbose\":false,\"user\":\"alice\",\"pass\":\"open-sesame\",\"name\":\"a\"}\r\n");
	attempt(&broker, "CONNECT {\"user\":\"bob\",\"pass\":\"letmein\"}\r\nPING\r\n");
	attempt(&broker, "CONNECT {\"pass\" : \"hunter2\", \"user\":\"mallory\"}\r\nPING\r\n");
	attempt(&broker, "CONNECT {\"auth_token\":\"s3same-t0ken\"}\r\nPING\r\n");
	attempt(&broker, "CONNECT {\"nkey\":\"UA\",\"jwt\":\"e.letmein\",\"sig\":\"s1gnature\"}\r\nPING\r\n");
	attempt(&broker, "CONNECT {\"user\":\"bob\",\"pass\":\"swordfish\"} garbage\r\nPING\r\n");
	attempt(&broker, "CONNECT {\"user\":\"bob\",\"pass\":\"swordfish\r\nPING\r\n");
	attempt(&broker, "CONNEXT {\"user\":\"bob\",\"pass\":\"swordfish\"}\r\n");
	say(&alice, "CONNECT {\"user\":\"alice\",\"pass\":\"hunter2\"}\r\nPING\r\n");
	support_socket_await_close(&alice, soon());
	support_socket_close(&alice);
	stop(&broker);
	char *log = cat_json(&broker);
	assert_non_null(strstr(log, "\"user\":\"alice\""));
	assert_non_null(strstr(log, "Authorization Violation"));
	expect_no_secret("the log", log, strlen(log));
	visit_files(broker.log, expect_no_secret_in_file, NULL);
	expect_no_secret_in_file(broker.server.log_path, NULL);
	free(log);
	support_broker_close(&broker);
	support_tempdir_close(&dir);
}

static void expect_private(const char *path, void *context)
{
	struct stat info;
	(void)context;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
}

static void only_its_owner_can_read_the_log(void **state)
{
	struct support_broker broker;
	struct stat info;
	(void)state;
	free(record_with(&broker, NULL));
	assert_int_equal(stat(broker.log, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	visit_files(broker.log, expect_private, NULL);
	support_broker_close(&broker);
}

/* ---- one writer, many readers ---- */

static void a_second_recorder_is_refused_and_the_first_goes_on(void **state)
{
	struct support_broker broker;
	struct support_socket publisher;
	char *text, holder[40];
	(void)state;
	support_broker_open(&broker, NULL, true);
	const char *const second[] = {support_tapedeck(), "broker",   "-a", "127.0.0.1", "-p", "-1",
				      "--record",         broker.log, NULL};
	assert_int_equal(support_run(second, &text), 4);
	snprintf(holder, sizeof(holder), "process %d", (int)broker.server.pid);
	assert_non_null(strstr(support_join_lines(text), holder));
	free(text);
	const char *const repair[] = {support_tapedeck(), "verify", "--repair", broker.log, NULL};
	assert_int_equal(support_run(repair, &text), 4);
	assert_non_null(strstr(support_join_lines(text), holder));
	free(text);
	join(&broker, &publisher, HELLO "PUB still 2\r\nhi\r\n");
	support_socket_close(&publisher);
	stop(&broker);
	text = cat_json(&broker);
	assert_int_equal(count_of(text, "\"subject\":\"still\""), 1);
	free(text);
	support_broker_close(&broker);
}

static void publish_numbers(struct support_socket *sock, int from, int to)
{
	char text[600];
	for (int i = from; i < to; i++) {
		int len = snprintf(text, sizeof(text), "PUB n 500\r\n%09d.%*s\r\n", i, 490, "");
		assert_int_equal(support_socket_send(sock, text, (size_t)len, soon()), 0);
	}
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

/* Segments begin and old ones are deleted while a reader follows: it sees every message, or a gap that names
 * those deleted. */
static void a_follower_comes_along_through_rotation(void **state)
{
	enum { COUNT = 2000, STEP = 100 };
	struct support_broker broker;
	struct support_socket publisher;
	struct child cat;
	char text[32];
	(void)state;
	support_broker_open(&broker, (const char *[]){"--record-segment-size=20kb", NULL}, true);
	child_open(&cat, (const char *[]){support_tapedeck(), "cat", broker.log, "n", "--follow", NULL});
	join(&broker, &publisher, HELLO);
	for (int i = 0; i < COUNT; i += STEP) {
		publish_numbers(&publisher, i, i + STEP);
		snprintf(text, sizeof(text), "%09d.", i + STEP - 1);
		assert_true(child_await_out(&cat, text, soon()));
	}
	assert_int_equal(count_of(cat.out, "\n"), COUNT);
	child_close(&cat);
	support_socket_close(&publisher);
	stop(&broker);
	support_broker_close(&broker);
}

struct folder {
	int segments;
	uint64_t bytes;
};

static void add_file(const char *path, void *context)
{
	struct folder *folder = context;
	struct stat info;
	if (strstr(path, ".seg") && stat(path, &info) == 0) {
		folder->segments++;
		folder->bytes += (uint64_t)info.st_size;
	}
}

static void a_log_stays_within_its_size_limit_and_is_whole(void **state)
{
	enum { LIMIT = 5 << 20, SEGMENT = 1 << 20, BLOCK = 1 << 20, BYTES = 100000 };
	const char *const flags[] = {"--record-segment-size=1MiB", "--record-retain-size=5MiB", NULL};
	struct support_broker broker;
	struct support_socket publisher;
	struct folder folder = {0};
	char *payload = support_grow(NULL, BYTES + 100);
	uint64_t bits = 1;
	(void)state;
	support_broker_open(&broker, flags, true);
	join(&broker, &publisher, HELLO);
	for (int i = 0; i < 120; i++) { /* bytes that nothing compresses */
		size_t head = (size_t)sprintf(payload, "PUB big %d\r\n", BYTES);
		for (size_t at = head; at < head + BYTES; at++)
			payload[at] = (char)((bits = bits * UINT64_C(6364136223846793005) + 1) >> 56);
		memcpy(payload + head + BYTES, "\r\n", 2);
		assert_int_equal(support_socket_send(&publisher, payload, head + BYTES + 2, soon()), 0);
		assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	}
	free(payload);
	support_socket_close(&publisher);
	stop(&broker);
	visit_files(broker.log, add_file, &folder);
	assert_true(folder.segments >= 2);
	assert_in_range(folder.bytes, SEGMENT, LIMIT + BLOCK + BYTES);
	support_broker_close(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_on_an_idle_bus_are_on_disk_at_once),
	    cmocka_unit_test(only_what_is_included_and_not_excluded_is_recorded),
	    cmocka_unit_test(a_cut_payload_keeps_its_size_and_is_marked),
	    cmocka_unit_test(each_detail_records_its_kinds_of_events),
	    cmocka_unit_test(no_credential_is_ever_written),
	    cmocka_unit_test(only_its_owner_can_read_the_log),
	    cmocka_unit_test(a_second_recorder_is_refused_and_the_first_goes_on),
	    cmocka_unit_test(a_follower_comes_along_through_rotation),
	    cmocka_unit_test(a_log_stays_within_its_size_limit_and_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
