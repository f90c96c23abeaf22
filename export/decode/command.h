/* command.h - the processes of one command.
 *
 * A command that names TAPEDECK_SUBJECT has a process for each subject, the least recently used of which is ended when there are too
 * many. Any other has one for all. */
#ifndef EXPORT_DECODE_COMMAND_H
#define EXPORT_DECODE_COMMAND_H

#include "export/decode/child.h"

enum { EXPORT__CHILDREN_MAX = 16, EXPORT__DEADLINE_MS = 5000 };

struct export__command;

/* Copies the text. NULL when out of memory. Nothing is started yet. */
struct export__command *export__command_open(const char *text, enum export__framing framing);
void export__command_close(struct export__command *command);

/* Append the answer to the payload to out. 0, or a negative code with *fault: -EINVAL when this payload cannot be given to it; else the
 * command has failed, its processes are ended, and every later call fails likewise. */
int export__command_ask(struct export__command *command, struct wire_slice subject, struct wire_slice payload,
			struct export_out *out, struct wire_fault *fault);

#endif
