#include "bench/suite.h"

#include <stdio.h>

const struct bench_suite bench_suites[] = {
    {"latency", "request and reply at fixed rates, from when requests were due", bench_latency_run},
    {"storm", "10 000 idle connections: memory each", bench_storm_run},
    {"stalled", "8 subscribers that stop reading under a flood: memory", bench_stalled_run},
    {"sizes", "log size of JSON events, against the same rows through zstd -1", bench_sizes_run},
    {"reading", "logs read back: count, skip, decode, search, print", bench_reading_run},
    {"sniffing", "a capture file summed up and recorded", bench_sniffing_run},
    {"replaying", "a log played into our broker: fastest, and at the recorded pace", bench_replaying_run},
    {NULL, NULL, NULL},
};

int bench_suite_complain(const char *test, const char *contender, int code, const char *text)
{
	fprintf(stderr, "bench: %s, %s: %s\n", test, contender, text);
	return code;
}
