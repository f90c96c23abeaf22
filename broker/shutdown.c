#include "broker/shutdown.h"

#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/listen.h"
#include "broker/log.h"
#include "broker/monitor/monitor.h"
#include "broker/teardown.h"

/* How long clients have at shutdown to take their output. */
enum { GOODBYE_MS = 300 };

static void on_goodbye_over(uv_timer_t *timer)
{
	struct broker *broker = timer->data;
	uv_stop(&broker->loops[0].uv);
}

static void close_all_clients(struct broker__loop *loop)
{
	broker__read_clock(loop);
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		broker__client_close(client, "Server Shutdown");
	broker__finish_turn(loop);
}

static void close_signals(struct broker *broker)
{
	for (size_t i = 0; i < sizeof broker->signals / sizeof *broker->signals; i++)
		if (broker->signals[i].loop && !uv_is_closing((uv_handle_t *)&broker->signals[i]))
			uv_close((uv_handle_t *)&broker->signals[i], NULL);
}

void broker__shutdown(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	if (broker->is_stopping)
		return;
	broker->is_stopping = true;
	broker_log(broker->log, BROKER_LOG_INFO, "Initiating Shutdown...");
	broker__listen_stop(broker);
	close_all_clients(loop);
	if (broker->monitor)
		broker_monitor_close(broker->monitor);
	broker->monitor = NULL;
	broker->http_port = 0;
	close_signals(broker);
	uv_unref((uv_handle_t *)&broker->stop);
	uv_unref((uv_handle_t *)&broker->wake);
	uv_timer_start(&broker->lame_timer, on_goodbye_over, GOODBYE_MS, 0);
	uv_unref((uv_handle_t *)&broker->lame_timer);
	broker_log(broker->log, BROKER_LOG_INFO, "Server Exiting..");
}
