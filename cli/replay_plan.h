/* replay_plan.h - --dry-run: what would be played. */
#ifndef CLI_REPLAY_PLAN_H
#define CLI_REPLAY_PLAN_H

#include "cli/json.h"
#include "cli/replay_settings.h"
#include "replay/survey.h"

void cli_replay_plan_text(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings, struct replay_map *map);
/* One object, one line. */
void cli_replay_plan_json(struct cli_out *out, const struct replay_survey *survey,
			  const struct cli_replay_settings *settings);

#endif
