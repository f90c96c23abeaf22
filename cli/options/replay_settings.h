/* replay_settings.h - the options of `tapedeck replay`. */
#ifndef CLI_OPTIONS_REPLAY_SETTINGS_H
#define CLI_OPTIONS_REPLAY_SETTINGS_H

#include "cli/options/connection.h"
#include "cli/options/filters.h"
#include "cli/options/replay_values.h"
#include "replay/play/player.h"

struct cli_replay_settings {
	struct cli_filters filters;
	struct cli_connection connection;
	struct cli_replay_plan pacing;
	uint64_t iterations;
	const char *from, *to, *start_at;
	int64_t duration_ns, tolerance_ns, patience_ns;
	int on_lag;      /* enum replay_on_lag */
	int connections; /* 0 one, 1 recorded */
	struct cli_replay_shard shard;
	struct cli_list maps, add_headers, drop_headers;
	uint64_t clones;
	struct cli_list live, ignores;
	int requests; /* 0 recorded, 1 live */
	int compare;  /* 0 bytes, 1 json */
	double slower;
	bool roots, verify;
	bool provenance, internal, precise, dry_run, no_fold, no_join, yes, json;
	bool to_stream;
	uint64_t window;        /* messages that may await their acknowledgements */
	int ids;                /* Nats-Msg-Id: 0 kept, 1 renewed, 2 dropped */
	int expected;           /* Nats-Expected-...: 0 dropped, 1 kept */
	char renewed[32];       /* what is added to ids */
	const char *resume;     /* file; NULL: none */
	uint64_t resumed_after; /* sequence number in the log, as the file says */
};

/* For the command's table of options. */
extern const struct cli_option_group cli_replay_groups[];

void cli_replay_settings_init(struct cli_replay_settings *settings);
void cli_replay_settings_fini(struct cli_replay_settings *settings);

/* Check that the options agree. CLI_GO_ON, or an exit status after a complaint. */
int cli_replay_settings_check(const struct cli_command *command, struct cli_replay_settings *settings);

/* Requests get live replies. */
bool cli_replay_settings_live(const struct cli_replay_settings *settings);

/* Fill in the player's options, except input, connections and the range of time. Borrows the settings. */
void cli_replay_settings_apply(const struct cli_replay_settings *settings,
			       struct replay_player_options *options);

#endif
