/* replay_mid_run: a replay that is stopped, loses its server, or is steered by keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "child.h"
#include "replaying.h"
#include "support/fail.h"

enum { MESSAGES = 300, WAIT_MS = 20000 };

#define ARGS(...) ((const char *[]){__VA_ARGS__, NULL})

/* A log of MESSAGES messages. */
struct recording {
	struct support_tempdir dir;
	char log[300];
};

static struct recording recording;

static int prepare(void **state)
{
	(void)state;
	support_tempdir_open(&recording.dir);
	support_tempdir_path(&recording.dir, "work", recording.log, sizeof(recording.log));
	replaying_write_log(recording.log, MESSAGES);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	support_tempdir_close(&recording.dir);
	nats_CloseAndWait(WAIT_MS);
	return 0;
}

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

/* ---- signals, and servers that go away ---- */

/* Start `tapedeck replay` in the background, looping without end. */
static void start(struct child *child, int port, const char *const *more)
{
	const char *argv[30] = {support_tapedeck(), "replay", recording.log, "--loop",
				"forever",          "--json", "-s"};
	char url[64];
	size_t count = 7;

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	argv[count++] = url;
	for (; *more; more++)
		argv[count++] = *more;
	child_open(child, argv);
}

static void await_messages(const struct support_broker *broker, int64_t count)
{
	struct support_deadline deadline = soon();

	while (support_broker_varz(broker, "in_msgs") < count)
		assert_true(support_deadline_retry(deadline));
}

static json_t *end(struct child *child, int wanted)
{
	assert_true(child_await_end(child, soon()));
	if (child->status != wanted)
		fail_msg("exit status %d, not %d:\n%s%s", child->status, wanted, child->out, child->err);
	json_t *report = json_loads(child->out, 0, NULL);
	assert_non_null(report);
	return report;
}

static void a_signal_ends_the_run_with_its_report(void **state)
{
	struct support_broker broker;
	struct child child;

	(void)state;
	support_broker_open(&broker, NULL, false);
	start(&child, broker.server.port, ARGS("--rate", "500", "--tolerance", "10s"));
	await_messages(&broker, 20);
	kill(child.pid, SIGINT);
	json_t *report = end(&child, 0);
	assert_string_equal(json_string_value(json_object_get(report, "end")), "stopped");
	assert_int_equal(replaying_number(report, "sent"), support_broker_varz(&broker, "in_msgs"));
	json_decref(report);
	child_close(&child);
	support_broker_close(&broker);
}

static void a_server_that_does_not_come_back_is_waited_for_and_reported(void **state)
{
	struct support_broker broker;
	struct child child;

	(void)state;
	support_broker_open(&broker, NULL, false);
	start(&child, broker.server.port, ARGS("--rate", "500", "--patience", "300ms"));
	await_messages(&broker, 20);
	support_server_kill(&broker.server);
	json_t *report = end(&child, 3);
	assert_string_equal(json_string_value(json_object_get(report, "end")), "server");
	assert_int_equal(replaying_number(report, "disconnects"), 1);
	assert_non_null(strstr(child.err, "went away"));
	json_decref(report);
	child_close(&child);
	support_broker_close(&broker);
}

static void a_server_that_comes_back_is_played_into_again(void **state)
{
	struct support_broker broker;
	struct child child;

	(void)state;
	support_broker_open(&broker, NULL, false);
	start(&child, broker.server.port, ARGS("--rate", "500", "--patience", "20s", "--tolerance", "1h"));
	await_messages(&broker, 20);
	support_server_kill(&broker.server);
	support_broker_restart(&broker);
	await_messages(&broker, 20);
	kill(child.pid, SIGTERM);
	assert_true(child_await_end(&child, soon()));
	json_t *report = json_loads(child.out, 0, NULL);
	assert_int_equal(replaying_number(report, "disconnects"), 1);
	assert_int_equal(replaying_number(report, "reconnects"), 1);
	/* The run fails exactly when messages may have been lost with the connection. */
	assert_int_equal(child.status, replaying_number(report, "failed") > 0 ? 1 : 0);
	assert_int_equal(replaying_number(report, "failed"), replaying_number(report, "failed_by.doubtful"));
	json_decref(report);
	child_close(&child);
	support_broker_close(&broker);
}

