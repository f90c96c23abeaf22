/* privileges.h - give up the privileges that opening a capture takes, before the first packet is read.
 *
 * Root becomes the user who called sudo (SUDO_UID, SUDO_GID), or else `nobody`. All capabilities are dropped,
 * and no_new_privs prevents regaining them. Call this while the process has one thread, because capabilities
 * belong to threads. Open descriptors stay open. A log that is written afterwards needs a folder of the new
 * user: make it with tap_privileges_make_folder first. */
#ifndef TAP_CAPTURE_PRIVILEGES_H
#define TAP_CAPTURE_PRIVILEGES_H

#include "wire/error.h"

/* Drop all privileges for good. 0, or a negative code with *fault; the process should end then. */
int tap_privileges_drop(struct wire_fault *fault);

/* Make a folder (0700) of the user whom tap_privileges_drop switches to. An existing folder is left as it is.
 * 0, or a negative code with *fault. */
int tap_privileges_make_folder(const char *path, struct wire_fault *fault);

/* Give an open file to that user. 0, also when the process is not root; or a negative errno. */
int tap_privileges_give(int fd);

#endif
