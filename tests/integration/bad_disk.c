/* bad disk: full, too small, read-only, gone for a while, slow. The bus goes on; messages that are not logged are
 * reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "numbered.h"
#include "support/broker.h"
#include "support/run.h"
#include "support/socket.h"

enum { WAIT_MS = 30000, ENDLESS = 1 << 30, PAUSE_US = 2000, COUNT = 8000, MEBIBYTE = 1 << 20 };

static struct support_deadline soon(void)
{
	return support_deadline_in(WAIT_MS);
}

/* ---- what the broker reports about itself ---- */

static int health(const struct support_broker *broker, char **body)
{
	return support_http_get(broker->server.http_port, "/healthz", body, soon());
}

static void await_health(const struct support_broker *broker, int status)
{
	struct support_deadline deadline = soon();
	int now;
	while ((now = health(broker, NULL)) != status && support_deadline_retry(deadline))
		continue;
	assert_int_equal(now, status);
}

/* A page holds this text; else it is shown. */
static void expect_page(const struct support_broker *broker, const char *path, const char *text)
{
	char *body;
	support_http_get(broker->server.http_port, path, &body, soon());
	if (!body || !strstr(body, text))
		fail_msg("%s lacks \"%s\":\n%s", path, text, body ? body : "(nothing)");
	free(body);
}

/* Health, metrics, varz and the server's own log agree that it is degraded, and why. */
static void expect_degraded(const struct support_broker *broker, const char *why)
{
	char *body;
	await_health(broker, 503);
	if (health(broker, &body) == 503) {
		assert_non_null(strstr(body, "\"degraded\""));
		assert_non_null(strstr(body, why));
		expect_page(broker, "/metrics", "\ntapedeck_recording_degraded 1\n");
		expect_page(broker, "/varz", "\"degraded\": true");
	}
	free(body);
	assert_int_equal(support_server_await_log(&broker->server, "recording degraded", soon()), 0);
}

static void expect_well_again(const struct support_broker *broker)
{
	await_health(broker, 200);
	expect_page(broker, "/metrics", "\ntapedeck_recording_degraded 0\n");
	assert_int_equal(support_server_await_log(&broker->server, "recording again", soon()), 0);
}

/* Messages pass whatever the disk does. */
static void expect_bus_goes_on(const struct support_broker *broker)
{
	struct support_socket sock;
	assert_int_equal(support_socket_open(&sock, broker->server.port), 0);
	support_socket_send_text(&sock, "CONNECT {\"verbose\":false}\r\nSUB alive 1\r\n", soon());
	support_socket_send_text(&sock, "PUB alive 5\r\nhello\r\n", soon());
	assert_int_equal(support_socket_await(&sock, 0, "MSG alive 1 5\r\nhello\r\n", NULL, soon()), 0);
	support_socket_close(&sock);
}

/* ---- what the log holds ---- */

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* The totals of a log, which must verify. */
static json_t *totals_of(const char *log)
{
	const char *const stat[] = {support_tapedeck(), "stat", "--json", log, NULL};
	const char *const verify[] = {support_tapedeck(), "verify", log, NULL};
	struct numbered_log read;
	char *text;
	assert_true(numbered_log_read(&read, log));
	assert_int_equal(support_run(verify, &text), 0);
	free(text);
	assert_int_equal(support_run(stat, &text), 0);
	json_t *totals = json_loads(text, 0, NULL);
	assert_non_null(totals);
	free(text);
	return totals;
}

/* Stop the broker. The messages in the log and those that its gaps report add up to the published ones; nothing is
 * damaged. */
static void expect_all_accounted_for(struct support_broker *broker, bool has_gaps)
{
	int64_t published = support_broker_varz(broker, "in_msgs");
	assert_int_equal(support_server_close(&broker->server), 0);
	json_t *totals = totals_of(broker->log);
	assert_int_equal(number(totals, "messages") + number(totals, "gap_messages"), published);
	assert_int_equal(number(totals, "gaps") > 0, has_gaps);
	assert_true(number(totals, "messages") > 0);
	json_decref(totals);
}

/* ---- the disks ---- */

