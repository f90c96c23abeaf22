/* stat_by.h - `tapedeck stat --by`: a table of one dimension. */
#ifndef CLI_COMMANDS_STAT_BY_H
#define CLI_COMMANDS_STAT_BY_H

#include "cli/commands/stat_session.h"

/* Read and print one log or capture. An exit status. */
int cli_stat_by(struct cli_stat_session *session, const struct cli_stat_input *input);

#endif
