/* trace_where.h - which parts of the source are read for the chosen conversations, and how often. */
#ifndef CLI_COMMANDS_TRACE_WHERE_H
#define CLI_COMMANDS_TRACE_WHERE_H

#include "cli/commands/trace_session.h"
#include "wire/error.h"

/* Print the chosen conversations. Of logs, only the time around the messages that --seq and --id choose is read. 0, or
 * a negative code with *fault. */
int cli_trace_give_chosen(struct cli_trace_session *session, struct wire_fault *fault);

#endif
