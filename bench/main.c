/* bench - compare servers under the same load in alternating runs and print medians and ratios.
 *
 * The machines this runs on are shared and noisy, so absolute figures wander; the ratio of two servers that
 * ran one after the other, pair by pair, holds. The first contender is the one the others are compared with. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/contender.h"
#include "bench/load.h"

enum { RUNS_MAX = 100, CONTENDERS_MAX = 8 };

struct figures {
	double rate[RUNS_MAX];  /* messages per second */
	double ratio[RUNS_MAX]; /* against the first contender, in the same round */
	double cpu_us[RUNS_MAX];
	double peak_mb[RUNS_MAX];
	double log_bytes[RUNS_MAX]; /* per message */
};

struct plan {
	const char *tapedeck;
	int runs;
	double scale; /* of the number of messages */
	bool json;
};

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
	double sorted[RUNS_MAX];
	memcpy(sorted, values, (size_t)count * sizeof *sorted);
	qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static int check_counts(const struct bench_shape *shape, const struct bench_contender *contender,
			const struct bench_load_result *load, const struct bench_usage *usage)
{
	uint64_t deliveries = load->messages * (uint64_t)shape->subscribers;
	if (!contender->records ||
	    (usage->logged_messages == load->messages && usage->logged_deliveries == deliveries))
		return 0;
	fprintf(stderr, "bench: %s on %s logged %llu messages and %llu deliveries of %llu and %llu\n",
		contender->name, shape->name, (unsigned long long)usage->logged_messages,
		(unsigned long long)usage->logged_deliveries, (unsigned long long)load->messages,
		(unsigned long long)deliveries);
	return -EPROTO;
}

/* One server, one load. */
static int measure(const struct plan *plan, const struct bench_shape *shape,
		   const struct bench_frames *frames, const struct bench_contender *contender,
		   struct figures *figures, int run_number)
{
	struct bench_run run;
	struct bench_load_result load;
	struct bench_usage usage;
	int error = bench_contender_start(contender, plan->tapedeck, &run);
	if (error) {
		fprintf(stderr, "bench: %s does not start: %s\n", contender->name, strerror(-error));
		return error;
	}
	error = bench_load_run(shape, frames, run.port, &load);
	if (error)
		fprintf(stderr, "bench: %s: %s\n", contender->name, load.fault);
	int stopped = bench_contender_stop(contender, plan->tapedeck, &run, &usage);
	if (error || stopped)
		return error ? error : stopped;
	figures->rate[run_number] = (double)load.messages / load.seconds;
	figures->cpu_us[run_number] = usage.cpu_s * 1e6 / (double)load.messages;
	figures->peak_mb[run_number] = (double)usage.peak_bytes / 1e6;
	figures->log_bytes[run_number] = (double)usage.log_bytes / (double)load.messages;
	return check_counts(shape, contender, &load, &usage);
}

static void print_row(const struct plan *plan, const struct bench_shape *shape, const char *name,
		      const struct figures *figures)
{
	double rate = median(figures->rate, plan->runs), ratio = median(figures->ratio, plan->runs);
	double cpu_us = median(figures->cpu_us, plan->runs), peak_mb = median(figures->peak_mb, plan->runs);
	double log_bytes = median(figures->log_bytes, plan->runs);
	if (plan->json) {
		json_t *row =
		    json_pack("{ss ss si sf sf sf sf sf}", "shape", shape->name, "server", name, "runs",
			      plan->runs, "messages_per_s", rate, "ratio", ratio, "cpu_us_per_message",
			      cpu_us, "peak_mb", peak_mb, "log_bytes_per_message", log_bytes);
		json_dumpf(row, stdout, JSON_REAL_PRECISION(6));
		putchar('\n');
		json_decref(row);
	} else {
		printf("%-10s %-16s %8.2f M/s %7.2f x %8.3f us %8.1f MB %8.1f B\n", shape->name, name,
		       rate / 1e6, ratio, cpu_us, peak_mb, log_bytes);
	}
	fflush(stdout);
}

static int run_shape(const struct plan *plan, const struct bench_shape *named)
{
	struct bench_shape shape = *named;
	shape.messages = (uint64_t)((double)shape.messages * plan->scale);
	struct figures *figures = calloc(CONTENDERS_MAX, sizeof *figures);
	struct bench_frames *frames = calloc((size_t)shape.publishers, sizeof *frames);
	int error = figures && frames ? 0 : -ENOMEM;
	for (int i = 0; i < shape.publishers && !error; i++)
		error = bench_frames_init(&frames[i], &shape, i);
	for (int run = 0; run < plan->runs && !error; run++)
		for (int c = 0; bench_contenders[c].name && !error; c++) {
			error = measure(plan, &shape, frames, &bench_contenders[c], &figures[c], run);
			figures[c].ratio[run] = figures[c].rate[run] / figures[0].rate[run];
		}
	for (int c = 0; bench_contenders[c].name && !error; c++)
		print_row(plan, &shape, bench_contenders[c].name, &figures[c]);
	for (int i = 0; frames && i < shape.publishers; i++)
		bench_frames_fini(&frames[i]);
	free(frames);
	free(figures);
	return error;
}

static bool is_wanted(const char *name, char **wanted, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(name, wanted[i]) == 0)
			return true;
	return count == 0;
}

static int usage(void)
{
	fputs("usage: bench --tapedeck PATH [--runs N] [--scale F] [--json] [SHAPE...]\n"
	      "Compares nats-server with tapedeck, recording off and on, in alternating runs; shapes "
	      "(publishers:subscribers-payload):\n",
	      stderr);
	for (const struct bench_shape *shape = bench_shapes; shape->name; shape++)
		fprintf(stderr, "  %s\n", shape->name);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"tapedeck", required_argument, NULL, 't'},
						{"runs", required_argument, NULL, 'r'},
						{"scale", required_argument, NULL, 's'},
						{"json", no_argument, NULL, 'j'},
						{NULL, 0, NULL, 0}};
	struct plan plan = {.runs = 5, .scale = 1};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 't': plan.tapedeck = optarg; break;
		case 'r': plan.runs = atoi(optarg); break;
		case 's': plan.scale = atof(optarg); break;
		case 'j': plan.json = true; break;
		default: return usage();
		}
	}
	if (!plan.tapedeck || plan.runs < 1 || plan.runs > RUNS_MAX || plan.scale <= 0)
		return usage();
	if (!plan.json)
		printf("medians of %d alternating runs; ratio against %s in the same round; CPU of the "
		       "server process per message\n"
		       "%-10s %-16s %12s %9s %11s %11s %10s\n",
		       plan.runs, bench_contenders[0].name, "shape", "server", "rate", "ratio", "cpu",
		       "peak memory", "log/msg");
	fflush(stdout); /* before a child inherits the buffer */
	int shapes_run = 0;
	for (const struct bench_shape *shape = bench_shapes; shape->name; shape++) {
		if (!is_wanted(shape->name, argv + optind, argc - optind))
			continue;
		shapes_run++;
		if (run_shape(&plan, shape) != 0)
			return 1;
	}
	return shapes_run > 0 ? 0 : usage();
}
