/* replay_plan.h - --dry-run: what would be played. */
#ifndef CLI_COMMANDS_REPLAY_PLAN_H
#define CLI_COMMANDS_REPLAY_PLAN_H

#include "cli/options/replay_settings.h"
#include "cli/output/json.h"
#include "replay/play/survey.h"

void cli_replay_plan_text(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings, struct replay_map *map);
/* One object, one line. */
void cli_replay_plan_json(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings);

#endif
