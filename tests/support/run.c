#include "support/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fail.h"

static _Noreturn void run_child(const char *const *args, int output)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int nothing = open("/dev/null", O_RDONLY);
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	execvp(args[0], (char *const *)(uintptr_t)args);
	_exit(127);
}

/* Read the pipe to its end. Returns the bytes, owned. */
static char *read_all(int from)
{
	enum { CHUNK = 65536 };
	char *text = NULL;
	size_t len = 0;
	for (;;) {
		text = support_grow(text, len + CHUNK + 1);
		ssize_t got = read(from, text + len, CHUNK);
		if (got <= 0) {
			text[len] = '\0';
			return text;
		}
		len += (size_t)got;
	}
}

int support_run(const char *const *args, char **output)
{
	int ends[2], status;
	if (pipe2(ends, O_CLOEXEC) < 0)
		support_fail("cannot make a pipe");
	pid_t pid = fork();
	if (pid < 0)
		support_fail("cannot fork");
	if (pid == 0)
		run_child(args, ends[1]);
	close(ends[1]);
	char *text = read_all(ends[0]);
	close(ends[0]);
	if (waitpid(pid, &status, 0) != pid)
		support_fail("cannot wait for %s", args[0]);
	if (output)
		*output = text;
	else
		free(text);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

char *support_join_lines(char *text)
{
	for (char *at = text; (at = strstr(at, "\n  ")) != NULL;) {
		*at = ' ';
		memmove(at + 1, at + 3, strlen(at + 3) + 1);
	}
	return text;
}
