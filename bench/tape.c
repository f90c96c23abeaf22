#include "bench/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/clock.h"

int bench_tape_ask(const char *command, json_t **answer, double *seconds, struct wire_fault *fault)
{
	char *line = NULL;
	size_t cap = 0;
	double start_s = bench_now_s();
	FILE *pipe = popen(command, "r");
	if (!pipe)
		return wire_fault_set(fault, -errno, "%s: %s", command, strerror(errno));
	*answer = NULL;
	while (getline(&line, &cap, pipe) > 0) {
		json_decref(*answer);
		*answer = json_loads(line, 0, NULL);
	}
	free(line);
	int status = pclose(pipe);
	if (seconds)
		*seconds = bench_now_s() - start_s;
	if (status == 0 && *answer)
		return 0;
	json_decref(*answer);
	return wire_fault_set(fault, -EPROTO, "%.300s: failed, or printed no JSON", command);
}

static pid_t start(const char *const *argv, int output[2])
{
	pid_t child = fork();
	if (child != 0)
		return child;
	dup2(output[1], STDOUT_FILENO);
	close(output[0]);
	close(output[1]);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int bench_tape_measure(const char *const *argv, json_t **answer, struct bench_tape_cost *cost,
		       struct wire_fault *fault)
{
	int output[2], status = 0;
	struct rusage usage = {0};
	if (pipe2(output, O_CLOEXEC) != 0)
		return wire_fault_set(fault, -errno, "no pipe: %s", strerror(errno));
	double start_s = bench_now_s();
	pid_t child = start(argv, output);
	close(output[1]);
	*answer = child > 0 ? json_loadfd(output[0], JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	close(output[0]);
	if (child > 0)
		wait4(child, &status, 0, &usage);
	*cost =
	    (struct bench_tape_cost){.seconds = bench_now_s() - start_s,
				     .cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
				     .peak_bytes = (double)usage.ru_maxrss * 1024};
	if (*answer && status == 0)
		return 0;
	json_decref(*answer);
	return wire_fault_set(fault, -EPROTO, "%s %s: failed, or printed no JSON", argv[0], argv[1]);
}

int bench_tape_stat(const char *tapedeck, const char *log, json_t **answer, struct wire_fault *fault)
{
	char command[4600];
	snprintf(command, sizeof command, "'%s' stat '%s' --json", tapedeck, log);
	return bench_tape_ask(command, answer, NULL, fault);
}

uint64_t bench_tape_number(const json_t *answer, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(answer, key));
}

bool bench_tape_has(const char *tapedeck, const char *command)
{
	char line[4600];
	snprintf(line, sizeof line, "'%s' %s --help >/dev/null 2>&1", tapedeck, command);
	return system(line) == 0;
}
