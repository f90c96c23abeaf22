#include "broker/lame_duck.h"

#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/info.h"
#include "broker/listen.h"
#include "broker/log.h"
#include "broker/shutdown.h"
#include "broker/teardown.h"

enum { GAP_MAX_MS = 1000 };

static void on_next(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	struct broker__loop *loop = &broker->loops[0];
	broker__read_clock(loop);
	struct broker_client *client = loop->all.first;
	/* Close several at once when there are more clients than milliseconds. */
	for (uint32_t i = 0; i < broker->lame_batch && client; i++) {
		struct broker_client *next = client->all.next;
		broker__client_close(client, "Server Shutdown");
		client = next;
	}
	broker__finish_turn(loop);
	if (!loop->all.first)
		broker__shutdown(broker);
	else
		uv_timer_start(timer, on_next, broker->lame_gap_ms, 0);
}

static void on_grace_over(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	broker_log(broker->log, BROKER_LOG_INFO, "Closing existing clients");
	on_next(timer);
}

static void plan(struct broker *broker, uint32_t clients)
{
	int64_t span = broker->options.lame_duck_duration_ms - broker->options.lame_duck_grace_ms;
	uint64_t span_ms = span > 0 ? (uint64_t)span : 1000;
	uint64_t gap_ms = span_ms / clients;
	broker->lame_gap_ms = gap_ms > GAP_MAX_MS ? GAP_MAX_MS : gap_ms > 0 ? gap_ms : 1;
	broker->lame_batch = gap_ms > 0 ? 1 : (uint32_t)(clients / span_ms + 1);
}

void broker__lame_duck(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	if (broker->is_lame || broker->is_stopping)
		return;
	broker_log(broker->log, BROKER_LOG_INFO, "Entering lame duck mode, stop accepting new clients");
	broker->is_lame = true;
	broker__listen_stop(broker);
	if (loop->all.len == 0) {
		broker__shutdown(broker);
		return;
	}
	plan(broker, loop->all.len);
	broker__read_clock(loop);
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		if (client->options.protocol >= 1 && client->is_pong_sent)
			broker__client_send_info(client);
	broker__finish_turn(loop);
	uv_timer_start(&broker->lame_timer, on_grace_over, (uint64_t)broker->options.lame_duck_grace_ms, 0);
}
