/* The settings of `tapedeck broker` from flags and from its configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/options/broker_flags.h"
#include "cli/options/broker_settings.h"

static const struct cli_command command = {
    .name = "broker", .operands = "", .options = cli_broker_groups, .go_flags = true};

static struct wire_fault fault;
static char config_path[300];

/* Read a NULL-terminated list of flags; what is complained about goes nowhere. */
static int read_flags(struct cli_broker_settings *settings, ...)
{
	static char *argv[40];
	int argc = 0;
	va_list list;
	argv[argc++] = "broker";
	va_start(list, settings);
	while ((argv[argc] = va_arg(list, char *)) != NULL)
		argc++;
	va_end(list);
	int stderr_fd = dup(STDERR_FILENO);
	assert_non_null(freopen("/dev/null", "w", stderr));
	fault = (struct wire_fault){0};
	cli_broker_settings_init(settings);
	int status = cli_broker_settings_flags(&command, settings, argc, argv);
	if (status == CLI_GO_ON)
		status = cli_broker_settings_read(&command, settings, argc, argv, true, &fault);
	fflush(stderr);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	return status;
}

static void write_config(const char *text)
{
	snprintf(config_path, sizeof config_path, "%s/conf-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	int fd = mkstemp(config_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void flags_override_the_file_and_the_file_the_defaults(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	write_config("port: 5\nhttp: 6\ndebug: true\nserver_name: file\n");
	assert_int_equal(read_flags(&s, "-c", config_path, "-p", "7", "-D=false", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.broker.port, 7);
	assert_int_equal(s.broker.http_port, 6);
	assert_false(s.broker.debug);
	assert_string_equal(s.broker.server_name, "file");
	assert_int_equal(s.broker.max_payload, 1 << 20);
	cli_broker_settings_fini(&s);
	assert_int_equal(read_flags(&s, "-c", config_path, "-p", "0", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.broker.port, 5);
	cli_broker_settings_fini(&s);
	unlink(config_path);
	assert_int_equal(read_flags(&s, "-p", "0", (char *)NULL), CLI_GO_ON);
	assert_int_equal(s.broker.port, 4222);
	cli_broker_settings_fini(&s);
}

static void nats_servers_spellings_are_understood(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	assert_int_equal(read_flags(&s, "-user", "u", "--pass=p", "-DV", "-p=-1", "-m", "-1", "--net", "::1",
				    "-sl", "ldm=1", "-T=false", "-server_name", "n", (char *)NULL),
			 CLI_GO_ON);
	assert_string_equal(s.broker.username, "u");
	assert_string_equal(s.broker.password, "p");
	assert_true(s.broker.debug && s.broker.trace);
	assert_int_equal(s.broker.port, -1);
	assert_int_equal(s.broker.http_port, -1);
	assert_string_equal(s.broker.host, "::1");
	assert_string_equal(s.signal, "ldm=1");
	assert_false(s.broker.log_time);
	assert_string_equal(s.broker.server_name, "n");
	cli_broker_settings_fini(&s);
}

static void recording_flags_reach_the_recorder(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	struct tap_recording_options o;
	assert_int_equal(read_flags(&s, "--record", "log", "--record-sync", "interval=5ms",
				    "--record-overflow", "drop", "--record-detail=protocol",
				    "--record-include", "a.>", "--record-include", "b",
				    "--record-exclude=a.x", "--record-payload", "max=4KiB", "--record-level",
				    "-5", "--record-threads", "2", "--record-segment-size", "1GiB",
				    "--record-segment-age", "1h", "--record-retain-size", "2GiB",
				    "--record-retain-age", "7d", "--record-memory", "33MiB", (char *)NULL),
			 CLI_GO_ON);
	assert_string_equal(s.recording.dir, "log");
	cli_recording_apply(&s.recording, &o);
	assert_int_equal(o.overflow, TAP_OVERFLOW_DROP);
	assert_int_equal(o.detail, TAP_DETAIL_PROTOCOL);
	assert_string_equal(o.include[0], "a.>");
	assert_string_equal(o.include[1], "b");
	assert_null(o.include[2]); /* once each, though the flags are read twice */
	assert_string_equal(o.exclude[0], "a.x");
	assert_int_equal(o.max_payload, 4096);
	assert_int_equal(o.writer.sync, STORE_SYNC_INTERVAL);
	assert_int_equal(o.writer.sync_interval_ms, 5);
	assert_int_equal(o.writer.level, -5);
	assert_int_equal(o.writer.threads, 2);
	assert_int_equal(o.writer.segment_bytes, 1 << 30);
	assert_int_equal(o.writer.segment_age_ms, 3600000);
	assert_int_equal(o.writer.retain_bytes, (uint64_t)2 << 30);
	assert_int_equal(o.writer.retain_age_ms, 7 * 86400000);
	assert_int_equal(o.writer.batches, 5);
	cli_broker_settings_fini(&s);
}

static void recorder_keeps_its_defaults_without_flags(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	struct tap_recording_options o, defaults;
	tap_recording_options_init(&defaults);
	assert_int_equal(read_flags(&s, (char *)NULL), CLI_GO_ON);
	cli_recording_apply(&s.recording, &o);
	assert_null(s.recording.dir);
	assert_int_equal(o.detail, defaults.detail);
	assert_int_equal(o.max_payload, defaults.max_payload);
	assert_int_equal(o.writer.sync, defaults.writer.sync);
	assert_int_equal(o.writer.level, defaults.writer.level);
	assert_int_equal(o.writer.threads, defaults.writer.threads);
	assert_int_equal(o.writer.batches, defaults.writer.batches);
	cli_broker_settings_fini(&s);
}

static void what_makes_no_sense_is_a_usage_error(void **state)
{
	(void)state;
	static const char *const flags[] = {"-ms=x",
					    "--record-sync=often",
					    "--record-sync=interval=0s",
					    "--record-level=20",
					    "--record-level=x",
					    "--record-include=a..b",
					    "--record-payload=max=",
					    "--record-overflow=burn",
					    "--port=65536",
					    "--nope",
					    "operand"};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct cli_broker_settings s;
		if (read_flags(&s, flags[i], (char *)NULL) != CLI_USAGE)
			fail_msg("%s was accepted", flags[i]);
		cli_broker_settings_fini(&s);
	}
}

static void flags_of_what_is_not_served_are_accepted(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	assert_int_equal(read_flags(&s, "-js", "-sd", "/x", "--cluster", "nats://x:1", "--routes=nats://y:1",
				    "--cluster_name", "c", "--no_advertise", "-s", "--profile", "1",
				    (char *)NULL),
			 CLI_GO_ON);
	cli_broker_settings_fini(&s);
}

static void contradictions_and_bad_files_are_told(void **state)
{
	(void)state;
	struct cli_broker_settings s;
	assert_int_equal(read_flags(&s, "--user", "u", "--auth", "t", (char *)NULL), CLI_FOUND);
	assert_non_null(strstr(fault.text, "Cannot have a user/pass and token"));
	cli_broker_settings_fini(&s);
	assert_int_equal(read_flags(&s, "-c", "/nonexistent", (char *)NULL), CLI_FOUND);
	assert_non_null(strstr(fault.text, "cannot read /nonexistent"));
	cli_broker_settings_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flags_override_the_file_and_the_file_the_defaults),
	    cmocka_unit_test(nats_servers_spellings_are_understood),
	    cmocka_unit_test(recording_flags_reach_the_recorder),
	    cmocka_unit_test(recorder_keeps_its_defaults_without_flags),
	    cmocka_unit_test(what_makes_no_sense_is_a_usage_error),
	    cmocka_unit_test(flags_of_what_is_not_served_are_accepted),
	    cmocka_unit_test(contradictions_and_bad_files_are_told),
	};
	return cmocka_run_group_tests_name("cli_broker", tests, NULL, NULL);
}
