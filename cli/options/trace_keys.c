#include "cli/options/trace_keys.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options/logs.h"
#include "cli/output/errors.h"

#define FILE_NAME "trace.keys"

enum { LINE_MAX_BYTES = 4096 };

/* The path of the log's file. False for captures, which have none. */
static bool find_file(const char *log, char path[PATH_MAX])
{
	struct stat found;
	if (cli_log_is_foreign(log) || stat(log, &found) != 0)
		return false;
	const char *slash = strrchr(log, '/');
	int dir_len = slash ? (int)(slash - log) : 0;
	int len = S_ISDIR(found.st_mode)
		      ? snprintf(path, PATH_MAX, "%s/" FILE_NAME, log)
		      : snprintf(path, PATH_MAX, "%.*s" FILE_NAME, slash ? dir_len + 1 : 0, log);
	return len > 0 && len < PATH_MAX;
}

/* The line without its end and the blanks around it. */
static char *trim(char *line)
{
	line += strspn(line, " \t");
	size_t len = strlen(line);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		line[--len] = '\0';
	return line;
}

/* The keys that a file added to those of the command line, for people. */
struct added_keys {
	char text[200]; /* cut when they are longer */
	size_t len;
};

/* Whatever the file holds, it cannot drive the terminal. */
static void note_added(struct added_keys *added, const char *key)
{
	size_t from = added->len;
	int len = snprintf(added->text + from, sizeof(added->text) - from, "%s%s", from > 0 ? ", " : "", key);
	added->len += len > 0 ? (size_t)len : 0;
	if (added->len >= sizeof(added->text))
		added->len = sizeof(added->text) - 1;
	for (size_t i = from; i < added->len; i++)
		if (!isprint((unsigned char)added->text[i]))
			added->text[i] = '?';
}

/* Keys that somebody forgot about would make trees hard to understand. */
static void say_added(const struct cli_command *command, const char *path, const struct added_keys *added)
{
	if (added->len > 0 && isatty(STDERR_FILENO))
		cli_error(command, "using the keys %s, remembered in %s; --forget-keys removes them",
			  added->text, path);
}

static int load_file(const struct cli_command *command, const char *path, struct trace_keys *keys, bool quiet,
		     struct wire_fault *fault)
{
	char line[LINE_MAX_BYTES];
	struct added_keys added = {.len = 0};
	FILE *file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : wire_fault_set(fault, -errno, "%s: %s", path, strerror(errno));
	int error = 0;
	while (!error && fgets(line, sizeof(line), file)) {
		const char *key = trim(line);
		if (*key == '\0' || *key == '#')
			continue;
		size_t count = trace_keys_count(keys);
		error = trace_keys_add(keys, key, fault);
		if (trace_keys_count(keys) > count)
			note_added(&added, key);
		if (error != -EINVAL)
			continue;
		cli_error(command, "%s: %s", path, fault->text);
		error = 0;
	}
	fclose(file);
	if (!quiet)
		say_added(command, path, &added);
	return error;
}

int cli_trace_keys_load(const struct cli_command *command, const struct cli_operands *logs,
			struct trace_keys *keys, bool quiet, struct wire_fault *fault)
{
	char path[PATH_MAX];
	int error = 0;
	for (int i = 0; i < logs->len && !error; i++)
		if (find_file(logs->values[i], path))
			error = load_file(command, path, keys, quiet, fault);
	return error;
}

/* ---- remembering ---- */

static bool holds_line(FILE *file, const char *key)
{
	char line[LINE_MAX_BYTES];
	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (strcmp(trim(line), key) == 0)
			return true;
	return false;
}

static int append_keys(const char *path, const struct cli_list *keys)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	FILE *file = fdopen(fd, "a+e");
	if (!file) {
		int error = -errno;
		close(fd);
		return error;
	}
	for (size_t i = 0; i < keys->len; i++)
		if (!holds_line(file, keys->values[i]))
			fprintf(file, "%s\n", keys->values[i]);
	return fclose(file) == 0 ? 0 : -errno;
}

void cli_trace_keys_remember(const struct cli_command *command, const struct cli_operands *logs,
			     const struct cli_list *keys)
{
	char path[PATH_MAX];
	for (int i = 0; i < logs->len && keys->len > 0; i++) {
		int error = find_file(logs->values[i], path) ? append_keys(path, keys) : 0;
		if (error)
			cli_error(command, "the keys are not remembered: %s: %s", path,
				  wire_error_text(error));
	}
}

void cli_trace_keys_forget(const struct cli_command *command, const struct cli_operands *logs)
{
	char path[PATH_MAX];
	for (int i = 0; i < logs->len; i++)
		if (find_file(logs->values[i], path) && unlink(path) != 0 && errno != ENOENT)
			cli_error(command, "cannot forget the keys: %s: %s", path, strerror(errno));
}
