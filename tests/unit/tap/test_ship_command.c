/* Commands that ship segments: their exit status, and how they are ended. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tap/recorder/ship_command.h"

static int await_end(pid_t child)
{
	const struct timespec look = {.tv_nsec = 5000000};
	int status = -1;
	for (int i = 0; i < 4000 && !tap__ship_command_ended(child, &status); i++)
		nanosleep(&look, NULL);
	return status;
}

static void *run_exit_3(void *context)
{
	int *status = context;
	*status = await_end(tap__ship_command_start("exit 3", "path"));
	return NULL;
}

static void the_exit_status_is_known_though_a_parent_ignored_sigchld(void **state)
{
	pthread_t thread;
	int status = -1;
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(tap__ship_command_thread(&thread, run_exit_3, &status), 0);
	pthread_join(thread, NULL);
	assert_int_equal(status, 3);
}

/* The file at path says that SIGTERM is ignored now. */
static void a_command_that_ignores_sigterm_is_killed(void **state)
{
	const struct timespec look = {.tv_nsec = 5000000};
	char path[] = "/tmp/tapedeck-ship-XXXXXX";
	(void)state;
	close(mkstemp(path));
	pid_t child = tap__ship_command_start("trap '' TERM; rm \"$1\"; while :; do sleep 1; done", path);
	assert_true(child > 0);
	for (int i = 0; i < 4000 && access(path, F_OK) == 0; i++)
		nanosleep(&look, NULL);
	alarm(60); /* ends the test when it hangs */
	tap__ship_command_stop(child);
	alarm(0);
	assert_int_equal(kill(child, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_exit_status_is_known_though_a_parent_ignored_sigchld),
	    cmocka_unit_test(a_command_that_ignores_sigterm_is_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
