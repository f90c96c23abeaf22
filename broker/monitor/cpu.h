/* cpu.h - how much processor time this process takes, inside this folder. */
#ifndef BROKER_MONITOR_CPU_H
#define BROKER_MONITOR_CPU_H

#include <stdint.h>

/* The last look. */
struct broker__cpu {
	uint64_t at_ns, used_ns;
	double percent;
};

void broker__cpu_init(struct broker__cpu *cpu);

/* Percent of one processor since the last look. A look within half a second of the last one repeats its figure. */
double broker__cpu_percent(struct broker__cpu *cpu);

#endif
