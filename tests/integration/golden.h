/* golden.h - command lines with the output they must have.
 *
 * A golden file is a transcript:
 *
 *   # a remark
 *   $ tapedeck cat log -n 1        run by sh in the test's folder
 *   2026-11-23T...                 its output
 *   ! tapedeck cat: ...            its output on stderr, the lines of an error joined
 *   ? 1                            its exit status; left out when 0 */
#ifndef INTEGRATION_GOLDEN_H
#define INTEGRATION_GOLDEN_H

#include <stdbool.h>

/* Run the commands of the file in the current folder and compare their output with it; or, to refresh it,
 * write their output into it. True when they are the same; else the first difference is reported on
 * stderr. */
bool golden_check(const char *path, bool refresh);

#endif
