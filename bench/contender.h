/* contender.h - the servers that a benchmark compares, each a child process that lives for one run. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_contender {
	const char *name;
	bool records; /* keeps a log below the run's folder, to be measured and counted */
	const char *const *
	    command; /* argv, NULL-terminated; "%b" stands for this program's folder, "%d" for the run's, "%t" for the
		       * tapedeck binary */
};

/* The list ends with name == NULL. */
extern const struct bench_contender bench_contenders[];

struct bench_run {
	pid_t pid;
	int port;
	char folder[64]; /* temporary, removed by bench_contender_stop */
};

struct bench_usage {
	double cpu_s;             /* user and system time of the server process */
	uint64_t peak_bytes;      /* of resident memory */
	uint64_t log_bytes;       /* 0 when it keeps no log */
	uint64_t logged_messages; /* as `tapedeck stat` counts them; 0 when it keeps no log */
	uint64_t logged_deliveries;
};

/* Start on a port that the kernel picks and wait until it says which. 0 or a negated errno. */
int bench_contender_start(const struct bench_contender *contender, const char *tapedeck,
			  struct bench_run *run);

/* Stop it with SIGINT, read what it used, count its log, remove the folder. 0, or a negated errno; the folder is removed
 * in any case. */
int bench_contender_stop(const struct bench_contender *contender, const char *tapedeck, struct bench_run *run,
			 struct bench_usage *usage);

#endif
