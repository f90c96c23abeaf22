#include "cli/commands/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* more: another signal; 0 = none. */
static int open_signals(int more)
{
	sigset_t set;

	sigemptyset(&set);
	if (more != 0)
		sigaddset(&set, more);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!is_ignored(SIGHUP)) /* by nohup(1) */
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int cli_interrupt_open(void)
{
	return open_signals(0);
}

int cli_interrupt_open_for_screen(void)
{
	return open_signals(SIGQUIT);
}

bool cli_interrupt_wait(int fd, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	return poll(&wait, 1, timeout_ms) > 0;
}

bool cli_interrupt_seen(int fd)
{
	return cli_interrupt_wait(fd, 0);
}
