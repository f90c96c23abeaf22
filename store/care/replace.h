/* replace.h - put a new file of a segment in the place of the old one. Internal to store. */
#ifndef STORE_CARE_REPLACE_H
#define STORE_CARE_REPLACE_H

#include <stdbool.h>

/* Exchange the file at path with the one at temporary, which was synced, sync the directory, and remove the old one. Where the
 * file system cannot exchange two files, rename the new one over the old one. 0 or a negated errno: -ENOENT when there is no
 * file at path anymore; then the new one is left at temporary. */
int store__replace(const char *path, const char *temporary);

/* The file at path is the one that fd has open. */
bool store__is_file_at(int fd, const char *path);

#endif
