#include "broker/monitor/cpu.h"

#include <sys/resource.h>
#include <uv.h>

static uint64_t used_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000 +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
}

void broker__cpu_init(struct broker__cpu *cpu)
{
	*cpu = (struct broker__cpu){.at_ns = uv_hrtime(), .used_ns = used_ns()};
}

double broker__cpu_percent(struct broker__cpu *cpu)
{
	uint64_t now = uv_hrtime();
	uint64_t used = used_ns();
	uint64_t elapsed = now - cpu->at_ns;
	if (elapsed < 500000000)
		return cpu->percent;
	cpu->percent = (double)(used - cpu->used_ns) * 100 / (double)elapsed;
	cpu->at_ns = now;
	cpu->used_ns = used;
	return cpu->percent;
}
