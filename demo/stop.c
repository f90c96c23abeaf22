#include "demo/stop.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static const int64_t NS = 1000000000;

void demo_stop_init(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

bool demo_stop_wait(int64_t ns, bool at_interrupt)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	if (at_interrupt)
		sigaddset(&set, SIGINT);
	struct timespec left = {.tv_sec = ns / NS, .tv_nsec = ns % NS};
	for (;;) {
		int signal = ns < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &left);
		if (signal >= 0 || errno != EINTR)
			return signal >= 0;
	}
}
