#include "broker/loop.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/emit.h"
#include "broker/large.h"
#include "broker/round.h"

enum { FLUSH_ABOVE_BYTES = 16 << 20 }; /* until the first turn has ended */

static void start_timer(struct broker__loop *loop, uv_timer_t *timer)
{
	uv_timer_init(&loop->uv, timer);
	timer->data = loop;
}

int broker__loop_init(struct broker__loop *loop, struct broker *broker)
{
	loop->broker = broker;
	loop->random = broker->seed | 1;
	loop->flush_above_bytes = FLUSH_ABOVE_BYTES;
	loop->message.kind = WIRE_EVENT_MESSAGE;
	net_clock_init(&loop->clock);
	loop->input = malloc(BROKER__INPUT_HEADROOM + BROKER__INPUT_BYTES + BROKER__SLACK);
	loop->head = malloc(BROKER__HEAD_BYTES + BROKER__SLACK);
	int status = loop->input && loop->head ? uv_loop_init(&loop->uv) : -ENOMEM;
	if (status < 0) {
		free(loop->input);
		free(loop->head);
		loop->input = loop->head = NULL;
		return status;
	}
	start_timer(loop, &loop->tick);
	start_timer(loop, &loop->stall);
	start_timer(loop, &loop->trim);
	/* Do not wait for these at the end: closing the sink does what the tick does, and all memory is freed. */
	uv_unref((uv_handle_t *)&loop->tick);
	uv_unref((uv_handle_t *)&loop->trim);
	broker__rounds_init(loop);
	broker__read_clock(loop);
	return 0;
}

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void broker__loop_fini(struct broker__loop *loop)
{
	if (!loop->input)
		return;
	while (uv_is_active((uv_handle_t *)&loop->round))
		uv_run(&loop->uv, UV_RUN_NOWAIT);
	uv_close((uv_handle_t *)&loop->tick, NULL);
	uv_close((uv_handle_t *)&loop->stall, NULL);
	uv_close((uv_handle_t *)&loop->trim, NULL);
	broker__rounds_fini(loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop->uv) == UV_EBUSY) {
		uv_walk(&loop->uv, close_handle, NULL);
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		uv_loop_close(&loop->uv);
	}
	broker__pool_fini(&loop->pool);
	broker__large_fini(loop);
	broker__cids_fini(&loop->cids);
	free(loop->receivers);
	free(loop->input);
	free(loop->head);
}
