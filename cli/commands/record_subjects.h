/* record_subjects.h - the subjects of `tapedeck record`, as it subscribes to them. */
#ifndef CLI_COMMANDS_RECORD_SUBJECTS_H
#define CLI_COMMANDS_RECORD_SUBJECTS_H

#include "cli/options/options.h"

/* Remove each of these valid subjects that another one covers: its messages come by that one, and would come twice. Calls
 * `left_out`, unless NULL, for each. */
void cli_record_reduce_subjects(struct cli_operands *subjects,
				void (*left_out)(void *context, const char *subject, const char *covered_by),
				void *context);

#endif
