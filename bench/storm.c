/* Idle connections: what each costs in memory, and how fast they come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/clock.h"
#include "bench/suite.h"

enum { CONNECTIONS = 10000, CONNECTIONS_SMOKE = 100, DESCRIPTORS_SPARE = 200 };

/* Raise the limit on open files, which servers that we start inherit, and return how many connections it allows when each takes so
 * many descriptors of a server. */
static int allowed_connections(int wanted, int descriptors)
{
	const rlim_t needed = (rlim_t)(wanted * descriptors + DESCRIPTORS_SPARE);
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return wanted;
	const struct rlimit raised = {.rlim_cur = needed, .rlim_max = needed}; /* root may */
	if (limit.rlim_max < needed && setrlimit(RLIMIT_NOFILE, &raised) == 0)
		return wanted;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	int allowed = limit.rlim_max > 1000000 ? 1000000 : (int)limit.rlim_max - DESCRIPTORS_SPARE;
	return wanted < allowed / descriptors ? wanted : allowed / descriptors;
}

/* Reset instead of an orderly end: ports in TIME_WAIT would run out within a few rounds. */
static void close_hard(int fd)
{
	struct linger linger = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	close(fd);
}

/* One client after the other, each with a subscription. Returns how many are there, or a negative code. */
static int connect_all(int port, int *fds, int count)
{
	char subscription[64];
	for (int i = 0; i < count; i++) {
		int len = snprintf(subscription, sizeof subscription, "SUB idle.%d 1\r\n", i);
		fds[i] = bench_client_open(port, subscription, (size_t)len);
		if (fds[i] < 0) {
			int error = fds[i];
			while (i > 0)
				close_hard(fds[--i]);
			return error;
		}
	}
	return count;
}

static int crowd(const struct bench_server *server, int count, double *seconds, uint64_t *grown_bytes,
		 struct wire_fault *fault)
{
	int *fds = calloc((size_t)count, sizeof *fds);
	uint64_t before = bench_server_resident(server);
	double start_s = bench_now_s();
	int open = fds ? connect_all(server->port, fds, count) : -ENOMEM;
	*seconds = bench_now_s() - start_s;
	uint64_t after = bench_server_resident(server);
	*grown_bytes = after > before ? after - before : 0;
	for (int i = 0; i < open; i++)
		close_hard(fds[i]);
	free(fds);
	return open < 0 ? wire_fault_set(fault, open, "%s", wire_error_text(open)) : 0;
}

static int measure(const struct bench_plan *plan, const char *test, const struct bench_contender *contender,
		   const void *context, struct bench_results *results)
{
	const int count = *(const int *)context;
	const struct bench_load_result nothing = {0};
	struct bench_server server;
	struct bench_usage usage;
	struct wire_fault fault = {0};
	double seconds = 0;
	uint64_t grown_bytes = 0;
	int error = bench_contender_start(contender, plan, &server, &fault);
	if (!error)
		error = crowd(&server, count, &seconds, &grown_bytes, &fault);
	if (!error)
		error = bench_contender_stop(contender, plan, &nothing, &server, &usage, &fault);
	bench_server_remove(&server);
	if (error)
		return bench_suite_complain(test, contender->name, error, fault.text);
	bench_results_add(results, test, contender->name, BENCH_EACH, (double)grown_bytes / count);
	bench_results_add(results, test, contender->name, BENCH_CONNECTS, count / seconds);
	bench_results_add(results, test, contender->name, BENCH_PEAK, (double)usage.peak_bytes);
	return 0;
}

int bench_storm_run(const struct bench_plan *plan, struct bench_results *results)
{
	char test[32];
	int descriptors = plan->servers && strstr(plan->servers, "proxy") ? 2 : 1;
	int count = allowed_connections(plan->smoke ? CONNECTIONS_SMOKE : CONNECTIONS, descriptors);
	snprintf(test, sizeof test, "storm-%d", count);
	return bench_suite_rounds(plan, test, measure, &count, results);
}
