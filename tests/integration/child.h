/* child.h - a program whose output a test reads while it runs. */
#ifndef INTEGRATION_CHILD_H
#define INTEGRATION_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "support/deadline.h"

struct child {
	pid_t pid;
	int out_fd, err_fd;
	char *out, *err; /* its output so far, NUL-terminated; owned. The lines of an error are joined */
	size_t out_len, err_len;
	int status; /* exit status, once it has ended */
};

/* Start argv (NULL-terminated) with its standard output and error in pipes. It dies with the test program. */
void child_open(struct child *child, const char *const *argv);
/* Kill it if it still runs, free everything. */
void child_close(struct child *child);

/* Wait until its output (or error output) contains text. False when the deadline passed or it ended before. */
bool child_await_out(struct child *child, const char *text, struct support_deadline deadline);
bool child_await_err(struct child *child, const char *text, struct support_deadline deadline);

/* Wait for its end; all it printed has then been read. False when the deadline passed. */
bool child_await_end(struct child *child, struct support_deadline deadline);

#endif
