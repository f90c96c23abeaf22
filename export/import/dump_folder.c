#include "export/import/dump_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file N.json, N_reply.json. */
static bool read_name(DIR *dir, const char *name, uint64_t *number, bool *is_reply)
{
	struct stat found;
	char *end;

	if (name[0] < '0' || name[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(name, &end, 10);
	*is_reply = strcmp(end, "_reply.json") == 0;
	return errno == 0 && (*is_reply || strcmp(end, ".json") == 0) &&
	       fstatat(dirfd(dir), name, &found, 0) == 0 && S_ISREG(found.st_mode);
}

static int add_file(struct export__dump_folder *folder, DIR *dir, const char *path, const char *name)
{
	struct export__dump_file file = {0};

	if (!read_name(dir, name, &file.number, &file.is_reply))
		return 0;
	if (folder->len == folder->cap) {
		size_t cap = folder->cap ? folder->cap * 2 : 64;
		struct export__dump_file *list = realloc(folder->list, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		folder->list = list;
		folder->cap = cap;
	}
	if (asprintf(&file.path, "%s/%s", path, name) < 0)
		return -ENOMEM;
	folder->list[folder->len++] = file;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct export__dump_file *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->is_reply - y->is_reply;
}

bool export__dump_folder_is(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	uint64_t number;
	bool is_reply, is_found = false, is_log = false;

	while (dir && !is_log && (entry = readdir(dir)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');
		is_log = dot && strcmp(dot, ".seg") == 0;
		is_found = is_found || read_name(dir, entry->d_name, &number, &is_reply);
	}
	if (dir)
		closedir(dir);
	return is_found && !is_log;
}

int export__dump_folder_init(struct export__dump_folder *folder, const char *path, struct wire_fault *fault)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int error = 0;

	*folder = (struct export__dump_folder){0};
	if (!dir)
		return wire_fault_set(fault, -errno, "%s: %s", path, wire_error_text(-errno));
	while (!error && (entry = readdir(dir)) != NULL)
		error = add_file(folder, dir, path, entry->d_name);
	closedir(dir);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
	if (folder->len == 0)
		return wire_fault_set(fault, -ENOENT,
				      "%s: a folder without files N.json, as nats sub --dump writes them",
				      path);
	qsort(folder->list, folder->len, sizeof(*folder->list), compare);
	return 0;
}

void export__dump_folder_fini(struct export__dump_folder *folder)
{
	for (size_t i = 0; i < folder->len; i++)
		free(folder->list[i].path);
	free(folder->list);
	*folder = (struct export__dump_folder){0};
}

const char *export__dump_folder_next(struct export__dump_folder *folder)
{
	return folder->at < folder->len ? folder->list[folder->at++].path : NULL;
}
