/* replay_options.h - the options of a replay that all players of it must have in common, as JSON. */
#ifndef CLI_OUTPUT_REPLAY_OPTIONS_H
#define CLI_OUTPUT_REPLAY_OPTIONS_H

#include "cli/options/replay_settings.h"
#include "export/text/json.h"

/* "options", an object. Nothing about the server and its credentials; of headers that are added or filtered by only how many there are. */
void cli_replay_options_json(struct export_json *json, const struct cli_replay_settings *settings);

#endif
