/* operating: operating a broker: reloads, files, logins that take long, many readers of its monitoring pages. */
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
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/broker.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 60000 };

#define HELLO "CONNECT {\"verbose\":false}\r\n"
/* Of "secret", cost 10: some tens of milliseconds. */
#define HASH "$2b$10$8urYIryVEyczbk2/kkaG7.dBOv8YmLmNndDnl4S7n6AulW2rBWVFa"

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

/* The configuration file of the broker that runs, in a folder of its own. */
static struct support_tempdir folder;
static char config_path[300];
static const char *const flags[] = {"-c", config_path, NULL};

static int open_folder(void **state)
{
	(void)state;
	support_tempdir_open(&folder);
	support_tempdir_path(&folder, "broker.conf", config_path, sizeof config_path);
	return 0;
}

static int close_folder(void **state)
{
	(void)state;
	support_tempdir_close(&folder);
	return 0;
}

static void open_configured(struct support_broker *broker, const char *text, bool records)
{
	support_write_file(config_path, text, strlen(text));
	support_broker_open(broker, flags, records);
}

static void reload(const struct support_broker *broker, const char *text)
{
	support_write_file(config_path, text, strlen(text));
	kill(broker->server.pid, SIGHUP);
}

static void join(const struct support_broker *broker, struct support_socket *sock, const char *connect)
{
	assert_int_equal(support_socket_open(sock, broker->server.port), 0);
	assert_int_equal(support_socket_send_text(sock, connect, soon()), 0);
	assert_int_equal(support_socket_sync(sock, soon()), 0);
}

/* ---- reloads ---- */

