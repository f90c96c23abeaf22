/* replay_terminal.h - a replay at the terminal: a line that says where it is, and keys that steer it.
 *
 * A thread of its own, so that a slow terminal delays no message. The line goes to stderr and the keys come from standard
 * input, each only where that is a terminal. Ctrl-C and SIGTERM end the run cleanly; the terminal is as it was afterwards. */
#ifndef CLI_COMMANDS_REPLAY_TERMINAL_H
#define CLI_COMMANDS_REPLAY_TERMINAL_H

#include <pthread.h>
#include <termios.h>

#include "replay/play/player.h"

struct cli_replay_terminal {
	struct replay_player *player; /* borrowed */
	int64_t first_ns, last_ns;    /* steady times of what is played */
	uint64_t passes;              /* 0 = for ever */
	bool as_recorded;             /* the schedule follows recorded time */
	bool utc;
	int signal_fd; /* cli_interrupt_open's; borrowed */

	/* Its own. */
	int stop_fd;
	pthread_t thread;
	bool running, has_line, has_keys;
	struct termios saved;
	int64_t started_ns, told_ns; /* monotonic */
	uint64_t told_sent;
};

/* Start, with the members above filled in. 0 or a negative errno. */
int cli_replay_terminal_open(struct cli_replay_terminal *terminal);
/* Stop, clear the line, give the terminal back. */
void cli_replay_terminal_close(struct cli_replay_terminal *terminal);

#endif
