/* replay_report.h - print the result of a replay, for people and as JSON (keys: docs/replaying.md). */
#ifndef CLI_OUTPUT_REPLAY_REPORT_H
#define CLI_OUTPUT_REPLAY_REPORT_H

#include "cli/options/replay_settings.h"
#include "export/text/json.h"

/* The schedule was held: no message dropped, at most one in a hundred late, nothing stretched. */
bool cli_replay_was_held(const struct replay_report *report);

/* Messages that were asked for and not sent, except those that were left out on purpose. */
uint64_t cli_replay_failed(const struct replay_report *report);

/* Parts that --dry-run prints, too: messages left out on purpose, by reason; what is missing in the log itself; rules of
 * --map that matched nothing or renamed different subjects to one. */
uint64_t cli_replay_omitted(const struct replay_feed_counts *read);
void cli_replay_omissions_text(struct export_out *out, const struct replay_feed_counts *read);
void cli_replay_omissions_json(struct export_json *json, const struct replay_feed_counts *read,
			       uint64_t dropped);
void cli_replay_log_text(struct export_out *out, const struct replay_feed_counts *read);
void cli_replay_maps_text(struct export_out *out, const struct replay_map *map);

void cli_replay_report_text(struct export_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings);
/* One object in one line. */
void cli_replay_report_json(struct export_out *out, const struct replay_player *player,
			    const struct cli_replay_settings *settings);

#endif
