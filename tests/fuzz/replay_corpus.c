/* replay_corpus.c - run a fuzz target over every file of a folder: the corpus as an ordinary test. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input ends at the end of its allocation, so that a sanitizer sees the first byte read past it. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return -1;
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	rewind(file);
	uint8_t *data = size > 0 ? malloc((size_t)size) : NULL;
	int result = -1;
	if (size == 0 || (data && fread(data, 1, (size_t)size, file) == (size_t)size))
		result = LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	fclose(file);
	return result;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	DIR *folder = opendir(argv[1]);
	if (!folder) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	int count = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		if (entry->d_name[0] != '.' && replay_file(path) == 0)
			count++;
	}
	closedir(folder);
	printf("%d inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}
