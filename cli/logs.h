/* logs.h - the operands LOG... [SUBJECT...] of every reading command. */
#ifndef CLI_LOGS_H
#define CLI_LOGS_H

#include "cli/options.h"

/* Tell logs and subjects apart: the first operand is a LOG; those after it are LOGs as long as they name one or
 * hold a '/'; the rest are SUBJECTs. Both borrow from operands. CLI_GO_ON; or an exit status after a complaint: no
 * operand, or a log that does not exist (missing_ok: that is fine). */
int cli_logs_split(const struct cli_command *command, const struct cli_operands *operands, bool missing_ok,
		   struct cli_operands *logs, struct cli_operands *subjects);

/* There is something at path that can be read as a log. */
bool cli_log_exists(const char *path);

/* The exit status that a failure of the log means; says the fault on stderr. */
int cli_log_error(const struct cli_command *command, const struct wire_fault *fault);

#endif
