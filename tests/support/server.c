#include "support/server.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fail.h"
#include "support/tempdir.h"

enum { ARGS_MAX = 64, READY_MS = 30000, STOP_MS = 20000 };

/* The command line: ours first, so that the plan's flags may change it. */
static void build_args(const struct support_server_plan *plan, char *port, const char **args)
{
	size_t count = 0;
	args[count++] = plan->name ? plan->name : plan->program;
	if (plan->command)
		args[count++] = plan->command;
	const char *server[] = {"-a", "127.0.0.1", "-p", port, "--ports_file_dir", plan->dir};
	const char *proxy[] = {"--listen", port, "--http_host", "127.0.0.1", "--ports_file_dir", plan->dir};
	const char **fixed = plan->is_proxy ? proxy : server;
	for (size_t i = 0; i < sizeof(server) / sizeof(server[0]); i++)
		args[count++] = fixed[i];
	if (plan->monitoring) {
		args[count++] = "-m";
		args[count++] = "-1";
	}
	for (size_t i = 0; plan->args && plan->args[i]; i++) {
		if (count == ARGS_MAX - 1)
			support_fail("more than %d arguments", ARGS_MAX);
		args[count++] = plan->args[i];
	}
	args[count] = NULL;
}

static _Noreturn void run_child(const struct support_server_plan *plan, const char *log_path,
				const char **args)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	for (size_t i = 0; plan->env && plan->env[i]; i++)
		putenv((char *)(uintptr_t)plan->env[i]);
	if (plan->file_bytes_max > 0) {
		struct rlimit limit = {.rlim_cur = plan->file_bytes_max, .rlim_max = RLIM_INFINITY};
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	execvp(plan->program, (char *const *)(uintptr_t)args);
	fprintf(stderr, "cannot run %s: %s\n", plan->program, strerror(errno));
	_exit(127);
}

void support_server_spawn(struct support_server *server, const struct support_server_plan *plan)
{
	*server = (struct support_server){0};
	int len = snprintf(server->log_path, sizeof(server->log_path), "%s/server.log", plan->dir);
	if (len < 0 || (size_t)len >= sizeof(server->log_path))
		support_fail("path too long: %s", plan->dir);
	char port[32];
	if (plan->is_proxy)
		snprintf(port, sizeof(port), "127.0.0.1:%d", plan->port);
	else
		snprintf(port, sizeof(port), "%d", plan->port > 0 ? plan->port : -1);
	const char *args[ARGS_MAX];
	build_args(plan, port, args);
	server->pid = fork();
	if (server->pid < 0)
		support_fail("cannot fork");
	if (server->pid == 0)
		run_child(plan, server->log_path, args);
}

/* The port at the end of the first URL of a list; 0 when there is none. */
static int port_of(const json_t *urls)
{
	const char *url = json_string_value(json_array_get(urls, 0));
	const char *colon = url ? strrchr(url, ':') : NULL;
	return colon ? atoi(colon + 1) : 0;
}

/* Read the ports file. The server does not write it in one step: an unfinished file counts as missing. */
static bool read_ports(struct support_server *server, const struct support_server_plan *plan)
{
	const char *program = plan->name ? plan->name : plan->program;
	const char *slash = strrchr(program, '/');
	char path[512];
	snprintf(path, sizeof(path), "%s/%s_%d.ports", plan->dir, slash ? slash + 1 : program, server->pid);
	json_t *ports = json_load_file(path, 0, NULL);
	server->port = port_of(json_object_get(ports, "nats"));
	server->http_port = port_of(json_object_get(ports, "monitoring"));
	server->cluster_port = port_of(json_object_get(ports, "cluster"));
	json_decref(ports);
	return server->port > 0;
}

static bool has_ended(struct support_server *server)
{
	if (server->pid > 0 && waitpid(server->pid, &server->status, WNOHANG) == server->pid)
		server->pid = 0;
	return server->pid == 0;
}

int support_server_await_ports(struct support_server *server, const struct support_server_plan *plan,
			       struct support_deadline deadline)
{
	while (!read_ports(server, plan)) {
		if (has_ended(server))
			return -ECHILD;
		if (!support_deadline_retry(deadline))
			return -ETIMEDOUT;
	}
	return 0;
}

static void print_log(const struct support_server *server)
{
	size_t len;
	char *log = support_read_file(server->log_path, &len);
	fprintf(stderr, "the server does not start; its output:\n%s\n", log ? log : "(none)");
	free(log);
}

int support_server_open(struct support_server *server, const struct support_server_plan *plan)
{
	support_server_spawn(server, plan);
	int code = support_server_await_ports(server, plan, support_deadline_in(READY_MS));
	if (code < 0) {
		print_log(server);
		support_server_kill(server);
	}
	return code;
}

void support_server_signal(struct support_server *server, int signal_number)
{
	if (server->pid > 0)
		kill(server->pid, signal_number);
}

int support_server_await_end(struct support_server *server, struct support_deadline deadline)
{
	while (!has_ended(server)) {
		if (!support_deadline_retry(deadline))
			return -ETIMEDOUT;
	}
	return 0;
}

int support_server_exit_status(const struct support_server *server)
{
	return WIFSIGNALED(server->status) ? 128 + WTERMSIG(server->status) : WEXITSTATUS(server->status);
}

int support_server_close(struct support_server *server)
{
	support_server_signal(server, SIGTERM);
	if (support_server_await_end(server, support_deadline_in(STOP_MS)) < 0)
		support_server_kill(server);
	return support_server_exit_status(server);
}

void support_server_kill(struct support_server *server)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, &server->status, 0);
	server->pid = 0;
}

int support_server_await_log(const struct support_server *server, const char *text,
			     struct support_deadline deadline)
{
	do {
		size_t len;
		char *log = support_read_file(server->log_path, &len);
		bool found = log && strstr(log, text);
		free(log);
		if (found)
			return 0;
	} while (support_deadline_retry(deadline));
	return -ETIMEDOUT;
}

uint64_t support_server_peak_memory(const struct support_server *server)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/status", server->pid);
	size_t len;
	char *status = support_read_file(path, &len);
	char *line = status ? strstr(status, "VmHWM:") : NULL;
	uint64_t kilobytes = line ? strtoull(line + strlen("VmHWM:"), NULL, 10) : 0;
	free(status);
	return kilobytes * 1024;
}
