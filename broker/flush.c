#include "broker/flush.h"

#include "broker/connection.h"
#include "broker/turn.h"

enum {
	TRIM_MS = 2000,
	FLUSHES_AT_ONCE = 16, /* between two looks at the clock */
};

void broker__flush_first(struct broker__loop *loop)
{
	struct broker_client *client = loop->dirty.first;
	broker__client_untouch(client);
	loop->owed_writes -= loop->owed_writes > 0;
	if (client->out_msgs != client->noted_out_msgs)
		client->last_ns = loop->now_ns;
	client->noted_out_msgs = client->out_msgs;
	if (broker__client_is_open(client))
		broker__client_flush(client);
}

static void on_trim(uv_timer_t *timer)
{
	struct broker__loop *loop = timer->data;
	if (!broker__pool_trim(&loop->pool))
		uv_timer_stop(timer);
}

void broker__flush(struct broker__loop *loop)
{
	for (uint32_t done = 1; loop->dirty.first; done++) {
		if (done % FLUSHES_AT_ONCE == 0 && broker__round_is_over(loop)) {
			broker__round_wake(loop);
			return;
		}
		broker__flush_first(loop);
	}
	if (loop->pool.resting_bytes > 0 && !uv_is_active((uv_handle_t *)&loop->trim))
		uv_timer_start(&loop->trim, on_trim, TRIM_MS, TRIM_MS);
}
