/* aside.h - keep what is cut off or replaced beside a segment. Internal to store. */
#ifndef STORE_CARE_ASIDE_H
#define STORE_CARE_ASIDE_H

#include "store/read/segment_reader.h"

/* Give the file at path the modification time modified_ns: retention judges by it, and rewriting a segment makes it no
 * younger. What fails does no harm. */
void store__aside_keep_time(const char *path, int64_t modified_ns);

/* Copy the bytes of the segment's file from offset on into a new file `<path>.torn`, or `.torn.2` and so on where an earlier
 * crash left one, flushed. *aside gets its name, owned by the caller; NULL when there are no such bytes. 0 or a negated
 * errno. */
int store__aside_tail(const struct store_segment_reader *segment, uint64_t offset, char **aside);

/* Give the file at path another name, `<path>.<suffix>` (then .2 and so on), and its own name to the file `temporary`. At no
 * moment is there no file at path. *aside gets the name, owned by the caller. 0, or a negated errno: then the file at
 * path is as it was and *aside is NULL. */
int store__aside_swap(const char *path, const char *temporary, const char *suffix, char **aside);

/* Take the name of a segment from the file at path: it gets `<path>.<suffix>` (then .2 and so on), of which *aside is a copy
 * owned by the caller. 0, or a negated errno and *aside NULL. */
int store__aside_whole(const char *path, const char *suffix, char **aside);

#endif
