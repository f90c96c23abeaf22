/* timers.c - the clocks of a client: authenticate in time, answer pings, take what is written to you. */
#include <inttypes.h>

#include "broker/emit.h"
#include "broker/server.h"

enum {
	FIRST_PING_MS = 2000,   /* clients take the first one as a probe of the round trip */
	RTT_EVERY_MS = 3600000, /* measured anew even when nothing else calls for a ping */
	LINGER_MS = 300,        /* for a peer to take the last words */
};

/* ---- pings ---- */

static bool is_recent(const struct broker_client *client, int64_t then_ns, int64_t span_ms)
{
	return client->loop->now_ns - then_ns < span_ms * 1000000;
}

/* While we do not read what a client says, its silence is our doing. */
static bool needs_ping(const struct broker_client *client, int64_t interval_ms)
{
	if (client->paused != 0)
		return false;
	bool needs_rtt = client->rtt_ns == 0 || !is_recent(client, client->ping_sent_ns, RTT_EVERY_MS);
	return needs_rtt || (!is_recent(client, client->last_ns, interval_ms) &&
			     !is_recent(client, client->peer_ping_ns, interval_ms));
}

static void on_ping_due(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	const struct broker_options *options = &client->loop->broker->options;
	broker__loop_read_clock(client->loop);
	if (!broker__client_is_open(client))
		return;
	if (needs_ping(client, options->ping_interval_ms)) {
		if (client->pings_out + 1 > options->ping_max) {
			client->loop->counters.stale_connections++;
			broker__client_log(client, BROKER_LOG_DEBUG, "Stale Client Connection - Closing");
			broker__client_send_error(client, WIRE_LITERAL("Stale Connection"));
			broker__client_close(client, "Stale Connection");
		} else {
			broker__client_send_ping(client);
		}
	}
	/* What this client published to lately is not worth remembering when it published nothing since. */
	if (!is_recent(client, client->last_ns, options->ping_interval_ms))
		broker__routes_clear(client);
	uv_timer_start(timer, on_ping_due, (uint64_t)options->ping_interval_ms, 0);
	broker__loop_settle(client->loop);
}

void broker__client_await_ping(struct broker_client *client)
{
	int64_t due = client->loop->broker->options.ping_interval_ms;
	if (client->is_connected) {
		due = due < FIRST_PING_MS ? due : FIRST_PING_MS;
		due += due >= 5 ? (int64_t)(client->cid * 7919u) % (due / 5) : 0;
	}
	uv_timer_start(&client->timer, on_ping_due, (uint64_t)due, 0);
}

/* ---- the beginning ---- */

static void on_auth_timeout(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	if (client->paused & ~(unsigned)BROKER__VERIFIED) {
		uv_timer_start(timer, on_auth_timeout,
			       (uint64_t)client->loop->broker->options.auth_timeout_ms, 0);
		return;
	}
	broker__loop_read_clock(client->loop);
	broker__client_log(client, BROKER_LOG_DEBUG, "Authentication Timeout");
	broker__client_send_error(client, WIRE_LITERAL("Authentication Timeout"));
	broker__client_close(client, "Authentication Timeout");
	broker__loop_settle(client->loop);
}

void broker__client_stop_auth_timer(struct broker_client *client)
{
	if (client->is_expected)
		uv_timer_stop(&client->timer);
}

void broker__client_start_timers(struct broker_client *client)
{
	const struct broker_options *options = &client->loop->broker->options;
	uv_timer_init(&client->loop->uv, &client->timer);
	uv_timer_init(&client->loop->uv, &client->deadline);
	client->timer.data = client->deadline.data = client;
	if (client->is_expected)
		uv_timer_start(&client->timer, on_auth_timeout, (uint64_t)options->auth_timeout_ms, 0);
	else
		broker__client_await_ping(client);
}

/* ---- writing ---- */

static void on_write_deadline(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	uint64_t pending = broker__output_pending(&client->output);
	broker__loop_read_clock(client->loop);
	if (broker__client_is_open(client)) {
		client->loop->counters.slow_consumers++;
		broker__client_log(client, BROKER_LOG_INFO,
				   "Slow Consumer Detected: WriteDeadline of %gs exceeded with %" PRIu64
				   " chunks of %" PRIu64 " total bytes.",
				   (double)client->loop->broker->options.write_deadline_ms / 1000,
				   pending / BROKER__CHUNK_LARGE + 1, pending);
		broker__client_cut(client, "Slow Consumer (Write Deadline)");
	}
	broker__loop_settle(client->loop);
}

void broker__client_await_write(struct broker_client *client)
{
	if (client->state != BROKER__OPEN)
		return;
	uint64_t deadline = (uint64_t)client->loop->broker->options.write_deadline_ms;
	if (deadline > 0)
		uv_timer_start(&client->deadline, on_write_deadline, deadline, 0);
}

static void on_end(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	broker__loop_read_clock(client->loop);
	broker__client_finish(client);
}

void broker__client_await_end(struct broker_client *client)
{
	uv_timer_stop(&client->deadline);
	uv_timer_start(&client->timer, on_end, LINGER_MS, 0);
}
