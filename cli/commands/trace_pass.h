/* trace_pass.h - read a source once: learn what causes what in it, or print its conversations. */
#ifndef CLI_COMMANDS_TRACE_PASS_H
#define CLI_COMMANDS_TRACE_PASS_H

#include "cli/commands/trace_session.h"
#include "wire/error.h"

/* The shortest window, in nanoseconds: also how long --follow waits for events that were written late. */
#define CLI_TRACE_WINDOW_MIN_NS INT64_C(200000000)

/* Read from a time on. Conversations that have not ended when the source does, or when enough was read, end then. 0, or
 * a negative code with *fault. */
int cli_trace_pass_run(struct cli_trace_pass *pass, int64_t since_ns, struct wire_fault *fault);

/* Enough was printed, the output is broken, or Ctrl-C came. */
bool cli_trace_is_complete(const struct cli_trace_session *session);

/* Note the damage that a pass or a search found. Several of them may find the same damage: keep the largest. */
void cli_trace_note_damage(struct cli_trace_session *session, const struct wire_damage *damage);

/* Returns -ENOMEM. */
int cli_trace_out_of_memory(struct wire_fault *fault);

#endif
