#include "bench/recorded.h"

int bench_recorded_init(struct bench_recorded *recorded, const struct bench_plan *plan,
			const struct bench_load *load, struct wire_fault *fault)
{
	const struct bench_contender *broker = bench_contender_find("tapedeck-record");
	*recorded = (struct bench_recorded){0};
	int error = bench_contender_start(broker, plan, &recorded->server, fault);
	if (!error)
		error = bench_load_run(load, 1, recorded->server.port, &recorded->load, fault);
	if (error)
		return error;
	return bench_contender_stop(broker, plan, &recorded->load, &recorded->server, &recorded->usage,
				    fault);
}

void bench_recorded_fini(struct bench_recorded *recorded)
{
	bench_server_remove(&recorded->server);
}
