/* tempdir.h - a test's own folder, below $TMPDIR or /tmp. */
#ifndef SUPPORT_TEMPDIR_H
#define SUPPORT_TEMPDIR_H

#include <stdbool.h>
#include <stddef.h>

struct support_tempdir {
	char path[256];
};

/* Make a new, empty folder (0700). Ends the test program when that is impossible. */
void support_tempdir_open(struct support_tempdir *dir);

/* Remove it with all that is in it. */
void support_tempdir_close(struct support_tempdir *dir);

/* DIR/name into path, which has room for size bytes; returns path. */
char *support_tempdir_path(const struct support_tempdir *dir, const char *name, char *path, size_t size);

/* Remove any folder with all that is in it. */
void support_remove_tree(const char *path);

/* Write a file, replacing it. Ends the test program when that is impossible. */
void support_write_file(const char *path, const void *bytes, size_t len);

/* The whole file, NUL-terminated; owned by the caller. NULL when it cannot be read. */
char *support_read_file(const char *path, size_t *len);

#endif