static void a_server_that_reads_no_more_ends_the_run(void **state)
{
	static const char *const lags[] = {"burst", "abort"}, *const ends[] = {"server", "late"};
	static const int statuses[] = {3, 1};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct support_broker broker;
		struct child child;
		support_broker_open(&broker, NULL, false);
		start(&child, broker.server.port,
		      ARGS("--rate", "1M", "--patience", "2s", "--on-lag", lags[i], "--tolerance", "1s"));
		await_messages(&broker, 1000);
		support_server_signal(&broker.server, SIGSTOP);
		json_t *report = end(&child, statuses[i]);
		assert_string_equal(json_string_value(json_object_get(report, "end")), ends[i]);
		json_decref(report);
		child_close(&child);
		support_server_signal(&broker.server, SIGCONT);
		support_broker_close(&broker);
	}
}

/* ---- at the terminal ---- */

/* A replay with a terminal for standard input and error. */
struct terminal {
	pid_t pid;
	int master, slave;
	char shown[65536]; /* NUL-terminated */
	size_t len;
};

static void open_terminal(struct terminal *terminal, int port)
{
	char url[64];

	snprintf(url, sizeof(url), "nats://127.0.0.1:%d", port);
	*terminal = (struct terminal){0};
	if (openpty(&terminal->master, &terminal->slave, NULL, NULL, NULL) != 0)
		support_fail("no pseudo-terminal");
	terminal->pid = fork();
	if (terminal->pid != 0)
		return;
	close(terminal->master);
	if (login_tty(dup(terminal->slave)) != 0)
		_exit(126);
	execl(support_tapedeck(), "tapedeck", "replay", recording.log, "-s", url, "--rate", "50", "--loop",
	      "forever", "--tolerance", "10s", NULL);
	_exit(127);
}

static void await_shown(struct terminal *terminal, const char *text)
{
	while (!strstr(terminal->shown, text)) {
		size_t room = sizeof(terminal->shown) - 1 - terminal->len;
		ssize_t got = read(terminal->master, terminal->shown + terminal->len, room);
		if (got <= 0)
			fail_msg("no \"%s\" in:\n%s", text, terminal->shown);
		terminal->len += (size_t)got;
		terminal->shown[terminal->len] = '\0';
	}
}

static void press(const struct terminal *terminal, const char *keys)
{
	assert_int_equal(write(terminal->master, keys, strlen(keys)), strlen(keys));
}

static void keys_steer_and_the_terminal_is_restored(void **state)
{
	struct support_broker broker;
	struct terminal terminal;
	struct termios before, after;
	int status;

	(void)state;
	support_broker_open(&broker, NULL, false);
	open_terminal(&terminal, broker.server.port);
	tcgetattr(terminal.slave, &before);
	alarm(60); /* a terminal that stays silent */
	await_shown(&terminal, "loop 1");
	press(&terminal, " ");
	await_shown(&terminal, "[paused]");
	int64_t messages = support_broker_varz(&broker, "in_msgs");
	press(&terminal, "\033[C"); /* one step */
	await_messages(&broker, messages + 1);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), messages + 1);
	press(&terminal, "\033[C\033[C\033OC"); /* three at once */
	await_messages(&broker, messages + 4);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), messages + 4);
	press(&terminal, "++ ");
	await_shown(&terminal, "1.56x");
	await_messages(&broker, messages + 8);
	press(&terminal, "q");
	await_shown(&terminal, "sent ");
	assert_int_equal(waitpid(terminal.pid, &status, 0), terminal.pid);
	alarm(0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	tcgetattr(terminal.slave, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	close(terminal.master);
	close(terminal.slave);
	support_broker_close(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_signal_ends_the_run_with_its_report),
	    cmocka_unit_test(a_server_that_does_not_come_back_is_waited_for_and_reported),
	    cmocka_unit_test(a_server_that_comes_back_is_played_into_again),
	    cmocka_unit_test(a_server_that_reads_no_more_ends_the_run),
	    cmocka_unit_test(keys_steer_and_the_terminal_is_restored),
	};
	return cmocka_run_group_tests(tests, prepare, clean_up);
}
