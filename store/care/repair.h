/* repair.h - take damaged blocks out of a closed segment. Needs the log's lock. Internal to store. */
#ifndef STORE_CARE_REPAIR_H
#define STORE_CARE_REPAIR_H

#include "wire/error.h"

/* Rewrite a closed segment that has damaged blocks: a gap event replaces the lost blocks, and the original is kept under
 * the name *kept_as, owned by the caller (NULL: it was not rewritten). Returns 1 when it was rewritten, 0 when there was
 * nothing to do, or a negative code with *fault; then the segment is as it was. */
int store__repair_segment(const char *path, char **kept_as, struct wire_fault *fault);

#endif
