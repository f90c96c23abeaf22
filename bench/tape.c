#include "bench/tape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
