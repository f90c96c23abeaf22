/* Measure the cost of masks: the broker that records JSON events with and without two rules about JSON paths. */
#include "bench/suite.h"

static const char *const shapes[] = {"1:0-json", "1:1-json"};

int bench_masking_run(const struct bench_plan *plan, struct bench_results *results)
{
	struct bench_plan own = *plan;
	int result = 0;
	if (!own.servers)
		own.servers = "tapedeck-record,tapedeck-masked";
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct bench_shape shape;
		int error = bench_shape_parse(&shape, shapes[i]);
		error = error ? error : bench_throughput_run(&own, &shape, results);
		result = result ? result : error;
	}
	return result;
}
