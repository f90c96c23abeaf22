/* recording: what a broker that records puts on the disk, when, and what never. */
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

/* Connect with these lines; all is in force when it returns. */
static void join(const struct support_broker *broker, struct support_socket *sock, const char *lines)
{
	assert_int_equal(support_socket_open(sock, broker->server.port), 0);
	say(sock, lines);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

#define HELLO "CONNECT {\"verbose\":false,\"headers\":true}\r\n"

/* What a reading command prints; owned. */
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
static void what_happens_on_an_idle_bus_is_told_at_once(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_happens_on_an_idle_bus_is_told_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