static void a_lower_limit_closes_the_newest_connections(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_socket socks[6];
	open_configured(&broker, "", false);
	for (size_t i = 0; i < 6; i++)
		join(&broker, &socks[i], HELLO);
	reload(&broker, "max_connections: 3\n");
	for (size_t i = 3; i < 6; i++) {
		assert_int_equal(support_socket_await_close(&socks[i], soon()), 0);
		assert_non_null(strstr(socks[i].bytes, "-ERR 'maximum connections exceeded'\r\n"));
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(support_socket_sync(&socks[i], soon()), 0);
	for (size_t i = 0; i < 6; i++)
		support_socket_close(&socks[i]);
	support_broker_close(&broker);
}

static size_t count_ports_files(const char *path)
{
	size_t count = 0;
	DIR *dir = opendir(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		count += strstr(entry->d_name, ".ports") != NULL;
	closedir(dir);
	return count;
}

static void await_text(const char *path, const char *wanted)
{
	struct support_deadline deadline = soon();
	bool is_there;
	do {
		size_t len;
		char *text = support_read_file(path, &len);
		is_there = text && strstr(text, wanted);
		free(text);
	} while (!is_there && support_deadline_retry(deadline));
	assert_true(is_there);
}

static void files_move_with_their_options(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_tempdir before, after;
	char text[2000], pid[300], log[300], *line;
	size_t len;
	support_tempdir_open(&before);
	support_tempdir_open(&after);
	snprintf(text, sizeof text, "pid_file: \"%s/pid\"\n", before.path);
	open_configured(&broker, text, false);
	support_tempdir_path(&after, "pid", pid, sizeof pid);
	support_tempdir_path(&after, "log", log, sizeof log);
	snprintf(text, sizeof text, "pid_file: \"%s\"\nlog_file: \"%s\"\n", pid, log);
	reload(&broker, text);
	await_text(log, "Reloaded: log_file");
	line = support_read_file(pid, &len);
	assert_int_equal(atoi(line), broker.server.pid);
	free(line);
	support_broker_close(&broker);
	assert_int_equal(access(pid, F_OK), 0);
	support_tempdir_close(&before);
	support_tempdir_close(&after);
}

/* The ports file that a flag of the test support requests stays; one that the configuration file requests moves with
 * it. */
static void the_ports_file_moves(void **state)
{
	(void)state;
	struct support_tempdir first, second;
	struct support_deadline deadline = soon();
	char text[600];
	support_tempdir_open(&first);
	support_tempdir_open(&second);
	snprintf(text, sizeof text, "ports_file_dir: \"%s\"\n", first.path);
	support_write_file(config_path, text, strlen(text));
	pid_t pid = fork();
	if (pid == 0) {
		execl(support_tapedeck(), "tapedeck", "broker", "-a", "127.0.0.1", "-p", "-1", "-c",
		      config_path, NULL);
		_exit(127);
	}
	while (count_ports_files(first.path) == 0 && support_deadline_retry(deadline)) {
	}
	snprintf(text, sizeof text, "ports_file_dir: \"%s\"\n", second.path);
	support_write_file(config_path, text, strlen(text));
	kill(pid, SIGHUP);
	while (count_ports_files(second.path) == 0 && support_deadline_retry(deadline)) {
	}
	assert_int_equal(count_ports_files(second.path), 1);
	assert_int_equal(count_ports_files(first.path), 0);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	assert_int_equal(count_ports_files(second.path), 0);
	support_tempdir_close(&first);
	support_tempdir_close(&second);
}

/* ---- logins ---- */

#define USERS                                                                 \
	"authorization { timeout: 60, users: [ {user: bob, password: \"" HASH \
	"\"}, {user: good, password: pw} ] }\n"

/* More logins than there are threads are pending: connected clients are served meanwhile, and each login gets its
 * answer. */
static void logins_that_take_long_hold_up_nobody_else(void **state)
{
	(void)state;
	enum { LOGINS = 12 };
	struct support_broker broker;
	struct support_socket good, wrong[LOGINS], right;
	open_configured(&broker, USERS, false);
	join(&broker, &good, "CONNECT {\"verbose\":false,\"user\":\"good\",\"pass\":\"pw\"}\r\n");
	for (size_t i = 0; i < LOGINS; i++) {
		assert_int_equal(support_socket_open(&wrong[i], broker.server.port), 0);
		support_socket_send_text(&wrong[i],
					 i % 2 ? "CONNECT {\"user\":\"bob\",\"pass\":\"x\"}\r\nPING\r\n"
					       : "CONNECT {\"user\":\"eve\",\"pass\":\"x\"}\r\nPING\r\n",
					 soon());
	}
	assert_int_equal(support_socket_sync(&good, soon()), 0);
	join(&broker, &right,
	     "CONNECT {\"verbose\":false,\"user\":\"bob\",\"pass\":\"secret\"}\r\nSUB a 1\r\nPUB a "
	     "2\r\nhi\r\n");
	assert_non_null(strstr(right.bytes, "MSG a 1 2\r\nhi\r\nPONG\r\n"));
	for (size_t i = 0; i < LOGINS; i++) {
		assert_int_equal(support_socket_await_close(&wrong[i], soon()), 0);
		assert_non_null(strstr(wrong[i].bytes, "-ERR 'Authorization Violation'\r\n"));
		support_socket_close(&wrong[i]);
	}
	support_socket_close(&right);
	support_socket_close(&good);
	support_broker_close(&broker);
}

/* Some leave while their password is verified, some while they wait for that, with or without further
 * input. */
static void clients_may_leave_while_they_log_in(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_socket sock;
	open_configured(&broker, USERS, false);
	for (size_t i = 0; i < 30; i++) {
		assert_int_equal(support_socket_open(&sock, broker.server.port), 0);
		support_socket_send_text(
		    &sock, "CONNECT {\"user\":\"bob\",\"pass\":\"secret\"}\r\nPUB a 9\r\nhalf", soon());
		if (i % 3 == 0)
			support_socket_await(&sock, 0, "+OK", NULL, soon());
		support_socket_close(&sock);
	}
	join(&broker, &sock, "CONNECT {\"verbose\":false,\"user\":\"bob\",\"pass\":\"secret\"}\r\n");
	support_socket_close(&sock);
	support_broker_close(&broker);
}

static char *run_log(const char *const *arguments)
{
	char *text;
	assert_int_equal(support_run(arguments, &text), 0);
	return text;
}

static void a_failed_login_is_found_by_its_address(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_socket sock;
	open_configured(&broker, USERS, true);
	assert_int_equal(support_socket_open(&sock, broker.server.port), 0);
	support_socket_send_text(&sock, "CONNECT {\"user\":\"good\",\"pass\":\"x\",\"name\":\"liar\"}\r\n",
				 soon());
	assert_int_equal(support_socket_await_close(&sock, soon()), 0);
	support_socket_close(&sock);
	support_server_close(&broker.server);
	char *text = run_log((const char *[]){support_tapedeck(), "cat", broker.log, "--client", "127.0.0.1",
					      "--kind", "error", "--json", NULL});
	json_t *error = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(error, "text")), "Authorization Violation");
	assert_memory_equal(json_string_value(json_object_get(error, "address")), "127.0.0.1:", 10);
	json_decref(error);
	free(text);
	support_broker_close(&broker);
}

