#include "bench/server.h"

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

enum { START_DEADLINE_MS = 20000, STOP_DEADLINE_MS = 60000, ARGUMENTS_MAX = 24, PATH_BYTES = 4096 };

/* The folder of this program. */
static void own_folder(char path[PATH_BYTES])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES - 1);
	path[len < 0 ? 0 : len] = '\0';
	char *slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
}

/* The argument with its "%b", "%d" or "%p" filled in; owned by the caller. */
static char *expand(const char *argument, const char *folder, const struct bench_server *behind)
{
	char out[2 * PATH_BYTES], here[PATH_BYTES], address[32];
	own_folder(here);
	snprintf(address, sizeof address, "127.0.0.1:%d", behind ? behind->port : 0);
	const char *value = strncmp(argument, "%d", 2) == 0   ? folder
			    : strncmp(argument, "%b", 2) == 0 ? here
			    : strncmp(argument, "%p", 2) == 0 ? address
							      : "";
	snprintf(out, sizeof out, "%s%s", value, argument + (*value ? 2 : 0));
	return strdup(out);
}

static void run_child(const char *const *argv, const struct bench_server *server)
{
	char *arguments[ARGUMENTS_MAX] = {NULL}, stderr_path[80];
	for (int i = 0; argv[i] && i < ARGUMENTS_MAX - 1; i++)
		arguments[i] = expand(argv[i], server->folder, server->behind);
	snprintf(stderr_path, sizeof stderr_path, "%s/stderr", server->folder);
	if (freopen(stderr_path, "w", stderr) && freopen("/dev/null", "w", stdout))
		execvp(arguments[0], arguments);
	_exit(127);
}

/* {"nats":["nats://127.0.0.1:PORT"],…} in a file whose name ends in ".ports". 0 while it is not there. */
static int read_ports_file(const char *folder)
{
	char pattern[80];
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

static int await_port(struct bench_server *server, const char *program, struct wire_fault *fault)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	for (int waited_ms = 0; waited_ms < START_DEADLINE_MS; waited_ms += 5) {
		server->port = read_ports_file(server->folder);
		if (server->port > 0)
			return 0;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
			server->pid = 0;
			return wire_fault_set(fault, -ECHILD, "%s does not start", program);
		}
		nanosleep(&pause, NULL);
	}
	return wire_fault_set(fault, -ETIMEDOUT, "%s does not write its port", program);
}

int bench_server_start(struct bench_server *server, const char *const *argv,
		       const struct bench_server *behind, struct wire_fault *fault)
{
	*server = (struct bench_server){.behind = behind ? malloc(sizeof *behind) : NULL};
	if (behind && !server->behind)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (behind)
		*server->behind = *behind;
	int error = bench_folder_make(server->folder, fault);
	if (error)
		return error;
	snprintf(server->log, sizeof server->log, "%s/log", server->folder);
	if (mkdir(server->log, 0700) < 0)
		return wire_fault_set(fault, -errno, "%s: %s", server->log, strerror(errno));
	fflush(stdout); /* before a child inherits the buffer */
	server->pid = fork();
	if (server->pid == 0)
		run_child(argv, server);
	if (server->pid < 0)
		return wire_fault_set(fault, -errno, "%s: %s", argv[0], strerror(errno));
	return await_port(server, argv[0], fault);
}

int bench_server_front(struct bench_server *server, const char *const *argv, struct wire_fault *fault)
{
	server->front = calloc(1, sizeof *server->front);
	if (!server->front)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const struct bench_server there = {.port = server->port};
	int error = bench_server_start(server->front, argv, &there, fault);
	server->port = server->front->port;
	return error;
}

/* A line of /proc/PID/status, in bytes. Peak memory is not taken from rusage, which also counts the memory that this
 * process held between fork and exec. */
static uint64_t read_status(pid_t pid, const char *format)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	FILE *status = fopen(path, "r");
	while (status && fgets(line, sizeof line, status))
		if (strncmp(line, format, strlen(format)) == 0)
			kib = strtoull(line + strlen(format), NULL, 10);
	if (status)
		fclose(status);
	return kib * 1024;
}

uint64_t bench_server_resident(const struct bench_server *server)
{
	return read_status(server->pid, "VmRSS:");
}

/* Wait for the end of a process that was asked to stop; kill it when it does not. */
static int await_end(pid_t pid, int *status, struct rusage *used)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	for (int waited_ms = 0; waited_ms < STOP_DEADLINE_MS; waited_ms += 2) {
		pid_t ended = wait4(pid, status, WNOHANG, used);
		if (ended != 0)
			return ended < 0 ? -errno : 0;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -ETIMEDOUT;
}

int bench_server_stop(struct bench_server *server, struct bench_usage *usage, struct wire_fault *fault)
{
	struct rusage used;
	int status = 0;
	*usage = (struct bench_usage){.peak_bytes = read_status(server->pid, "VmHWM:")};
	kill(server->pid, SIGINT);
	int error = await_end(server->pid, &status, &used);
	server->pid = 0;
	if (error)
		return wire_fault_set(fault, error, "the server does not stop: %s", strerror(-error));
	usage->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	usage->log_bytes = bench_folder_bytes(server->log);
	/* nats-server -DV exits with 1 when it is interrupted, HAProxy is ended by the signal: only another one is a failure. */
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT)
		return wire_fault_set(fault, -ECHILD, "the server died of signal %d", WTERMSIG(status));
	return 0;
}

void bench_server_remove(struct bench_server *server)
{
	if (server->pid > 0) {
		kill(server->pid, SIGKILL);
		waitpid(server->pid, NULL, 0);
		server->pid = 0;
	}
	if (server->folder[0])
		bench_folder_remove(server->folder);
	if (server->front)
		bench_server_remove(server->front);
	free(server->front);
	server->front = NULL;
	if (server->behind)
		bench_server_remove(server->behind);
	free(server->behind);
	server->behind = NULL;
}

int bench_folder_make(char *path, struct wire_fault *fault)
{
	strcpy(path, "/tmp/tapedeck-bench-XXXXXX");
	if (mkdtemp(path))
		return 0;
	path[0] = '\0';
	return wire_fault_set(fault, -errno, "/tmp: no temporary folder: %s", strerror(errno));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void bench_folder_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

uint64_t bench_folder_bytes(const char *path)
{
	char pattern[PATH_BYTES];
	struct stat info;
	glob_t found;
	uint64_t bytes = 0;
	if (stat(path, &info) < 0)
		return 0;
	if (!S_ISDIR(info.st_mode))
		return (uint64_t)info.st_size;
	snprintf(pattern, sizeof pattern, "%s/*", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		bytes += bench_folder_bytes(found.gl_pathv[i]);
	globfree(&found);
	return bytes;
}

bool bench_program_exists(const char *program)
{
	char *expanded = expand(program, "", NULL), path[PATH_BYTES];
	const char *folders = getenv("PATH");
	bool found = strchr(expanded, '/') && access(expanded, X_OK) == 0;
	while (!found && folders && *folders && !strchr(expanded, '/')) {
		int len = (int)strcspn(folders, ":");
		snprintf(path, sizeof path, "%.*s/%s", len, folders, expanded);
		found = access(path, X_OK) == 0;
		folders += len + (folders[len] == ':');
	}
	free(expanded);
	return found;
}
