/* privileges.h - give up what a process needed to open a capture, before it looks at the first packet.
 *
 * Root becomes the user who called sudo (SUDO_UID, SUDO_GID), or else `nobody`; every capability goes; no_new_privs is
 * set, so that nothing brings them back. Call it while the process has one thread: capabilities belong to threads. What
 * is open stays open. A log that the process is to write afterwards needs a folder that belongs to the new user: make
 * it with tap_privileges_make_folder first. */
#ifndef TAP_CAPTURE_PRIVILEGES_H
#define TAP_CAPTURE_PRIVILEGES_H

#include "wire/error.h"

/* For good. 0, or a negative code with *fault; the process should end then. */
int tap_privileges_drop(struct wire_fault *fault);

/* Make a folder (0700) that belongs to the user whom tap_privileges_drop makes of us. One that exists already is left
 * as it is. 0, or a negative code with *fault. */
int tap_privileges_make_folder(const char *path, struct wire_fault *fault);

/* Give an open file to that user. 0 or a negated errno; 0 when we are not root. */
int tap_privileges_give(int fd);

#endif
