/* Some clients ask for as much as they can: how long does another wait for the answer to its PING? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/attack.h"
#include "bench/client.h"
#include "bench/clock.h"
#include "bench/suite.h"

enum { INTERVAL_NS = 1000000, SAMPLES_MAX = 1 << 18, SMOKE_SCALE = 100 };

struct waits {
	int64_t *ns; /* SAMPLES_MAX */
	size_t len;
};

/* A PING is due every millisecond. Count also those that became due while this one waited for its answer. */
static void add_wait(struct waits *waits, int64_t waited_ns)
{
	for (; waited_ns > 0 && waits->len < SAMPLES_MAX; waited_ns -= INTERVAL_NS)
		waits->ns[waits->len++] = waited_ns;
}

static int ping_for(int fd, double seconds, struct waits *waits)
{
	int64_t start_ns = bench_now_ns(), due_ns = start_ns, end_ns = start_ns + (int64_t)(seconds * 1e9);
	int error = 0;
	while (!error && due_ns < end_ns) {
		bench_sleep_until(due_ns);
		int64_t sent_ns = bench_now_ns();
		error = bench_client_flush(fd);
		int64_t now_ns = bench_now_ns();
		add_wait(waits, now_ns - sent_ns);
		due_ns = now_ns - now_ns % INTERVAL_NS + INTERVAL_NS;
	}
	return error;
}

static int endure(const struct bench_server *server, const struct bench_attack *attack,
		  const struct bench_plan *plan, struct waits *waits)
{
	struct bench_attack_run *run;
	int fd = bench_client_open(server->port, "", 0);
	if (fd < 0)
		return fd;
	int error = bench_attack_start(&run, attack, server->port, plan->smoke ? SMOKE_SCALE : 1);
	if (!error) {
		error = ping_for(fd, 3 * plan->seconds, waits);
		bench_attack_stop(run);
	}
	close(fd);
	return error;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void add_results(struct bench_results *results, const char *test, const char *contender,
			const struct waits *waits, uint64_t peak_bytes)
{
	qsort(waits->ns, waits->len, sizeof *waits->ns, compare);
	bench_results_add(results, test, contender, BENCH_P99,
			  (double)waits->ns[waits->len * 99 / 100] / 1e3);
	bench_results_add(results, test, contender, BENCH_P50, (double)waits->ns[waits->len / 2] / 1e3);
	bench_results_add(results, test, contender, BENCH_MAX, (double)waits->ns[waits->len - 1] / 1e3);
	bench_results_add(results, test, contender, BENCH_PEAK, (double)peak_bytes);
}

static int measure(const struct bench_plan *plan, const char *test, const struct bench_contender *contender,
		   const void *context, struct bench_results *results)
{
	struct bench_server server = {0};
	struct bench_usage usage;
	struct wire_fault fault = {0};
	struct waits waits = {.ns = calloc(SAMPLES_MAX, sizeof *waits.ns)};
	int error = waits.ns ? bench_contender_start(contender, plan, &server, &fault) : -ENOMEM;
	if (!error && (error = endure(&server, context, plan, &waits)) != 0)
		wire_fault_set(&fault, error, "%s", wire_error_text(error));
	if (!error)
		error = bench_server_stop(&server, &usage, &fault);
	if (waits.ns)
		bench_server_remove(&server);
	if (!error && waits.len > 0)
		add_results(results, test, contender->name, &waits, usage.peak_bytes);
	free(waits.ns);
	return error ? bench_suite_complain(test, contender->name, error, fault.text) : 0;
}

int bench_fairness_attack(const struct bench_plan *plan, const struct bench_attack *attack,
			  struct bench_results *results)
{
	char test[48];
	snprintf(test, sizeof test, "attack-%s", attack->name);
	return bench_suite_rounds(plan, test, measure, attack, results);
}

int bench_fairness_run(const struct bench_plan *plan, struct bench_results *results)
{
	int result = 0;
	for (const struct bench_attack *attack = bench_attacks; attack->name; attack++) {
		int error = bench_fairness_attack(plan, attack, results);
		result = result ? result : error;
	}
	return result;
}
