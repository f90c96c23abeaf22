/* replay_dry_run.h - --dry-run: print what would be played, for people and as JSON (keys: docs/replaying.md). */
#ifndef CLI_OUTPUT_REPLAY_DRY_RUN_H
#define CLI_OUTPUT_REPLAY_DRY_RUN_H

#include "cli/options/replay_settings.h"
#include "export/text/json.h"
#include "replay/play/dry_run.h"

void cli_replay_dry_run_text(struct export_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings, struct replay_map *map);
/* One object in one line. */
void cli_replay_dry_run_json(struct export_out *out, const struct replay_dry_run *dry_run,
			     const struct cli_replay_settings *settings);

#endif
