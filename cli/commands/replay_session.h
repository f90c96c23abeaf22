/* replay_session.h - everything that one run of `tapedeck replay` holds. */
#ifndef CLI_COMMANDS_REPLAY_SESSION_H
#define CLI_COMMANDS_REPLAY_SESSION_H

#include "cli/commands/replay_input.h"
#include "cli/options/replay_settings.h"
#include "cli/output/replay_verify.h"
#include "replay/play/dry_run.h"
#include "replay/play/player.h"

struct cli_replay_session {
	const struct cli_command *command;
	struct cli_replay_settings settings;
	struct cli_operands subjects;
	struct store_filter *filter; /* what is to be played */
	struct store_filter *wide;   /* passes everything, to find recorded replies; NULL: not needed */
	struct cli_replay_input input;
	struct replay_player_options options;
	struct replay_compare *compare;
	struct cli_replay_mismatches mismatches;
	struct export_out out;
	struct replay_dry_run dry_run; /* read before the run where its connections must be known */
	struct replay_player *player;
	int64_t until_ns;            /* time of day at which playing ends; INT64_MAX: at the end of the log */
	struct cli_replay_span span; /* of what is to be played */
	struct replay_range range;   /* of --from and --to as offsets, in a log whose clock was set */
	int signal_fd;               /* -1: not open */
};

#endif
