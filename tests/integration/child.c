#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fail.h"
#include "support/run.h"

static void run(const char *const *argv, int out_fd, int err_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

void child_open(struct child *child, const char *const *argv)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		support_fail("pipe");
	*child = (struct child){.pid = fork(), .out_fd = out[0], .err_fd = err[0], .status = -1};
	if (child->pid < 0)
		support_fail("fork");
	if (child->pid == 0)
		run(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	child->out = support_grow(NULL, 1);
	child->err = support_grow(NULL, 1);
	child->out[0] = child->err[0] = '\0';
}

static void take(int *fd, char **text, size_t *len)
{
	char bytes[4096];
	ssize_t got = read(*fd, bytes, sizeof(bytes));

	if (got <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	*text = support_grow(*text, *len + (size_t)got + 1);
	memcpy(*text + *len, bytes, (size_t)got);
	*len += (size_t)got;
	(*text)[*len] = '\0';
}

/* Read more output from either pipe. False at their ends or when the deadline has passed. */
static bool take_next(struct child *child, struct support_deadline deadline)
{
	struct pollfd fds[] = {{.fd = child->out_fd, .events = POLLIN},
			       {.fd = child->err_fd, .events = POLLIN}};

	if (child->out_fd < 0 && child->err_fd < 0)
		return false;
	if (poll(fds, 2, support_deadline_left_ms(deadline)) <= 0)
		return false;
	if (fds[0].revents)
		take(&child->out_fd, &child->out, &child->out_len);
	if (fds[1].revents)
		take(&child->err_fd, &child->err, &child->err_len);
	child->err_len = strlen(support_join_lines(child->err));
	return true;
}

bool child_await_out(struct child *child, const char *text, struct support_deadline deadline)
{
	while (!strstr(child->out, text)) {
		if (!take_next(child, deadline))
			return false;
	}
	return true;
}

bool child_await_err(struct child *child, const char *text, struct support_deadline deadline)
{
	while (!strstr(child->err, text)) {
		if (!take_next(child, deadline))
			return false;
	}
	return true;
}

static void collect(struct child *child)
{
	int status = 0;

	waitpid(child->pid, &status, 0);
	child->pid = 0;
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool child_await_end(struct child *child, struct support_deadline deadline)
{
	while (take_next(child, deadline))
		;
	if (child->out_fd >= 0 || child->err_fd >= 0)
		return false;
	collect(child);
	return true;
}

void child_close(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		collect(child);
	}
	if (child->out_fd >= 0)
		close(child->out_fd);
	if (child->err_fd >= 0)
		close(child->err_fd);
	free(child->out);
	free(child->err);
}
