/* files.h - the pid file, the ports file and the log file of a running broker. Inside this folder. */
#ifndef BROKER_FILES_H
#define BROKER_FILES_H

#include "broker/server.h"

/* Write the pid and ports files that the options name. 0, or a negative code with *fault. */
int broker__files_write(struct broker *broker, struct wire_fault *fault);
/* After a reload: move the files whose option differs from *before, and log each. */
void broker__files_move(struct broker *broker, const struct broker_options *before);

#endif
