/* recover.h - close a segment that a crash left open. Needs the log's lock. */
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include "wire/error.h"

/* Make the segment at path whole: keep its blocks, put its unfinished tail aside as `<path>.torn`, add a footer.
 * A segment without any whole block is removed (its bytes, if any, kept as .torn). A closed segment is left alone.
 * *aside (may be NULL) gets the name of what was put aside, owned by the caller, or NULL. Returns 1 when something was
 * done, 0 when there was nothing to do, or a negative code with *fault. */
int store_recover_segment(const char *path, char **aside, struct wire_fault *fault);

#endif
