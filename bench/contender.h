/* contender.h - the servers that a benchmark compares. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load.h"
#include "bench/plan.h"
#include "bench/server.h"

/* How much of the messages a contender keeps. */
enum bench_recording { BENCH_LOGS_NOTHING, BENCH_LOGS_BYTES, BENCH_LOGS_STREAM, BENCH_LOGS_TAPE };

struct bench_contender {
	const char *name;
	enum bench_recording recording;
	double share;       /* of the messages that fast contenders get, so that all run for about as long */
	const char *shapes; /* those it runs, as a pattern of fnmatch(3); NULL: all */
	const char *const *argv; /* as bench_server_start's; "%t" is the tapedeck binary */
	/* Of a proxy: the server that it connects to, whose port is "%p" in argv. A proxy runs only where it is named. */
	const char *const *behind;
	const char *const *in_front; /* through which clients connect; likewise */
};

/* The list ends with name == NULL. */
extern const struct bench_contender bench_contenders[];

/* NULL when there is none of that name. */
const struct bench_contender *bench_contender_find(const char *name);

/* Can it be started here? */
bool bench_contender_exists(const struct bench_contender *contender, const struct bench_plan *plan);

/* Is it there, wanted, and does it run this shape? */
bool bench_contender_runs(const struct bench_contender *contender, const struct bench_plan *plan,
			  const char *shape);

/* Start it, ready for the load: a JetStream server has its stream. 0, or a negative code with *fault. */
int bench_contender_start(const struct bench_contender *contender, const struct bench_plan *plan,
			  struct bench_server *server, struct wire_fault *fault);

/* Stop it and check that it has logged exactly what was published. The folder stays in any case. 0, or a negative
 * code with *fault. */
int bench_contender_stop(const struct bench_contender *contender, const struct bench_plan *plan,
			 const struct bench_load_result *load, struct bench_server *server,
			 struct bench_usage *usage, struct wire_fault *fault);

#endif
