/* stat_every.h - `tapedeck stat --every`: the messages of a log by intervals of time. */
#ifndef CLI_COMMANDS_STAT_EVERY_H
#define CLI_COMMANDS_STAT_EVERY_H

#include "cli/commands/stat_session.h"
#include "store/read/intervals.h"

/* --every, as call of struct cli_option; sets an int64_t, nanoseconds. */
int cli_stat_every_parse(void *member, const char *argument, struct wire_fault *fault);

/* No intervals yet, of the length and in the zone of the settings. */
void cli_stat_every_init(struct store_intervals *intervals, const struct cli_stat_session *session);

/* Read and print one log or capture. An exit status. */
int cli_stat_every(struct cli_stat_session *session, const struct cli_stat_input *input);

#endif
