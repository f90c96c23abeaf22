/* replay_report.h - what came of a replay, for people and for programs. */
#ifndef CLI_OUTPUT_REPLAY_REPORT_H
#define CLI_OUTPUT_REPLAY_REPORT_H

#include "cli/options/replay_settings.h"
#include "cli/output/json.h"

/* The asked rate and the schedule were held: no message dropped, at most one in a hundred late, no stretching. */
bool cli_replay_was_held(const struct replay_report *report);

/* Messages that were asked for and did not leave, for whatever reason but having been left out on purpose. */
uint64_t cli_replay_failed(const struct replay_report *report);

/* Parts that a plan has, too: messages left out on purpose, and why; what the log itself misses; rules of --map that did
 * nothing or too much. */
uint64_t cli_replay_omitted(const struct replay_feed_counts *read);
void cli_replay_omissions_text(struct cli_out *out, const struct replay_feed_counts *read);
void cli_replay_omissions_json(struct cli_json *json, const struct replay_feed_counts *read,
			       uint64_t dropped);
void cli_replay_log_text(struct cli_out *out, const struct replay_feed_counts *read);
void cli_replay_maps_text(struct cli_out *out, const struct replay_map *map);

void cli_replay_report_text(struct cli_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings);
/* One object, one line. */
void cli_replay_report_json(struct cli_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings);

#endif
