/* tape.h - ask the tapedeck binary about a log. */
#ifndef BENCH_TAPE_H
#define BENCH_TAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/error.h"

/* Run a shell command and parse what it prints: one JSON object, or the last one of several lines. 0 with
 * *answer owned by the caller, or a negative code with *fault. seconds (may be NULL) is how long it took. */
int bench_tape_ask(const char *command, json_t **answer, double *seconds, struct wire_fault *fault);

/* The cost of one run of the binary. */
struct bench_tape_cost {
	double seconds, cpu_seconds;
	double peak_bytes; /* of memory */
};

/* Run argv (NULL-terminated, without a shell), parse the JSON object that it prints, and measure it. 0 with *answer owned by the
 * caller, or a negative code with *fault: it failed, or printed no JSON. */
int bench_tape_measure(const char *const *argv, json_t **answer, struct bench_tape_cost *cost,
		       struct wire_fault *fault);

/* `tapedeck stat LOG --json`. */
int bench_tape_stat(const char *tapedeck, const char *log, json_t **answer, struct wire_fault *fault);

/* An integer of the answer; 0 when it is missing. */
uint64_t bench_tape_number(const json_t *answer, const char *key);

/* Does this tapedeck have the command? */
bool bench_tape_has(const char *tapedeck, const char *command);

#endif
