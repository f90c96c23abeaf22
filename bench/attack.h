/* attack.h - clients that ask for as much as they can, to see what is left for others. */
#ifndef BENCH_ATTACK_H
#define BENCH_ATTACK_H

#include <stdbool.h>
#include <stdio.h>

struct bench_attack {
	const char *name;
	/* Receivers, and the text that each sends first; NULL: there are none. */
	int receivers;
	void (*subscribe)(FILE *out, int scale);
	bool are_deaf; /* they never read */
	/* Attackers, and the text that each sends repeatedly. */
	int attackers;
	void (*say)(FILE *out, int scale);
	bool once; /* open a new connection each time the text is sent */
};

/* The list ends with name == NULL. */
extern const struct bench_attack bench_attacks[];

/* "attack-NAME"; NULL when there is none of that name. */
const struct bench_attack *bench_attack_find(const char *name);

struct bench_attack_run;

/* Connect all clients and begin. Their numbers are divided by scale, for a short test. Returns 0 with *run,
 * which bench_attack_stop frees, or a negated errno. */
int bench_attack_start(struct bench_attack_run **run, const struct bench_attack *attack, int port, int scale);
void bench_attack_stop(struct bench_attack_run *run);

#endif
