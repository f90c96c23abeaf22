#include "cli/commands/broker_signal.h"
#include "cli/output/errors.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The signal of a word; 0 = unknown. nats-server's `stop` kills; with TERM the log is closed properly. */
static int find_signal(const char *word, size_t len)
{
	static const struct {
		const char *word;
		int signal;
	} words[] = {{"stop", SIGTERM}, {"quit", SIGINT},   {"term", SIGTERM},
		     {"ldm", SIGUSR2},  {"reload", SIGHUP}, {"reopen", SIGUSR1}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0)
			return words[i].signal;
	return 0;
}

/* A process id of decimal digits and white space; 0 = malformed. */
static pid_t parse_pid(const char *text)
{
	char *end;
	errno = 0;
	long pid = strtol(text, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	return *end || errno || pid <= 1 || pid > INT32_MAX ? 0 : (pid_t)pid;
}

static pid_t read_pid(const char *text)
{
	char line[32] = "";
	FILE *file = fopen(text, "re");
	if (!file)
		return parse_pid(text);
	size_t len = fread(line, 1, sizeof line - 1, file);
	line[len] = '\0';
	fclose(file);
	return parse_pid(line);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* True when the command line of a process is that of a server: `nats-server …`, or `tapedeck broker …`. */
static bool is_server(const struct cli_command *command, const char *pid)
{
	char path[300], line[4096];
	snprintf(path, sizeof path, "/proc/%.200s/cmdline", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t len = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[len] = '\0';
	if (command->alone)
		return strcmp(base_name(line), command->name) == 0;
	const char *second = line + strlen(line) + 1;
	return strcmp(base_name(line), "tapedeck") == 0 && second < line + len &&
	       strcmp(second, command->name) == 0;
}

/* Find the only running server. 0, with an error message, when there is none or several. */
static pid_t find_server(const struct cli_command *command)
{
	DIR *processes = opendir("/proc");
	pid_t found = 0;
	int count = 0;
	for (struct dirent *entry; processes && (entry = readdir(processes)) != NULL;) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? parse_pid(entry->d_name) : 0;
		if (pid == 0 || pid == getpid() || !is_server(command, entry->d_name))
			continue;
		found = pid;
		count++;
	}
	if (processes)
		closedir(processes);
	if (count == 1)
		return found;
	cli_error(command,
		  count ? "multiple %s processes running; name one: --signal SIGNAL=PID"
			: "no %s processes running",
		  command->name);
	return 0;
}

int cli_broker_signal(const struct cli_command *command, const char *text)
{
	size_t len = strcspn(text, "=");
	int number = find_signal(text, len);
	if (number == 0)
		return cli_usage_error(command,
				       "unknown signal \"%.*s\"; use stop, quit, term, ldm, reload or reopen",
				       (int)len, text);
	pid_t pid = text[len] == '=' ? read_pid(text + len + 1) : find_server(command);
	if (pid == 0 && text[len] == '=')
		return cli_usage_error(command, "\"%s\" is neither a process id nor a pid file",
				       text + len + 1);
	if (pid == 0)
		return CLI_FOUND;
	if (kill(pid, number) == 0)
		return CLI_DONE;
	cli_error(command, "cannot signal process %ld: %s", (long)pid, strerror(errno));
	return CLI_FOUND;
}
