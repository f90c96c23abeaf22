/* Guests of a nats-server that take every message: `tapedeck record`, against a plain libnats subscriber that forgets each
 * message (bench/discard). A run lasts from the first byte that is published until the guest has ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/report.h"
#include "bench/suite.h"
#include "bench/tape.h"

enum { START_MS = 10000 };

static const struct {
	const char *test, *shape;
} loads[] = {{"guest-16", "1:0-16"}, {"guest-128", "1:0-128"}, {"guest-json", "1:0-json"}};

struct guest {
	const char *name;
	bool records;
};

static const struct guest guests[] = {{"libnats", false}, {"tapedeck", true}};

struct run {
	const struct bench_plan *plan;
	const struct guest *guest;
	struct bench_server server;
	char folder[64], log[80], output[80]; /* of the guest */
	pid_t pid;                            /* 0: it does not run */
	double cpu_s;
};

/* Does not return. */
static void become_guest(const struct run *run)
{
	char port[16], url[48], discard[4096];
	ssize_t len = readlink("/proc/self/exe", discard, sizeof discard - 16);
	int fd = open(run->output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	snprintf(port, sizeof port, "%d", run->server.port);
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", run->server.port);
	discard[len > 0 ? len : 0] = '\0';
	strcpy(strrchr(discard, '/') ? strrchr(discard, '/') + 1 : discard, "discard");
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (run->guest->records)
		execl(run->plan->tapedeck, "tapedeck", "record", "--record", run->log, "-s", url, "--memory",
		      "1GiB", (char *)NULL);
	else
		execl(discard, "discard", port, run->log, (char *)NULL);
	_exit(127);
}

/* Its folder is there once it has subscribed. */
static int start_guest(struct run *run, struct wire_fault *fault)
{
	const struct timespec nap = {.tv_nsec = 2000000};
	snprintf(run->log, sizeof run->log, "%s/log", run->folder);
	snprintf(run->output, sizeof run->output, "%s/output", run->folder);
	run->pid = fork();
	if (run->pid == 0)
		become_guest(run);
	for (int ms = 0; ms < START_MS && access(run->log, F_OK) != 0; ms += 2)
		nanosleep(&nap, NULL);
	return access(run->log, F_OK) == 0
		   ? 0
		   : wire_fault_set(fault, -ETIMEDOUT, "%s did not begin", run->guest->name);
}

static int end_guest(struct run *run, struct wire_fault *fault)
{
	struct rusage usage;
	int status = 0;
	kill(run->pid, SIGTERM);
	while (wait4(run->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	run->pid = 0;
	run->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	return status == 0 ? 0
			   : wire_fault_set(fault, -1, "%s ended with status %d", run->guest->name, status);
}

/* How many messages it has seen. */
static int count_messages(const struct run *run, uint64_t *messages, struct wire_fault *fault)
{
	char command[200];
	json_t *answer;
	snprintf(command, sizeof command, "cat '%s'", run->output);
	int error = run->guest->records ? bench_tape_stat(run->plan->tapedeck, run->log, &answer, fault)
					: bench_tape_ask(command, &answer, NULL, fault);
	if (error)
		return error;
	*messages = bench_tape_number(answer, "messages");
	json_decref(answer);
	return 0;
}

static int load_and_measure(struct run *run, const char *test, const struct bench_load *load,
			    struct bench_results *results, struct wire_fault *fault)
{
	struct bench_load_result published;
	uint64_t seen = 0;
	double begin = bench_now_s();
	int error = bench_load_run(load, 1, run->server.port, &published, fault);
	if (!error)
		error = end_guest(run, fault);
	double seconds = bench_now_s() - begin;
	if (!error)
		error = count_messages(run, &seen, fault);
	if (!error && seen != published.messages)
		error = wire_fault_set(fault, -1, "%s saw %llu of %llu messages", run->guest->name,
				       (unsigned long long)seen, (unsigned long long)published.messages);
	if (error)
		return error;
	bench_results_add(results, test, run->guest->name, BENCH_RATE, (double)seen / seconds);
	bench_results_add(results, test, run->guest->name, BENCH_CPU, run->cpu_s / (double)seen * 1e6);
	return 0;
}

static int run_guest(const struct bench_plan *plan, const char *test, const struct bench_load *load,
		     const struct guest *guest, struct bench_results *results, struct wire_fault *fault)
{
	struct run run = {.plan = plan, .guest = guest};
	struct bench_usage usage;
	int error = bench_contender_start(bench_contender_find("nats-server"), plan, &run.server, fault);
	if (!error)
		error = bench_folder_make(run.folder, fault);
	if (!error)
		error = start_guest(&run, fault);
	if (!error)
		error = load_and_measure(&run, test, load, results, fault);
	if (run.pid > 0) {
		kill(run.pid, SIGKILL);
		waitpid(run.pid, NULL, 0);
	}
	if (run.server.pid > 0 && !error)
		error = bench_server_stop(&run.server, &usage, fault);
	bench_server_remove(&run.server);
	if (run.folder[0])
		bench_folder_remove(run.folder);
	return error;
}

static int run_load(const struct bench_plan *plan, const char *test, const char *name,
		    struct bench_results *results)
{
	struct bench_shape shape;
	struct bench_load load;
	struct wire_fault fault = {0};
	int error = bench_shape_parse(&shape, name);
	if (!error)
		error = bench_load_init(&load, &shape, plan->seed, plan->seconds);
	if (error)
		return bench_suite_complain(test, "load", error, wire_error_text(error));
	for (int round = 0; round < plan->runs && !error; round++)
		for (size_t i = 0; i < sizeof guests / sizeof *guests && !error; i++) {
			error = run_guest(plan, test, &load, &guests[i], results, &fault);
			if (error)
				bench_suite_complain(test, guests[i].name, error, fault.text);
		}
	bench_load_fini(&load);
	bench_report_test(plan, results, test);
	return error;
}

int bench_guests_run(const struct bench_plan *plan, struct bench_results *results)
{
	int result = 0;
	if (!bench_tape_has(plan->tapedeck, "record"))
		return bench_suite_complain("recording", "tapedeck", 0,
					    "this tapedeck has no such command; skipped");
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
		int error = run_load(plan, loads[i].test, loads[i].shape, results);
		result = result ? result : error;
	}
	return result;
}
