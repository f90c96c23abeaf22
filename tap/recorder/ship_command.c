#include "tap/recorder/ship_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000, LOOK_MS = 20 }; /* with a command that is asked to end */

static const char VARIABLE[] = "TAPEDECK_SEGMENT=";

/* The environment with the variable; owned, but for its strings. */
static char **make_environment(char *variable)
{
	size_t count = 0, kept = 0;
	while (environ[count])
		count++;
	char **made = calloc(count + 2, sizeof *made);
	for (size_t i = 0; made && i < count; i++)
		if (strncmp(environ[i], VARIABLE, sizeof VARIABLE - 1) != 0)
			made[kept++] = environ[i];
	if (made)
		made[kept] = variable;
	return made;
}

/* The signals that this program blocks or handles have their defaults again. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes,
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

pid_t tap__ship_command_start(const char *command, const char *path)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t child = -ENOMEM;
	char *variable;
	const char *const argv[] = {"sh", "-c", command, "sh", path, NULL};
	if (asprintf(&variable, "%s%s", VARIABLE, path) < 0)
		return -ENOMEM;
	char **environment = make_environment(variable);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	set_attributes(&attributes);
	if (environment) {
		int error = posix_spawn(&child, "/bin/sh", &files, &attributes,
					(char *const *)(uintptr_t)argv, environment);
		child = error ? -error : child;
	}
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free(environment);
	free(variable);
	return child;
}

bool tap__ship_command_ended(pid_t child, int *status)
{
	int state;
	pid_t ended = waitpid(child, &state, WNOHANG);
	if (ended == 0 || (ended < 0 && errno == EINTR))
		return false;
	*status = ended < 0            ? 127
		  : WIFEXITED(state)   ? WEXITSTATUS(state)
		  : WIFSIGNALED(state) ? 128 + WTERMSIG(state)
				       : 127;
	return true;
}

void tap__ship_command_stop(pid_t child)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000L};
	int status;
	kill(-child, SIGTERM);
	for (int ms = 0; ms < PATIENCE_MS; ms += LOOK_MS) {
		if (tap__ship_command_ended(child, &status))
			return;
		nanosleep(&look, NULL);
	}
	kill(-child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* A parent may have left SIGCHLD ignored: then the kernel keeps no exit status of a command. */
static void keep_exit_status(void)
{
	struct sigaction action;
	if (sigaction(SIGCHLD, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
	    action.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
}

int tap__ship_command_thread(pthread_t *thread, void *(*run)(void *context), void *context)
{
	sigset_t all, before;
	keep_exit_status();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = -pthread_create(thread, NULL, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}
