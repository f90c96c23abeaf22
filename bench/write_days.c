/* write_days - write a log of ten days for tests: write_days DIR SEGMENTS EVENTS-IN-EACH. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/days.h"

int main(int argc, char **argv)
{
	struct bench_days days = {.days = 10, .seed = 1};
	struct wire_fault fault;
	if (argc != 4)
		return 2;
	days.segments = (uint32_t)strtoul(argv[2], NULL, 10);
	days.events = (uint32_t)strtoul(argv[3], NULL, 10);
	if (bench_days_write(argv[1], &days, &fault) == 0)
		return 0;
	fprintf(stderr, "%s\n", fault.text);
	return 1;
}