static void a_limit_on_file_size_costs_a_gap_and_nothing_else(void **state)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	struct support_broker broker;
	(void)state;
	support_broker_plan(&broker, NULL, true);
	broker.plan.file_bytes_max = MEBIBYTE;
	support_broker_restart(&broker);
	pid_t publisher = numbered_publish(broker.server.port, 0, 0, ENDLESS, PAUSE_US);
	assert_int_equal(support_server_await_log(&broker.server, "recording degraded", soon()), 0);
	expect_bus_goes_on(&broker);
	assert_int_equal(prlimit(broker.server.pid, RLIMIT_FSIZE, &none, NULL), 0);
	expect_well_again(&broker);
	numbered_end(publisher);
	expect_all_accounted_for(&broker, true);
	support_broker_close(&broker);
}

/* The directory that was moved holds the earlier recording, whole. */
static void a_directory_that_is_moved_is_made_again(void **state)
{
	struct support_broker broker;
	char elsewhere[300];
	(void)state;
	support_broker_open(&broker, NULL, true);
	pid_t publisher = numbered_publish(broker.server.port, 0, 0, ENDLESS, PAUSE_US);
	support_tempdir_path(&broker.dir, "elsewhere", elsewhere, sizeof(elsewhere));
	assert_int_equal(rename(broker.log, elsewhere), 0);
	assert_int_equal(support_server_await_log(&broker.server, "removed or replaced", soon()), 0);
	expect_bus_goes_on(&broker);
	expect_well_again(&broker);
	numbered_end(publisher);
	int64_t published = support_broker_varz(&broker, "in_msgs");
	assert_int_equal(support_server_close(&broker.server), 0);
	json_t *before = totals_of(elsewhere), *after = totals_of(broker.log);
	assert_int_equal(number(before, "messages") + number(after, "messages") +
			     number(after, "gap_messages"),
			 published);
	json_decref(before);
	json_decref(after);
	support_broker_close(&broker);
}

/* Writing into removed files succeeds; the messages written there are reported as lost. */
static void a_directory_that_is_removed_is_made_again_and_the_loss_reported(void **state)
{
	struct support_broker broker;
	char *text;
	(void)state;
	support_broker_open(&broker, NULL, true);
	pid_t publisher = numbered_publish(broker.server.port, 0, 0, ENDLESS, PAUSE_US);
	expect_bus_goes_on(&broker);
	const char *const remove_it[] = {"/bin/rm", "-r", broker.log, NULL};
	assert_int_equal(support_run(remove_it, &text), 0);
	free(text);
	assert_int_equal(support_server_await_log(&broker.server, "removed or replaced", soon()), 0);
	expect_bus_goes_on(&broker);
	expect_well_again(&broker);
	expect_bus_goes_on(&broker);
	numbered_end(publisher);
	expect_all_accounted_for(&broker, true);
	support_broker_close(&broker);
}

/* Mount a file system that only this process and its children see. False where that is not allowed. */
static bool mount_small_disk(struct support_broker *broker, char *disk, size_t size, const char *options)
{
	support_tempdir_path(&broker->dir, "disk", disk, size);
	mkdir(disk, 0700);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	return mount("none", disk, "tmpfs", 0, options) == 0;
}

/* Fill the disk. */
/* Starting may have freed a page of the disk (the end of the old segment is cut off), which the first events fit into: send more. */
static void use_up(const struct support_broker *broker)
{
	struct support_deadline deadline = soon();
	while (health(broker, NULL) != 503 && support_deadline_retry(deadline))
		expect_bus_goes_on(broker);
}

static void fill(const char *path)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	while (fputc('x', file) != EOF && fflush(file) == 0)
		continue;
	fclose(file);
}

static void a_full_disk_costs_a_gap_and_nothing_else(void **state)
{
	struct support_broker broker;
	char disk[300];
	(void)state;
	support_broker_plan(&broker, NULL, true);
	if (!mount_small_disk(&broker, disk, sizeof(disk), "size=2m")) {
		print_message("skipped: mounting is not allowed here\n");
		support_tempdir_close(&broker.dir);
		return;
	}
	snprintf(broker.log, sizeof(broker.log), "%.280s/log", disk);
	support_broker_restart(&broker);
	pid_t publisher = numbered_publish(broker.server.port, 0, 0, ENDLESS, PAUSE_US);
	expect_degraded(&broker, "No space left on device");
	expect_bus_goes_on(&broker);
	assert_int_equal(mount(NULL, disk, NULL, MS_REMOUNT, "size=64m"), 0);
	expect_well_again(&broker);
	numbered_end(publisher);
	expect_all_accounted_for(&broker, true);
	umount(disk);
	support_broker_close(&broker);
}

