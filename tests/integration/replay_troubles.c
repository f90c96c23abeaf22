/* replay_troubles: what a replay reports and returns when something is wrong from the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "replaying.h"
#include "sample_captures.h"
#include "sample_logs.h"
#include "support/fail.h"
#include "support/run.h"

enum { MESSAGES = 300, WAIT_MS = 20000 };

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

static struct support_tempdir dir;
static char log_path[300];

static int prepare(void **state)
{
	(void)state;
	support_tempdir_open(&dir);
	if (chdir(dir.path) != 0)
		support_fail("%s", dir.path);
	support_tempdir_path(&dir, "work", log_path, sizeof(log_path));
	replaying_write_log(log_path, MESSAGES);
	sample_logs_write();
	sample_captures_write();
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	support_tempdir_close(&dir);
	nats_CloseAndWait(WAIT_MS);
	return 0;
}

static void expect(const char *log, int port, const char *const *args, int wanted, const char *phrase)
{
	char *text;
	int status = replaying_run(log, port, args, NULL, &text);

	if (status != wanted || !strstr(text, phrase))
		fail_msg("exit status %d, not %d, or no \"%s\" in:\n%s", status, wanted, phrase, text);
	free(text);
}

/* ---- before anything is played ---- */

static void nonsense_on_the_command_line_is_a_usage_error(void **state)
{
	static const char *const lines[][4] = {
	    {"--speed", "0"},
	    {"--speed", "fast"},
	    {"--rate", "0"},
	    {"--speed", "2x", "--rate", "5"},
	    {"--shard", "5/4"},
	    {"--ramp", "1..2"},
	    {"--roots"},
	    {"--slower", "2x"},
	    {"--ignore", "$.id"},
	    {"--verify", "--ignore", "id"},
	    {"--verify", "--clones", "2"},
	    {"--clones", "0"},
	    {"--kind", "gap"},
	    {"--start-at", "2001-01-01"},
	    {"--start-at", "5m"},
	    {"--from", "soon"},
	    {"--from", "+1s", "--since", "2001-01-01"},
	    {"--map", "a"},
	    {"--map", "a.*=b.$2"},
	    {"--map", "a.>=b.>", "--map", "a.b=c"},
	    {"--add-header", "no header"},
	    {"--context", "no-such-context"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *args[5] = {lines[i][0], lines[i][1], lines[i][2], lines[i][3], NULL};
		char *text;
		int status = replaying_run(log_path, 1, args, NULL, &text);
		if (status != 2)
			fail_msg("%s %s: exit status %d:\n%s", args[0], args[1] ? args[1] : "", status, text);
		assert_true(strncmp(text, "tapedeck replay: ", 17) == 0);
		free(text);
	}
}

static void input_that_cannot_be_played_is_reported_with_the_reason(void **state)
{
	(void)state;
	expect(log_path, 1, ARGS("no.such.subject"), 1, "nothing to play");
	expect("./empty", 1, NULL, 1, "nothing to play");
	expect("./no-such-log", 1, NULL, 4, "no-such-log");
	expect("./foreign", 1, NULL, 4, "not a tapedeck log");
	expect("./newer", 1, NULL, 4, "newer version");
	expect(log_path, 1, NULL, 3, "cannot connect");
}

static void a_damaged_log_is_played_as_far_as_it_is_whole(void **state)
{
	struct support_broker broker;
	json_t *report;

	(void)state;
	support_broker_open(&broker, NULL, false);
	assert_int_equal(
	    replaying_run("./damaged", broker.server.port, ARGS("--speed", "max", "--json"), &report, NULL),
	    1);
	assert_int_equal(replaying_number(report, "sent"), 2);
	assert_int_equal(replaying_number(report, "damaged_events"), 1);
	assert_int_equal(replaying_number(report, "gaps"), 1);
	json_decref(report);
	expect("./damaged", broker.server.port, NULL, 1, "the log is damaged");
	support_broker_close(&broker);
}

/* How many messages `cat` finds in it. */
static size_t count_messages(const char *path)
{
	char *text;
	size_t count = 0;

	support_run(ARGS(support_tapedeck(), "cat", path, "--kind", "message"), &text);
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	free(text);
	return count;
}

static void a_capture_is_played_without_a_log_in_between(void **state)
{
	struct support_broker recorder, broker;
	json_t *report;
	char command[1000], *text;

	(void)state;
	support_broker_open(&recorder, NULL, true);
	assert_int_equal(replaying_run("captures/plain.pcap", recorder.server.port,
				       ARGS("--speed", "max", "--json"), &report, NULL),
			 0);
	assert_true(count_messages("captures/plain.pcap") > 0);
	assert_int_equal(replaying_number(report, "sent"), count_messages("captures/plain.pcap"));
	json_decref(report);
	assert_int_equal(support_server_close(&recorder.server), 0);
	assert_int_equal(support_run(ARGS(support_tapedeck(), "diff", "captures/plain.pcap", recorder.log,
					  "--ignore-receivers"), /* the replay had no subscribers */
				     NULL),
			 0);
	support_broker_open(&broker, NULL, false);
	snprintf(command, sizeof(command),
		 "%s replay - --speed max -s nats://127.0.0.1:%d < captures/plain.pcap", support_tapedeck(),
		 broker.server.port);
	int status = support_run(ARGS("sh", "-c", command), &text);
	if (status != 0)
		fail_msg("exit status %d:\n%s", status, text);
	free(text);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), count_messages("captures/plain.pcap"));
	support_broker_close(&broker);
	support_broker_close(&recorder);
}

