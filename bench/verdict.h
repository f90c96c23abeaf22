/* verdict.h - the targets for tapedeck's speed and memory, and whether they are met. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "bench/results.h"

/* Print each target with the worst of what was measured for it: met, or how far off. Those for which nothing was
 * measured are counted only. JSON: one object a target,
 * {"target","metric","wanted","measured","test","tests","missed"}. */
void bench_verdict_print(const struct bench_plan *plan, const struct bench_results *results);

#endif