/* Start a recorder again on a full disk, on a log that a crash left. */
static void a_broker_starts_on_a_full_disk_and_reports_it(void **state)
{
	struct support_broker broker;
	char disk[300], filler[400];
	(void)state;
	support_broker_plan(&broker, NULL, true);
	if (!mount_small_disk(&broker, disk, sizeof(disk), "size=1m")) {
		print_message("skipped: mounting is not allowed here\n");
		support_tempdir_close(&broker.dir);
		return;
	}
	snprintf(broker.log, sizeof(broker.log), "%.280s/log", disk);
	support_broker_restart(&broker);
	expect_bus_goes_on(&broker);
	support_server_kill(&broker.server);
	snprintf(filler, sizeof(filler), "%s/filler", disk);
	fill(filler);
	support_broker_restart(&broker);
	use_up(&broker);
	expect_degraded(&broker, "No space left on device");
	expect_bus_goes_on(&broker);
	remove(filler);
	expect_well_again(&broker);
	support_server_close(&broker.server);
	umount(disk);
	support_broker_close(&broker);
}

static void a_read_only_disk_keeps_a_broker_from_starting(void **state)
{
	struct support_broker broker;
	char disk[300], *text;
	(void)state;
	support_broker_plan(&broker, NULL, true);
	if (!mount_small_disk(&broker, disk, sizeof(disk), "size=1m") ||
	    mount(NULL, disk, NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0) {
		print_message("skipped: mounting is not allowed here\n");
		support_tempdir_close(&broker.dir);
		return;
	}
	snprintf(broker.log, sizeof(broker.log), "%.280s/log", disk);
	const char *const start[] = {support_tapedeck(), "broker", "-p", "-1", "--record", broker.log, NULL};
	assert_int_equal(support_run(start, &text), 4);
	support_join_lines(text);
	assert_non_null(strstr(text, broker.log));
	assert_non_null(strstr(text, "Read-only file system"));
	free(text);
	umount(disk);
	support_tempdir_close(&broker.dir);
}

/* Record faster than can be written: the writer compresses as hard as it can, and has little memory. */
static void a_slow_log_slows_publishers_down_and_loses_nothing(void **state)
{
	const char *const flags[] = {"--record-level=19", "--record-memory=16mb", NULL};
	struct support_broker broker;
	pid_t publishers[2];
	(void)state;
	support_broker_open(&broker, flags, true);
	for (int i = 0; i < 2; i++)
		publishers[i] = numbered_publish(broker.server.port, 0, i, COUNT, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(numbered_await(publishers[i]), 0);
	assert_int_equal(support_broker_varz(&broker, "in_msgs"), 2 * COUNT);
	expect_all_accounted_for(&broker, false);
	support_broker_close(&broker);
}

static void a_slow_log_that_may_drop_reports_what_it_dropped(void **state)
{
	const char *const flags[] = {"--record-level=19", "--record-memory=16mb", "--record-overflow=drop",
				     NULL};
	struct support_broker broker;
	pid_t publishers[2];
	(void)state;
	support_broker_open(&broker, flags, true);
	for (int i = 0; i < 2; i++)
		publishers[i] = numbered_publish(broker.server.port, 0, i, 4 * COUNT, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(numbered_await(publishers[i]), 0);
	expect_all_accounted_for(&broker, true);
	support_broker_close(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_limit_on_file_size_costs_a_gap_and_nothing_else),
	    cmocka_unit_test(a_directory_that_is_moved_is_made_again),
	    cmocka_unit_test(a_directory_that_is_removed_is_made_again_and_the_loss_reported),
	    cmocka_unit_test(a_full_disk_costs_a_gap_and_nothing_else),
	    cmocka_unit_test(a_broker_starts_on_a_full_disk_and_reports_it),
	    cmocka_unit_test(a_read_only_disk_keeps_a_broker_from_starting),
	    cmocka_unit_test(a_slow_log_slows_publishers_down_and_loses_nothing),
	    cmocka_unit_test(a_slow_log_that_may_drop_reports_what_it_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
