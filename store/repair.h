/* repair.h - make one segment of a log whole again. Needs the log's lock. Internal to store. */
#ifndef STORE_REPAIR_H
#define STORE_REPAIR_H

#include "wire/error.h"

/* Close what a crash left open (see store_recover_segment). Then, where blocks are damaged, rewrite the segment: a gap event
 * takes the place of those that are lost, and the original is kept under the name *aside, owned by the caller (NULL: it was
 * not rewritten). Returns 1 when something was done, 0 when there was nothing to do or nothing to build on, or a negative code
 * with *fault; then the segment is as it was. */
int store__repair_segment(const char *path, char **aside, struct wire_fault *fault);

#endif
