/* stat_compare.h - `tapedeck stat --compare`: what grew, shrank, appeared and vanished since an earlier recording, or since an
 * earlier time of the same log. */
#ifndef CLI_COMMANDS_STAT_COMPARE_H
#define CLI_COMMANDS_STAT_COMPARE_H

#include "cli/commands/stat_session.h"

/* Compare a log with the log or the time that --compare names. `subjects` are the operands, for the filter of the earlier time. An exit
 * status. */
int cli_stat_compare(struct cli_stat_session *session, const char *path, const struct cli_operands *subjects);

#endif
