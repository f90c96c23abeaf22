#include "cli/output/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

const struct cli_option cli_pager_options[] = {
    {.name = "no-pager",
     .kind = CLI_FLAG,
     .help = "do not show long output in a pager (TAPEDECK_PAGER, PAGER, else less)"},
    {.name = NULL},
};

const struct cli_option cli_quiet_options[] = {
    {.name = "quiet",
     .letter = 'q',
     .kind = CLI_FLAG,
     .help = "on stderr only errors: no progress, no summary, no remarks"},
    {.name = NULL},
};

static const char *program(void)
{
	const char *name = getenv("TAPEDECK_PAGER");

	if (!name)
		name = getenv("PAGER");
	return name ? name : "less";
}

/* The first word of the command is a program that exists. What the shell would make of other signs is not known. */
static bool is_there(const char *command)
{
	char path[PATH_MAX];
	const char *from = getenv("PATH");
	size_t len = strcspn(command, " ");

	if (command[strcspn(command, "$`\\'\"|&;<>()~*?[#=%")])
		return true;
	if (memchr(command, '/', len)) {
		snprintf(path, sizeof(path), "%.*s", (int)len, command);
		return access(path, X_OK) == 0;
	}
	for (size_t dir; from && *from; from += dir + (from[dir] == ':')) {
		dir = strcspn(from, ":");
		snprintf(path, sizeof(path), "%.*s/%.*s", (int)dir, from, (int)len, command);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static bool is_none(const char *command)
{
	return *command == '\0' || strcmp(command, "cat") == 0 || !is_there(command);
}

/* Standard output is a terminal that can move its cursor, and has a size: somebody looks at it. */
static bool has_reader(void)
{
	const char *term = getenv("TERM");
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	       term && strcmp(term, "dumb") != 0;
}

void cli_pager_init(struct cli_pager *pager, bool no_pager)
{
	*pager = (struct cli_pager){.is_wanted = !no_pager && has_reader() && !is_none(program()), .fd = -1};
}

/* The child has the signals that any program begins with. */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
}

static void become_pager(const int ends[2])
{
	dup2(ends[0], STDIN_FILENO);
	reset_signals();
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	execlp("sh", "sh", "-c", program(), (char *)NULL);
	_exit(127);
}

/* Ctrl-C is for the pager: it must not leave it without its parent. Where the command looks for signals itself, it ends
 * reading, and then waits for the pager. */
static void ignore_interrupts(struct cli_pager *pager)
{
	sigset_t blocked;

	pager->ignores_interrupts =
	    sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 && !sigismember(&blocked, SIGINT);
	if (pager->ignores_interrupts)
		signal(SIGINT, SIG_IGN);
}

int cli_pager_start(struct cli_pager *pager)
{
	int ends[2];

	if (!pager->is_wanted || pager->pid > 0 || pipe2(ends, O_CLOEXEC) != 0)
		return pager->pid > 0 ? pager->fd : STDOUT_FILENO;
	pager->pid = fork();
	if (pager->pid == 0)
		become_pager(ends);
	close(ends[0]);
	if (pager->pid < 0) {
		pager->is_wanted = false;
		close(ends[1]);
		return STDOUT_FILENO;
	}
	signal(SIGPIPE, SIG_IGN);
	ignore_interrupts(pager);
	pager->fd = ends[1];
	return pager->fd;
}

void cli_pager_take_stdout(struct cli_pager *pager)
{
	int fd = cli_pager_start(pager);

	pager->has_stdout = fd != STDOUT_FILENO && dup2(fd, STDOUT_FILENO) >= 0;
}

void cli_pager_end(struct cli_pager *pager)
{
	if (pager->pid <= 0)
		return;
	if (pager->has_stdout) {
		fflush(stdout);
		close(STDOUT_FILENO);
	}
	close(pager->fd);
	while (waitpid(pager->pid, NULL, 0) < 0 && errno == EINTR)
		;
	pager->pid = 0;
	if (pager->ignores_interrupts)
		signal(SIGINT, SIG_DFL);
}
