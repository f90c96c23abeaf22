#include "demo/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo/faults.h"
#include "demo/message.h"
#include "demo/platform.h"
#include "demo/stop.h"
#include "demo/users.h"

enum { PROCESSES_MAX = 256, ARGS_MAX = 64, START_MS = 60000 };

static const int64_t POLL_NS = 50 * 1000000;

struct process {
	pid_t pid; /* 0 = ended */
	const char *role;
};

struct supervisor {
	const struct demo_settings *settings;
	struct process processes[PROCESSES_MAX];
	size_t len;
	int ready[2]; /* a pipe: one byte from each process that is subscribed */
	bool has_failed;
};

/* ---- starting ---- */

static void exec_role(const struct supervisor *supervisor, const char *role, const char *name,
		      unsigned member)
{
	const struct demo_settings *settings = supervisor->settings;
	char member_text[16], fd_text[16];
	const char *args[ARGS_MAX] = {"demo"};
	int len = 1;
	snprintf(member_text, sizeof(member_text), "%u", member);
	snprintf(fd_text, sizeof(fd_text), "%d", supervisor->ready[1]);
	for (int i = 0; i < settings->args_len && len < ARGS_MAX - 8; i++)
		args[len++] = settings->args[i];
	const char *const rest[] = {"--member", member_text, "--ready-fd", fd_text, role, name, NULL};
	memcpy(args + len, rest, sizeof(rest));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	execv("/proc/self/exe", (char *const *)args);
	perror("demo: exec");
	_exit(127);
}

static void spawn(struct supervisor *supervisor, const char *role, const char *name, unsigned member)
{
	if (supervisor->len == PROCESSES_MAX)
		return;
	pid_t pid = fork();
	if (pid == 0)
		exec_role(supervisor, role, name, member);
	if (pid < 0) {
		perror("demo: fork");
		supervisor->has_failed = true;
		return;
	}
	supervisor->processes[supervisor->len++] = (struct process){.pid = pid, .role = role};
}

/* Wait until `count` processes have reported that they are subscribed. */
static bool await_ready(struct supervisor *supervisor, size_t count)
{
	char bytes[PROCESSES_MAX];
	struct pollfd poll_fd = {.fd = supervisor->ready[0], .events = POLLIN};
	while (count > 0 && poll(&poll_fd, 1, START_MS) > 0) {
		ssize_t len = read(supervisor->ready[0], bytes, count);
		if (len <= 0)
			break;
		count -= (size_t)len;
	}
	if (count == 0)
		return true;
	fprintf(stderr, "demo: %zu processes did not start\n", count);
	supervisor->has_failed = true;
	return false;
}

static unsigned members_of(const struct supervisor *supervisor, const struct demo_service *service)
{
	if (supervisor->settings->has_faults && service->trouble == DEMO_LONELY_MEMBER)
		return 1;
	return service->members ? service->members : 1;
}

static void spawn_fault_clients(struct supervisor *supervisor)
{
	const char *previous = NULL;
	for (size_t i = 0; i < demo_faults_len; i++) {
		const char *client = demo_faults[i].client;
		if (client && (!previous || strcmp(client, previous) != 0))
			spawn(supervisor, "fault", client, 0);
		previous = client;
	}
}

static bool start_services(struct supervisor *supervisor)
{
	size_t before = supervisor->len;
	for (size_t i = 0; i < DEMO_SERVICES; i++) {
		const struct demo_service *service = &demo_services[i];
		if (!demo_domain_is_in(service->domain, supervisor->settings->domains))
			continue;
		for (unsigned member = 0; member < members_of(supervisor, service); member++)
			spawn(supervisor, "service", service->name, member);
	}
	if (supervisor->settings->has_faults)
		spawn_fault_clients(supervisor);
	return await_ready(supervisor, supervisor->len - before);
}

static bool start_machine(struct supervisor *supervisor)
{
	spawn(supervisor, "machine", "state-machine", 0);
	return await_ready(supervisor, 1);
}

static bool start_users(struct supervisor *supervisor)
{
	if (supervisor->settings->rate <= 0)
		return true;
	for (size_t i = 0; i < DEMO_USERS; i++)
		spawn(supervisor, "user", demo_users[i], 0);
	return await_ready(supervisor, DEMO_USERS);
}

/* ---- stopping ---- */

static void note_end(struct supervisor *supervisor, pid_t pid, int status)
{
	for (size_t i = 0; i < supervisor->len; i++)
		if (supervisor->processes[i].pid == pid)
			supervisor->processes[i].pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		supervisor->has_failed = true;
}

static void collect_ended(struct supervisor *supervisor)
{
	int status;
	for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG))
		note_end(supervisor, pid, status);
}

/* Processes of that role that still run; of any role when it is NULL. */
static size_t count_running(const struct supervisor *supervisor, const char *role)
{
	size_t count = 0;
	for (size_t i = 0; i < supervisor->len; i++)
		count += supervisor->processes[i].pid &&
			 (!role || strcmp(supervisor->processes[i].role, role) == 0);
	return count;
}

/* Until the users have ended by themselves, or without users for as long as they would have run, or until a signal to
 * stop. */
static void await_end(struct supervisor *supervisor)
{
	if (supervisor->settings->rate <= 0) {
		demo_stop_wait((int64_t)(supervisor->settings->seconds * 1e9), true);
		return;
	}
	while (count_running(supervisor, "user") > 0 && !demo_stop_wait(POLL_NS, true))
		collect_ended(supervisor);
}

static void stop_role(struct supervisor *supervisor, const char *role)
{
	for (size_t i = 0; i < supervisor->len; i++) {
		const struct process *process = &supervisor->processes[i];
		if (process->pid && (!role || strcmp(process->role, role) == 0))
			kill(process->pid, SIGTERM);
	}
	int status;
	while (count_running(supervisor, role) > 0) {
		pid_t pid = waitpid(-1, &status, 0);
		if (pid < 0)
			return;
		note_end(supervisor, pid, status);
	}
}

int demo_supervisor_run(const struct demo_settings *settings)
{
	struct supervisor supervisor = {.settings = settings};
	if (pipe(supervisor.ready) < 0) {
		perror("demo: pipe");
		return 1;
	}
	bool is_running =
	    start_services(&supervisor) && start_machine(&supervisor) && start_users(&supervisor);
	if (is_running)
		printf("demo: %zu processes run for %g s\n", count_running(&supervisor, NULL),
		       settings->seconds);
	fflush(stdout);
	if (is_running)
		await_end(&supervisor);
	stop_role(&supervisor, "user");
	stop_role(&supervisor, "machine"); /* it ends the workflows that are still open */
	stop_role(&supervisor, NULL);
	close(supervisor.ready[0]);
	close(supervisor.ready[1]);
	return supervisor.has_failed ? 1 : 0;
}
