/* ship_command.h - the process of a command that ships a segment. Internal to tap. */
#ifndef TAP_RECORDER_SHIP_COMMAND_H
#define TAP_RECORDER_SHIP_COMMAND_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/* Start `sh -c command sh path`, with TAPEDECK_SEGMENT=path in its environment, in a process group of its own, which a terminal's
 * Ctrl-C does not reach. The path is never part of the command's text. Its output goes to standard error. Returns the process, or a
 * negated errno. */
pid_t tap__ship_command_start(const char *command, const char *path);

/* True once the process has ended, with its exit status, or 128 + the number of the signal that ended it. */
bool tap__ship_command_ended(pid_t child, int *status);

/* End the process and those it started, and wait for it: at first by SIGTERM, after 2 s by SIGKILL. */
void tap__ship_command_stop(pid_t child);

/* Start a thread for commands, which gets no signals. SIGCHLD is no longer ignored then. 0 or a negated errno. */
int tap__ship_command_thread(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
