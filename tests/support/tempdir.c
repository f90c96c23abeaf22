#include "support/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fail.h"

void support_tempdir_open(struct support_tempdir *dir)
{
	const char *parent = getenv("TMPDIR");
	int len = snprintf(dir->path, sizeof(dir->path), "%s/tapedeck-test-XXXXXX",
			   parent && *parent ? parent : "/tmp");
	if (len < 0 || (size_t)len >= sizeof(dir->path) || !mkdtemp(dir->path))
		support_fail("cannot make a folder below %s", parent ? parent : "/tmp");
}

char *support_tempdir_path(const struct support_tempdir *dir, const char *name, char *path, size_t size)
{
	int len = snprintf(path, size, "%s/%s", dir->path, name);
	if (len < 0 || (size_t)len >= size)
		support_fail("path too long: %s/%s", dir->path, name);
	return path;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

void support_remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void support_tempdir_close(struct support_tempdir *dir)
{
	support_remove_tree(dir->path);
}

void support_write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		support_fail("cannot write %s", path);
}

static char *read_open_file(FILE *file, size_t *len)
{
	char *bytes = NULL;
	size_t cap = 0;
	for (*len = 0;;) {
		if (cap - *len < 2) {
			cap = cap ? cap * 2 : 4096;
			char *grown = realloc(bytes, cap);
			if (!grown)
				break;
			bytes = grown;
		}
		size_t got = fread(bytes + *len, 1, cap - *len - 1, file);
		if (got == 0) {
			bytes[*len] = '\0';
			return bytes;
		}
		*len += got;
	}
	free(bytes);
	return NULL;
}

char *support_read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	char *bytes = read_open_file(file, len);
	fclose(file);
	return bytes;
}