static void a_log_is_not_played_into_the_server_it_was_recorded_from(void **state)
{
	struct support_broker broker;
	natsConnection *nats;

	(void)state;
	support_broker_open(&broker, NULL, true);
	nats = replaying_connect(broker.server.port, "publisher");
	MUST(natsConnection_PublishString(nats, "a", "x"));
	MUST(natsConnection_Flush(nats));
	natsConnection_Destroy(nats);
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	char *text;
	while (support_run(ARGS(support_tapedeck(), "cat", broker.log, "a", "--fail-empty"), &text) != 0) {
		free(text);
		assert_true(support_deadline_retry(deadline));
	}
	free(text);
	expect(broker.log, broker.server.port, NULL, 2, "this is the server that the log was recorded from");
	expect(broker.log, broker.server.port, ARGS("--yes", "--speed", "max"), 0, "sent      1 message");
	expect(log_path, broker.server.port, ARGS("--speed", "max"), 0, "sent      300 messages");
	support_broker_close(&broker);
}

/* ---- what servers refuse ---- */

static void open_configured(struct support_broker *broker, const char *text)
{
	char path[300];

	support_tempdir_path(&dir, "server.conf", path, sizeof(path));
	support_write_file(path, text, strlen(text));
	support_broker_open(broker, ARGS("-c", path), false);
}

static void refused_logins_and_publishes_are_reported(void **state)
{
	struct support_broker broker;
	json_t *report;

	(void)state;
	open_configured(&broker, "authorization { users = [ { user: u, password: p, permissions: {"
				 " publish: { deny: \"work.1\" } } } ] }\n");
	expect(log_path, broker.server.port, NULL, 3, "cannot connect");
	expect(log_path, broker.server.port, ARGS("--user", "u", "--password", "wrong"), 3, "uthorization");
	assert_int_equal(replaying_run(log_path, broker.server.port,
				       ARGS("--user", "u", "--password", "p", "--speed", "max", "--json"),
				       &report, NULL),
			 1);
	assert_int_equal(replaying_number(report, "failed_by.not_permitted"), MESSAGES / 3);
	json_decref(report);
	support_broker_close(&broker);
}

