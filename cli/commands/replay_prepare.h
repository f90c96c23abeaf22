/* replay_prepare.h - from the settings of `tapedeck replay` to the options of its player. */
#ifndef CLI_COMMANDS_REPLAY_PREPARE_H
#define CLI_COMMANDS_REPLAY_PREPARE_H

#include "cli/commands/replay_session.h"

/* Find out what is to be played, and fill in the player's options except the connection's. Settings, filter, output and
 * logs of the session are set. CLI_GO_ON; or an exit status, after a complaint or after printing the dry run. */
int cli_replay_prepare(struct cli_replay_session *session);

/* Open the live replies when requests get any. CLI_GO_ON, or an exit status after a complaint. */
int cli_replay_open_live_replies(struct cli_replay_session *session);

/* Open what awaits the acknowledgements of a stream, with --to-stream. CLI_GO_ON, or an exit status after a complaint. */
int cli_replay_open_acks(struct cli_replay_session *session);

/* Flush what was printed. An exit status: `status` when that succeeded. */
int cli_replay_flush(struct cli_replay_session *session, int status);

/* Print "out of memory". CLI_IO. */
int cli_replay_out_of_memory(const struct cli_replay_session *session);

#endif
