#include "bench/contender.h"

#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_DEADLINE_MS = 10000, ARGUMENTS_MAX = 24 };

#define COMMON "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", "%d"

static const char *const floor_plain[] = {"%b/floor", "--ports_file_dir", "%d", NULL};
static const char *const floor_record[] = {"%b/floor", "--ports_file_dir", "%d",
					   "--record", "%d/floor.log",     NULL};
static const char *const tapedeck_off[] = {"%t", "broker", COMMON, NULL};
static const char *const tapedeck_on[] = {"%t", "broker", COMMON, "--record", "%d/log", NULL};
static const char *const nats_server[] = {"nats-server", COMMON, NULL};

const struct bench_contender bench_contenders[] = {
    {"nats-server", false, nats_server},    {"floor", false, floor_plain},
    {"floor-record", false, floor_record},  {"tapedeck", false, tapedeck_off},
    {"tapedeck-record", true, tapedeck_on}, {NULL, false, NULL},
};

/* Where this program is, and so the floor. */
static const char *own_folder(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len < 0)
		return ".";
	path[len] = '\0';
	*strrchr(path, '/') = '\0';
	return path;
}

/* The template with "%b", "%d" and "%t" filled in; owned by the caller. */
static char *expand(const char *template, const char *tapedeck, const char *folder)
{
	char out[4096];
	const char *value = strncmp(template, "%d", 2) == 0   ? folder
			    : strncmp(template, "%t", 2) == 0 ? tapedeck
			    : strncmp(template, "%b", 2) == 0 ? own_folder()
							      : "";
	snprintf(out, sizeof out, "%s%s", value, template + (*value ? 2 : 0));
	return strdup(out);
}

static void run_child(const struct bench_contender *contender, const char *tapedeck, const char *folder)
{
	char *arguments[ARGUMENTS_MAX] = {NULL};
	for (int i = 0; contender->command[i] && i < ARGUMENTS_MAX - 1; i++)
		arguments[i] = expand(contender->command[i], tapedeck, folder);
	char log[128];
	snprintf(log, sizeof log, "%s/stderr", folder);
	if (freopen(log, "w", stderr) && freopen("/dev/null", "w", stdout))
		execvp(arguments[0], arguments);
	_exit(127);
}

/* {"nats":["nats://127.0.0.1:PORT"],…} in a file whose name ends in ".ports". 0 while it is not there. */
static int read_ports_file(const char *folder)
{
	char pattern[128];
	glob_t found;
	int port = 0;
	snprintf(pattern, sizeof pattern, "%s/*.ports", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	json_t *ports = json_load_file(found.gl_pathv[0], 0, NULL);
	const char *url = json_string_value(json_array_get(json_object_get(ports, "nats"), 0));
	if (url && strrchr(url, ':'))
		port = atoi(strrchr(url, ':') + 1);
	json_decref(ports);
	globfree(&found);
	return port;
}

int bench_contender_start(const struct bench_contender *contender, const char *tapedeck,
			  struct bench_run *run)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	snprintf(run->folder, sizeof run->folder, "/tmp/tapedeck-bench-XXXXXX");
	if (!mkdtemp(run->folder))
		return -errno;
	run->pid = fork();
	if (run->pid == 0)
		run_child(contender, tapedeck, run->folder);
	if (run->pid < 0)
		return -errno;
	for (int waited_ms = 0; waited_ms < START_DEADLINE_MS; waited_ms += 5) {
		run->port = read_ports_file(run->folder);
		if (run->port > 0)
			return 0;
		if (waitpid(run->pid, NULL, WNOHANG) == run->pid)
			return -ECHILD;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

static uint64_t folder_bytes(const char *folder)
{
	char pattern[128];
	glob_t found;
	uint64_t bytes = 0;
	snprintf(pattern, sizeof pattern, "%s/log/*.seg", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct stat info;
		if (stat(found.gl_pathv[i], &info) == 0)
			bytes += (uint64_t)info.st_size;
	}
	globfree(&found);
	return bytes;
}

static int count_log(const char *tapedeck, const char *folder, struct bench_usage *usage)
{
	char command[4600];
	snprintf(command, sizeof command, "'%s' stat '%s/log' --json", tapedeck, folder);
	FILE *pipe = popen(command, "r");
	if (!pipe)
		return -errno;
	json_t *totals = json_loadf(pipe, JSON_DISABLE_EOF_CHECK, NULL);
	usage->logged_messages = (uint64_t)json_integer_value(json_object_get(totals, "messages"));
	usage->logged_deliveries = (uint64_t)json_integer_value(json_object_get(totals, "deliveries"));
	usage->log_bytes = folder_bytes(folder);
	json_decref(totals);
	return pclose(pipe) == 0 ? 0 : -EIO;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

/* Peak resident memory. Not from rusage: that counts what we held ourselves between fork and exec. */
static uint64_t peak_bytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	FILE *status = fopen(path, "r");
	while (status && fgets(line, sizeof line, status))
		if (sscanf(line, "VmHWM: %llu", &kib) == 1)
			break;
	if (status)
		fclose(status);
	return kib * 1024;
}

int bench_contender_stop(const struct bench_contender *contender, const char *tapedeck, struct bench_run *run,
			 struct bench_usage *usage)
{
	struct rusage used;
	int error = 0;
	*usage = (struct bench_usage){0};
	usage->peak_bytes = peak_bytes(run->pid);
	kill(run->pid, SIGINT);
	if (wait4(run->pid, NULL, 0, &used) == run->pid)
		usage->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	if (contender->records)
		error = count_log(tapedeck, run->folder, usage);
	nftw(run->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return error;
}