static void a_context_sets_the_server_and_the_user(void **state)
{
	struct support_broker broker;
	char path[300], json[200], *text;

	(void)state;
	open_configured(&broker, "authorization { user: u, password: p }\n");
	support_run(ARGS("mkdir", "-p", "nats/context"), NULL);
	snprintf(json, sizeof(json), "{\"url\":\"nats://127.0.0.1:%d\",\"user\":\"u\",\"password\":\"p\"}",
		 broker.server.port);
	support_tempdir_path(&dir, "nats/context/staging.json", path, sizeof(path));
	support_write_file(path, json, strlen(json));
	setenv("XDG_CONFIG_HOME", dir.path, 1);
	int status = support_run(
	    ARGS(support_tapedeck(), "replay", log_path, "--context", "staging", "--speed", "max"), &text);
	if (status != 0)
		fail_msg("exit status %d:\n%s", status, text);
	free(text);
	setenv("NATS_PASSWORD", "wrong", 1); /* the environment overrides the context */
	assert_int_equal(
	    support_run(ARGS(support_tapedeck(), "replay", log_path, "--context", "staging"), NULL), 3);
	unsetenv("NATS_PASSWORD");
	unsetenv("XDG_CONFIG_HOME");
	support_broker_close(&broker);
}

/* Only the real server asks for signatures. */
static void a_seed_signs_in(void **state)
{
	static const char config[] = "authorization { users = [ { nkey:"
				     " UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4 } ] }\n",
			  seed[] = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n";
	struct support_server server;

	(void)state;
	support_write_file("nkey.conf", config, sizeof(config) - 1);
	support_write_file("user.nk", seed, sizeof(seed) - 1);
	if (!replaying_open_nats_server(&server, &dir, ARGS("-c", "nkey.conf")))
		return;
	expect(log_path, server.port, ARGS("--speed", "max", "--nkey", "user.nk"), 0,
	       "sent      300 messages");
	expect(log_path, server.port, NULL, 3, "cannot connect");
	expect(log_path, server.port, ARGS("--nkey", "nkey.conf"), 2, "holds no seed");
	support_server_close(&server);
}

static void messages_too_large_for_the_server_are_counted(void **state)
{
	struct support_broker broker;
	json_t *report;

	(void)state;
	open_configured(&broker, "max_payload: 2\n");
	assert_int_equal(
	    replaying_run(log_path, broker.server.port, ARGS("--speed", "max", "--json"), &report, NULL), 1);
	assert_int_equal(replaying_number(report, "failed_by.too_large"), MESSAGES - 100);
	assert_int_equal(replaying_number(report, "sent"), 100);
	json_decref(report);
	support_broker_close(&broker);
}

static void maps_that_join_or_never_match_are_reported(void **state)
{
	struct support_broker broker;

	(void)state;
	support_broker_open(&broker, NULL, false);
	expect(log_path, broker.server.port, ARGS("--speed", "max", "--map", "work.*=one"), 0,
	       "different subjects to one for 200 messages");
	expect(log_path, broker.server.port, ARGS("--speed", "max", "--map", "play.*=work.$1"), 0,
	       "--map 'play.*=work.$1' matched nothing");
	expect(log_path, broker.server.port, ARGS("--dry-run", "--map", "work.1=work.2"), 0,
	       "the first \"work.2\"");
	support_broker_close(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nonsense_on_the_command_line_is_a_usage_error),
	    cmocka_unit_test(input_that_cannot_be_played_is_reported_with_the_reason),
	    cmocka_unit_test(a_damaged_log_is_played_as_far_as_it_is_whole),
	    cmocka_unit_test(a_capture_is_played_without_a_log_in_between),
	    cmocka_unit_test(a_log_is_not_played_into_the_server_it_was_recorded_from),
	    cmocka_unit_test(refused_logins_and_publishes_are_reported),
	    cmocka_unit_test(a_context_sets_the_server_and_the_user),
	    cmocka_unit_test(a_seed_signs_in),
	    cmocka_unit_test(messages_too_large_for_the_server_are_counted),
	    cmocka_unit_test(maps_that_join_or_never_match_are_reported),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
