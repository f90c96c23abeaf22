/* same_log.h - logs that are given twice: under two names, or as a log and one of its own segments. */
#ifndef CLI_OPTIONS_SAME_LOG_H
#define CLI_OPTIONS_SAME_LOG_H

#include "cli/options/options.h"

/* Leave out every log that another one holds, so that no event is read twice. Permutes logs->values. */
void cli_logs_leave_out_repeated(struct cli_operands *logs);

#endif
