/* trace_setup.h - the beginning and the end of a run over conversations, whatever becomes of them. */
#ifndef CLI_COMMANDS_TRACE_SETUP_H
#define CLI_COMMANDS_TRACE_SETUP_H

#include "cli/commands/trace_session.h"

/* Everything but `give`, `context`, `payload_max` and `out`, which are zeroed: what is chosen, the evidence and the keys. CLI_GO_ON, or an
 * exit status after a complaint. In either case call cli_trace_session_fini. */
int cli_trace_session_init(struct cli_trace_session *session, const struct cli_trace_run *trace,
			   const struct cli_trace_conversation_settings *settings);
void cli_trace_session_fini(struct cli_trace_session *session);

/* Flush the output, and report on stderr what could not be read or printed and what was not found. error: how the run ended, 0
 * or a negative code with *fault. Returns the exit status. */
int cli_trace_report(struct cli_trace_session *session, int error, const struct wire_fault *fault);

#endif
