/* crash: kill -9 of the broker at random moments under load. TAPEDECK_CRASH_ROUNDS sets how often (default 5),
 * TAPEDECK_CRASH_SEED at which moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "numbered.h"
#include "store/care/verify.h"
#include "support/broker.h"
#include "support/run.h"
#include "support/tempdir.h"

enum { PUBLISHERS = 3, ROUNDS_PER_LOG = 8, ENDLESS = 1 << 30 };

static unsigned setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);
	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void pause_ms(unsigned ms)
{
	struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&span, NULL);
}

/* Run the broker on the log, load it, and kill it. In every other round a reader has time to read the log first; *seen
 * is what it read. */
static void crash_once(const char *log, int round, unsigned moment_ms, struct numbered_log *seen)
{
	bool is_watched = round % 2;
	static const char *const SYNC[] = {"--record-sync=always", "--record-sync=interval=5ms",
					   "--record-sync=none"};
	struct support_broker broker;
	pid_t children[PUBLISHERS + 1];
	support_broker_open(
	    &broker, (const char *[]){"--record", log, SYNC[round % 3], "--record-segment-size=2mb", NULL},
	    false);
	children[PUBLISHERS] = numbered_subscribe(broker.server.port);
	for (int i = 0; i < PUBLISHERS; i++)
		children[i] = numbered_publish(broker.server.port, round, i, ENDLESS, is_watched ? 3000 : 0);
	pause_ms(moment_ms);
	*seen = (struct numbered_log){0};
	if (is_watched)
		assert_true(numbered_log_read(seen, log));
	support_server_kill(&broker.server);
	for (int i = 0; i <= PUBLISHERS; i++)
		numbered_end(children[i]);
	support_broker_close(&broker);
}

/* No message is missing before another one of its publisher, and every message that was seen before is
 * there. */
static void expect_prefix(const struct numbered_log *now, const struct numbered_log *before)
{
	assert_int_equal(now->holes, 0);
	assert_int_equal(now->gaps, 0);
	assert_int_equal(now->damaged_blocks, 0);
	for (int round = 0; round < NUMBERED_ROUNDS; round++) {
		for (int i = 0; i < PUBLISHERS; i++)
			assert_true(now->counts[round][i] >= before->counts[round][i]);
	}
}

/* A new writer recovers the log. */
static void recover(const char *log)
{
	struct support_broker broker;
	support_broker_open(&broker, (const char *[]){"--record", log, NULL}, false);
	assert_int_equal(support_server_close(&broker.server), 0);
	support_broker_close(&broker);
}

static void expect_verified(const char *log)
{
	char *text;
	int status = support_run((const char *[]){support_tapedeck(), "verify", log, NULL}, &text);
	if (status != 0)
		fail_msg("verify: exit status %d:\n%s", status, text);
	free(text);
}

static void messages_that_were_seen_survive_kill_9_at_any_moment(void **state)
{
	unsigned rounds = setting("TAPEDECK_CRASH_ROUNDS", 5);
	unsigned seed = setting("TAPEDECK_CRASH_SEED", (unsigned)time(NULL));
	struct support_tempdir dir;
	uint64_t messages = 0;
	char log[300] = "";
	(void)state;
	print_message("%u rounds, TAPEDECK_CRASH_SEED=%u\n", rounds, seed);
	for (unsigned i = 0; i < rounds; i++) {
		struct numbered_log seen, left, recovered;
		int round = (int)(i % ROUNDS_PER_LOG);
		if (round == 0) {
			if (i > 0)
				support_tempdir_close(&dir);
			support_tempdir_open(&dir);
			support_tempdir_path(&dir, "log", log, sizeof(log));
		}
		crash_once(log, round, (unsigned)rand_r(&seed) % 150, &seen);
		assert_true(numbered_log_read(&left, log));
		expect_prefix(&left, &seen);
		recover(log);
		assert_true(numbered_log_read(&recovered, log));
		expect_prefix(&recovered, &left);
		assert_int_equal(recovered.messages, left.messages);
		expect_verified(log);
		for (int publisher = 0; publisher < PUBLISHERS; publisher++)
			messages += recovered.counts[round][publisher];
	}
	assert_true(messages > 0);
	print_message("%llu messages survived\n", (unsigned long long)messages);
	support_tempdir_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_that_were_seen_survive_kill_9_at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
