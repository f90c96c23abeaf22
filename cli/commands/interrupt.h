/* interrupt.h - poll for Ctrl-C between two events, so that a command ends cleanly. */
#ifndef CLI_COMMANDS_INTERRUPT_H
#define CLI_COMMANDS_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and (unless it is ignored) SIGHUP are blocked and reported by cli_interrupt_seen, and a closed pipe is an
 * error of write instead of a signal. Returns a file descriptor to close, or a negative errno. */
int cli_interrupt_open(void);

/* Likewise for a program that must restore the terminal: SIGQUIT ends it, too. */
int cli_interrupt_open_for_screen(void);

/* A signal has arrived. */
bool cli_interrupt_seen(int fd);

/* Wait for a signal, at most timeout_ms. True when one has arrived. */
bool cli_interrupt_wait(int fd, int timeout_ms);

#endif
