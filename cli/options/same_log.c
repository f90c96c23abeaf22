#include "cli/options/same_log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The directory that the file at path, whatever links lead to it, lies in. */
static bool find_parent(const char *path, struct stat *parent)
{
	char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;
	bool is_found = false;

	if (slash) {
		slash[slash == real] = '\0';
		is_found = stat(real, parent) == 0;
	}
	free(real);
	return is_found;
}

/* `log` is `other`, or a segment in it. */
static bool is_held_by(const char *log, const char *other)
{
	struct stat file, holder, parent;

	if (stat(log, &file) != 0 || stat(other, &holder) != 0)
		return strcmp(log, other) == 0;
	if (is_same_file(&file, &holder))
		return true;
	return S_ISREG(file.st_mode) && S_ISDIR(holder.st_mode) && find_parent(log, &parent) &&
	       is_same_file(&parent, &holder);
}

/* Of two names of one log the first one stays. */
static bool is_repeated(const struct cli_operands *logs, int at)
{
	for (int i = 0; i < logs->len; i++) {
		const char *log = logs->values[at], *other = logs->values[i];

		if (i != at && is_held_by(log, other) && (i < at || !is_held_by(other, log)))
			return true;
	}
	return false;
}

void cli_logs_leave_out_repeated(struct cli_operands *logs)
{
	for (int i = 0; i < logs->len;) {
		char *repeated = logs->values[i];

		if (!is_repeated(logs, i)) {
			i++;
			continue;
		}
		logs->len--;
		memmove(&logs->values[i], &logs->values[i + 1], (size_t)(logs->len - i) * sizeof(char *));
		logs->values[logs->len] = repeated;
	}
}
