/* broker_signal.h - `--signal`: find a running server and send it a signal. */
#ifndef CLI_COMMANDS_BROKER_SIGNAL_H
#define CLI_COMMANDS_BROKER_SIGNAL_H

#include "cli/cli.h"

/* text is SIGNAL or SIGNAL=PID, where PID is a number or the path of a pid file; without it, the only running server
 * that was started under the command's name. Returns an exit status; errors are reported on stderr. */
int cli_broker_signal(const struct cli_command *command, const char *text);

#endif
