/* broker_signal.h - `--signal`: tell a running server something. */
#ifndef CLI_COMMANDS_BROKER_SIGNAL_H
#define CLI_COMMANDS_BROKER_SIGNAL_H

#include "cli/cli.h"

/* text is SIGNAL or SIGNAL=PID, where PID is a number or the path of a pid file; without it the one running
 * server that was started by the command's name is meant. Returns an exit status; what is wrong is said on
 * stderr. */
int cli_broker_signal(const struct cli_command *command, const char *text);

#endif
