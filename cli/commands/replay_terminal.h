/* replay_terminal.h - a replay at the terminal: a line with its progress, and keys that steer it.
 *
 * Has a thread of its own, so that a slow terminal delays no message. The line is written to standard error and keys are
 * read from standard input, each only when that is a terminal. Ctrl-C and SIGTERM end the run cleanly. The terminal's
 * settings are restored. */
#ifndef CLI_COMMANDS_REPLAY_TERMINAL_H
#define CLI_COMMANDS_REPLAY_TERMINAL_H

#include <pthread.h>
#include <termios.h>

#include "cli/commands/terminal_keys.h"
#include "replay/play/player_commands.h"

struct cli_replay_terminal {
	struct replay_player *player; /* borrowed */
	int64_t first_ns, last_ns;    /* steady times of what is played */
	uint64_t iterations;          /* 0 = without end */
	bool as_recorded;             /* the schedule follows the recorded times */
	bool utc;
	int signal_fd; /* cli_interrupt_open's; borrowed */

	/* Internal. */
	int stop_fd;
	pthread_t thread;
	bool running, has_line, has_keys;
	struct termios saved;
	struct cli_terminal_keys keys;
	int64_t started_ns, reported_ns; /* monotonic */
	uint64_t reported_sent;
};

/* Start, with the members above filled in. 0 or a negative errno. */
int cli_replay_terminal_open(struct cli_replay_terminal *terminal);
/* Stop, clear the line, restore the terminal. */
void cli_replay_terminal_close(struct cli_replay_terminal *terminal);

#endif