/* ---- monitoring ---- */

static json_t *get(const struct support_broker *broker, const char *path)
{
	char *body = NULL;
	assert_int_equal(support_http_get(broker->server.http_port, path, &body, soon()), 200);
	json_t *page = json_loads(body, 0, NULL);
	assert_non_null(page);
	free(body);
	return page;
}

static void closed_connections_are_listed_with_the_reason(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_socket sock;
	open_configured(&broker, "max_closed_clients: 2\n", false);
	for (size_t i = 0; i < 3; i++) {
		join(&broker, &sock, HELLO);
		support_socket_send_text(&sock, i == 2 ? "nonsense\r\n" : "-ERR\r\n", soon());
		assert_int_equal(support_socket_await_close(&sock, soon()), 0);
		support_socket_close(&sock);
	}
	json_t *page = get(&broker, "/connz?state=closed&sort=stop");
	json_t *rows = json_object_get(page, "connections");
	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "reason")),
			    "Protocol Violation");
	json_decref(page);
	support_broker_close(&broker);
}

static json_int_t count_of(const json_t *page, const char *key)
{
	return json_integer_value(json_object_get(page, key));
}

static void fan_out_and_activity_come_from_deliveries(void **state)
{
	(void)state;
	struct support_broker broker;
	struct support_socket receiver, publisher;
	open_configured(&broker, "", false);
	join(&broker, &receiver, HELLO "SUB a 1\r\nSUB a 2\r\nSUB * 3\r\n");
	join(&broker, &publisher, HELLO);
	json_t *before = get(&broker, "/connz?cid=1");
	support_socket_send_text(&publisher, "PUB a 2\r\nhi\r\n", soon());
	assert_int_equal(support_socket_sync(&publisher, soon()), 0);
	json_t *after = get(&broker, "/connz?cid=1"), *subsz = get(&broker, "/subsz");
	const json_t *then = json_array_get(json_object_get(before, "connections"), 0);
	const json_t *now = json_array_get(json_object_get(after, "connections"), 0);
	assert_true(strcmp(json_string_value(json_object_get(now, "last_activity")),
			   json_string_value(json_object_get(then, "last_activity"))) > 0);
	assert_int_equal(count_of(subsz, "max_fanout"), 3);
	json_decref(before);
	json_decref(after);
	json_decref(subsz);
	support_socket_close(&receiver);
	support_socket_close(&publisher);
	support_broker_close(&broker);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, close_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_lower_limit_closes_the_newest_connections),
	    TEST(files_move_with_their_options),
	    TEST(the_ports_file_moves),
	    TEST(logins_that_take_long_hold_up_nobody_else),
	    TEST(clients_may_leave_while_they_log_in),
	    TEST(a_failed_login_is_found_by_its_address),
	    TEST(closed_connections_are_listed_with_the_reason),
	    TEST(fan_out_and_activity_come_from_deliveries),
	};
	return cmocka_run_group_tests_name("operating", tests, NULL, NULL);
}
