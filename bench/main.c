/* bench - compare servers under the same load in alternating runs; print medians, ratios, and whether tapedeck
 * meets its targets. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/attack.h"
#include "bench/suite.h"
#include "bench/verdict.h"

/* The shapes that the short form runs: one of each kind. */
static const char *const smoke_shapes[] = {
    "1:0-16", "1:4q-16", "4:4-128j/64", "1:1-128+1000", "1:1-json", "1:1-1m", NULL,
};

static int list(void)
{
	puts("shapes, PUBLISHERS:SUBSCRIBERS[q]-PAYLOAD[/SUBJECTS|+SUBSCRIPTIONS] (and any other of that "
	     "form):");
	for (const char *const *name = bench_shape_names; *name; name++)
		printf("  %s\n", *name);
	puts("servers:");
	for (const struct bench_contender *contender = bench_contenders; contender->name; contender++)
		printf("  %s\n", contender->name);
	puts("others:\n  throughput   all shapes above");
	for (const struct bench_suite *suite = bench_suites; suite->name; suite++)
		printf("  %-12s %s\n", suite->name, suite->about);
	puts("attacks, one by one:");
	for (const struct bench_attack *attack = bench_attacks; attack->name; attack++)
		printf("  attack-%s\n", attack->name);
	return 0;
}

static int usage(void)
{
	fputs("usage: bench --tapedeck PATH [--runs N] [--seconds S] [--seed N] [--json] [--smoke] [--list] "
	      "[--servers NAME,...] [NAME...]\n"
	      "Compares tapedeck, recording on and off, with nats-server and with the floor. Without names,\n"
	      "everything; names are shapes, suites and attacks, as --list prints them.\n"
	      "  --runs N      rounds, in each of which every server runs once (default 5)\n"
	      "  --seconds S   about how long one run is (default 1)\n"
	      "  --servers     only these (default: all that are installed)\n"
	      "  --smoke       small and quick: counts are checked, times mean nothing\n",
	      stderr);
	return 2;
}

static int run_shape(const struct bench_plan *plan, const char *name, struct bench_results *results)
{
	struct bench_shape shape;
	int error = bench_shape_parse(&shape, name);
	return error ? error : bench_throughput_run(plan, &shape, results);
}

static int run_shapes(const struct bench_plan *plan, struct bench_results *results)
{
	int result = 0;
	for (const char *const *name = plan->smoke ? smoke_shapes : bench_shape_names; *name; name++) {
		int error = run_shape(plan, *name, results);
		result = result ? result : error;
	}
	return result;
}

static int run_all(const struct bench_plan *plan, struct bench_results *results)
{
	int result = run_shapes(plan, results);
	for (const struct bench_suite *suite = bench_suites; suite->name; suite++) {
		int error = suite->run(plan, results);
		result = result ? result : error;
	}
	return result;
}

static int run_named(const struct bench_plan *plan, const char *name, struct bench_results *results)
{
	if (strcmp(name, "throughput") == 0)
		return run_shapes(plan, results);
	for (const struct bench_suite *suite = bench_suites; suite->name; suite++)
		if (strcmp(name, suite->name) == 0)
			return suite->run(plan, results);
	const struct bench_attack *attack = bench_attack_find(name);
	if (attack)
		return bench_fairness_attack(plan, attack, results);
	return run_shape(plan, name, results);
}

static bool is_name(const char *name)
{
	struct bench_shape shape;
	for (const struct bench_suite *suite = bench_suites; suite->name; suite++)
		if (strcmp(name, suite->name) == 0)
			return true;
	return strcmp(name, "throughput") == 0 || bench_attack_find(name) ||
	       bench_shape_parse(&shape, name) == 0;
}

/* Are all names of the comma-separated list names of servers? */
static bool are_servers(const char *list)
{
	char name[32];
	for (size_t len; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		snprintf(name, sizeof name, "%.*s", (int)len, list);
		if (bench_contender_find(name))
			continue;
		fprintf(stderr, "bench: \"%s\" is not a server; see --list\n", name);
		return false;
	}
	return true;
}

/* Report which servers are missing. True when tapedeck itself is there. */
static bool report_missing_servers(const struct bench_plan *plan)
{
	for (const struct bench_contender *contender = bench_contenders; contender->name; contender++)
		if (!bench_contender_exists(contender, plan))
			fprintf(stderr, "bench: %s is not installed here\n", contender->name);
	return bench_contender_exists(bench_contender_find("tapedeck"), plan);
}

static int run(const struct bench_plan *plan, char **names, int count)
{
	struct bench_results results = {0};
	int result = count > 0 ? 0 : run_all(plan, &results);
	for (int i = 0; i < count; i++) {
		int error = run_named(plan, names[i], &results);
		result = result ? result : error;
	}
	if (!plan->smoke)
		bench_verdict_print(plan, &results);
	result = result ? result : results.error;
	bench_results_fini(&results);
	return result;
}

/* True when the command line is valid. */
static bool parse_options(struct bench_plan *plan, int argc, char **argv, bool *want_list)
{
	static const struct option options[] = {{"tapedeck", required_argument, NULL, 't'},
						{"runs", required_argument, NULL, 'r'},
						{"servers", required_argument, NULL, 'v'},
						{"seconds", required_argument, NULL, 's'},
						{"seed", required_argument, NULL, 'e'},
						{"json", no_argument, NULL, 'j'},
						{"smoke", no_argument, NULL, 'k'},
						{"list", no_argument, NULL, 'l'},
						{NULL, 0, NULL, 0}};
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 't': plan->tapedeck = optarg; break;
		case 'v': plan->servers = optarg; break;
		case 'r': plan->runs = atoi(optarg); break;
		case 's': plan->seconds = atof(optarg); break;
		case 'e': plan->seed = strtoull(optarg, NULL, 10); break;
		case 'j': plan->json = true; break;
		case 'l': *want_list = true; break;
		case 'k':
			plan->smoke = true;
			plan->runs = 1;
			plan->seconds = 0.01;
			break;
		default: return false;
		}
	}
	return plan->runs >= 1 && plan->runs <= BENCH_RUNS_MAX && plan->seconds > 0;
}

int main(int argc, char **argv)
{
	struct bench_plan plan = {.runs = 5, .seconds = 1, .seed = 42};
	bool want_list = false;
	if (!parse_options(&plan, argc, argv, &want_list))
		return usage();
	if (want_list)
		return list();
	if (!plan.tapedeck || (plan.servers && !are_servers(plan.servers)))
		return usage();
	for (int i = optind; i < argc; i++)
		if (!is_name(argv[i])) {
			fprintf(stderr, "bench: \"%s\" is not a shape, suite or attack; see --list\n",
				argv[i]);
			return usage();
		}
	if (!report_missing_servers(&plan))
		return 1;
	return run(&plan, argv + optind, argc - optind) == 0 ? 0 : 1;
}
