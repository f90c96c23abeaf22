/* plan.h - what the command line asked for. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_RUNS_MAX = 100 };

struct bench_plan {
	const char *tapedeck; /* the binary */
	const char *servers;  /* names of the contenders wanted, separated by commas; NULL: all */
	int runs;             /* rounds, in each of which every contender runs once */
	double seconds;       /* about how long a run is */
	uint64_t seed;
	bool smoke; /* the short form: small, few contenders, nothing about time is judged */
	bool json;
};

#endif
