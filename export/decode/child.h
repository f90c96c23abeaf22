/* child.h - a process of a user's command that turns one payload after another into readable text.
 *
 * It is run by `sh -c` in a process group of its own, so that Ctrl-C does not reach it. It gets payloads on its standard input and answers
 * on its standard output, in one of two framings:
 *
 *   lines    a payload and a line end; the answer is one line, or, when it begins with { or [, all lines up to the one in which the
 *            brackets are closed. Run under stdbuf(1) where there is one, since programs else keep short answers in a buffer.
 *   frames   four bytes with the length, big-endian, and the payload; the answer likewise.
 *
 * Nothing waits longer than its deadline, and no answer grows beyond the limit of the output that it is put into. */
#ifndef EXPORT_DECODE_CHILD_H
#define EXPORT_DECODE_CHILD_H

#include <sys/types.h>

#include "export/decode/step.h"

enum export__framing { EXPORT__LINES, EXPORT__FRAMES };

enum { EXPORT__NOTE_BYTES = 200 };

struct export__child {
	enum export__framing framing;
	pid_t pid;        /* 0: none runs */
	int in, out, err; /* our ends of its standard input, output and error output; -1: closed */
	char note[EXPORT__NOTE_BYTES]; /* the beginning of what it wrote to the latter, NUL-terminated */
	size_t note_len;
};

/* Start the command, with the subject as TAPEDECK_SUBJECT in its environment. 0, or a negative code with *fault. */
int export__child_start(struct export__child *child, const char *command, enum export__framing framing,
			struct wire_slice subject, struct wire_fault *fault);

/* Give it a payload and wait for the answer, at most so long. The answer is appended to out. 0; or a negative code with *fault, after which
 * the process has been ended. */
int export__child_ask(struct export__child *child, struct wire_slice payload, struct export_out *out,
		      int deadline_ms, struct wire_fault *fault);

/* Close its standard input, by which it learns that no more will come. */
void export__child_finish(struct export__child *child);
/* Wait for it at most half a second, then kill its process group. Does nothing when none runs. */
void export__child_end(struct export__child *child);

/* The payload can be given to a command that reads lines: it is neither empty nor has line ends, or these are between the tokens of JSON,
 * where they become spaces (*line is then the text in `scratch`). */
bool export__line_of(struct wire_slice payload, struct export_out *scratch, struct wire_slice *line);

#endif
