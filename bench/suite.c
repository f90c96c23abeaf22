#include "bench/suite.h"

#include <stdio.h>

#include "bench/report.h"

const struct bench_suite bench_suites[] = {
    {"latency", "request and reply at fixed rates, from when requests were due", bench_latency_run},
    {"storm", "10 000 idle connections: memory each", bench_storm_run},
    {"stalled", "8 subscribers that stop reading under a flood: memory", bench_stalled_run},
    {"fairness", "other clients' PINGs while some ask for as much as they can", bench_fairness_run},
    {"proxy", "tapedeck proxy, recording, against HAProxy and no proxy before nats-server", bench_proxy_run},
    {"masking", "the broker that records JSON events, with and without two masks", bench_masking_run},
    {"recording", "a guest that records, against a libnats subscriber that forgets", bench_guests_run},
    {"sizes", "log size of JSON events, against the same rows through zstd -1; packed", bench_sizes_run},
    {"reading", "logs read back: count, skip, decode, search, print", bench_reading_run},
    {"sniffing", "a capture file summed up and recorded", bench_sniffing_run},
    {"replaying", "a log played into our broker: fastest, and at the recorded pace", bench_replaying_run},
    {"tracing", "latencies, topology, doctor and conversations of a platform's log", bench_tracing_run},
    {"segments", "ten days in 1 000 segments: ls, stat, tail, trace, cut, retention", bench_segments_run},
    {NULL, NULL, NULL},
};

int bench_suite_complain(const char *test, const char *contender, int code, const char *text)
{
	fprintf(stderr, "bench: %s, %s: %s\n", test, contender, text);
	return code;
}

int bench_suite_rounds(const struct bench_plan *plan, const char *test, bench_measure *measure,
		       const void *context, struct bench_results *results)
{
	static const char *const names[] = {
	    "nats-server", "tapedeck", "tapedeck-record", "haproxy", "proxy-record", "proxy", NULL};
	int error = 0;
	for (int round = 0; round < plan->runs && !error; round++)
		for (int i = 0; names[i] && !error; i++) {
			const struct bench_contender *contender = bench_contender_find(names[i]);
			if (bench_contender_runs(contender, plan, test))
				error = measure(plan, test, contender, context, results);
		}
	bench_report_test(plan, results, test);
	return error;
}
