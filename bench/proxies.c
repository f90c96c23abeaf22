/* Measure the cost of a proxy: the same nats-server without one, behind HAProxy in TCP mode, and behind `tapedeck proxy`, which records;
 * and likewise with TLS towards clients, for which another HAProxy speaks it.
 * The figures for CPU and memory are those of the proxy alone. */
#include <string.h>

#include "bench/suite.h"

#define REQUESTS_PER_S 10e3

static const char *const shapes[] = {"1:1-16", "1:1-128", "1:1-json", "4:4-16", "4:4-128", "4:4-json"};

static int run_shape(const struct bench_plan *plan, const char *name, struct bench_results *results)
{
	struct bench_shape shape;
	int error = bench_shape_parse(&shape, name);
	return error ? error : bench_throughput_run(plan, &shape, results);
}

int bench_proxy_run(const struct bench_plan *plan, struct bench_results *results)
{
	struct bench_plan own = *plan;
	int result = 0;
	if (!own.servers)
		own.servers = "nats-server,haproxy,proxy-record,haproxy-tls,proxy-tls-record";
	if (!strstr(own.servers, "proxy"))
		return 0;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		int error = run_shape(&own, shapes[i], results);
		result = result ? result : error;
	}
	if (!result)
		result = bench_latency_at(&own, REQUESTS_PER_S, results);
	return result ? result : bench_storm_run(&own, results);
}
