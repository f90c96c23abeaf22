/* trace_other.h - the sequence number that was asked for is that of an event which is no message. */
#ifndef CLI_COMMANDS_TRACE_OTHER_H
#define CLI_COMMANDS_TRACE_OTHER_H

#include "cli/commands/trace_session.h"

/* Say on stderr which event it is, and whose. Call when the session's points have such an event. */
void cli_trace_report_other(const struct cli_trace_session *session);

#endif
