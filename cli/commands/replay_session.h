/* replay_session.h - a run of `tapedeck replay`, from the command line to its report. */
#ifndef CLI_COMMANDS_REPLAY_SESSION_H
#define CLI_COMMANDS_REPLAY_SESSION_H

#include "cli/commands/replay_input.h"
#include "cli/options/replay_settings.h"
#include "cli/output/replay_answers.h"
#include "replay/play/survey.h"

struct cli_replay_session {
	const struct cli_command *command;
	struct cli_replay_settings settings;
	struct store_filter *filter; /* what is to be played */
	struct store_filter *wide;   /* everything, for replies are looked for elsewhere; NULL: not needed */
	struct cli_replay_input input;
	struct replay_player_options options;
	struct replay_compare *compare;
	struct cli_replay_mismatches mismatches;
	struct cli_out out;
	struct replay_survey survey;
	struct replay_player *player;
	int64_t until_ns;            /* time of day: nothing is played from there on; INT64_MAX: to the end */
	struct cli_replay_span span; /* of what is to be played */
	struct replay_range
	    range;     /* where --from and --to count from the beginning of a log whose clock was set */
	int signal_fd; /* -1: not open */
};

/* With settings, filter, output and logs in place: find out what is to be played, and fill in the player's options, but
 * for the connection's. CLI_GO_ON; or an exit status, after a complaint or after the plan that --dry-run asked for. */
int cli_replay_prepare(struct cli_replay_session *session);

/* Where requests get live replies: be ready for them. Starts libnats. CLI_GO_ON, or an exit status after a complaint. */
int cli_replay_open_answers(struct cli_replay_session *session);

/* Flush what was printed. An exit status: `fine` when that went well. */
int cli_replay_flush(struct cli_replay_session *session, int fine);

/* Say so; CLI_IO. */
int cli_replay_out_of_memory(const struct cli_replay_session *session);

#endif
