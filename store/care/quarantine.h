/* quarantine.h - keep bytes that are taken out of a log in files beside the segment. Internal to store. */
#ifndef STORE_CARE_QUARANTINE_H
#define STORE_CARE_QUARANTINE_H

#include "store/read/segment_reader.h"

/* Set the modification time of the file at path: retention judges by it, and rewriting a segment must not make it younger.
 * A failure does no harm. */
void store__set_file_time(const char *path, int64_t modified_ns);

/* Copy the bytes of the segment's file from offset on to a new file `<path>.torn` (`.torn.2` and so on where that exists)
 * and sync it. *kept_as gets its name, owned by the caller; NULL when there are no such bytes. 0 or a negated errno. */
int store__quarantine_tail(const struct store_segment_reader *segment, uint64_t offset, char **kept_as);

/* Replace the file at path by the file `temporary`, and keep the old one as `<path>.<suffix>` (then .2 and so on). There
 * always is a file at path. *kept_as gets the new name of the old file, owned by the caller. 0; or a negated errno, then
 * the file at path is as it was and *kept_as is NULL. */
int store__quarantine_swap(const char *path, const char *temporary, const char *suffix, char **kept_as);

/* Rename the file at path to `<path>.<suffix>` (then .2 and so on), so that it is no segment any more. *kept_as gets the new
 * name, owned by the caller. 0; or a negated errno, then *kept_as is NULL. */
int store__quarantine_file(const char *path, const char *suffix, char **kept_as);

#endif
