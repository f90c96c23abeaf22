#include "broker/timers.h"

#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/teardown.h"
#include "broker/trace.h"

enum {
	FIRST_PING_MS = 2000,   /* clients take the first one as a probe of the round trip */
	RTT_EVERY_MS = 3600000, /* measured again even when nothing else calls for a ping */
};

/* ---- pings ---- */

static bool is_recent(const struct broker_client *client, int64_t then_ns, int64_t span_ms)
{
	return client->loop->now_ns - then_ns < span_ms * 1000000;
}

/* While reading is paused, silence is not the fault of the client. */
static bool needs_ping(const struct broker_client *client, int64_t interval_ms)
{
	if (client->paused != 0)
		return false;
	bool needs_rtt = client->rtt_ns == 0 || !is_recent(client, client->ping_sent_ns, RTT_EVERY_MS);
	return needs_rtt || (!is_recent(client, client->last_ns, interval_ms) &&
			     !is_recent(client, client->peer_ping_ns, interval_ms));
}

static void send_ping(struct broker_client *client)
{
	if (broker__traces(client))
		broker__trace_answer(client, "PING");
	client->ping_sent_ns = client->loop->now_ns;
	client->pings_out++;
	broker__client_send(client, WIRE_LITERAL("PING\r\n"));
}

static void on_ping_due(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	const struct broker_options *options = &client->loop->broker->options;
	broker__read_clock(client->loop);
	if (!broker__client_is_open(client))
		return;
	if (needs_ping(client, options->ping_interval_ms)) {
		if (client->pings_out + 1 > options->ping_max) {
			client->loop->counters.stale_connections++;
			broker__client_log(client, BROKER_LOG_DEBUG, "Stale Client Connection - Closing");
			broker__client_send_error(client, WIRE_LITERAL("Stale Connection"));
			broker__client_close(client, "Stale Connection");
		} else {
			send_ping(client);
		}
	}
	/* The match cache of a client that publishes nothing is not worth its memory. */
	if (!is_recent(client, client->last_ns, options->ping_interval_ms))
		broker__match_cache_clear(client);
	uv_timer_start(timer, on_ping_due, (uint64_t)options->ping_interval_ms, 0);
	broker__finish_turn(client->loop);
}

void broker__timers_await_ping(struct broker_client *client)
{
	int64_t due = client->loop->broker->options.ping_interval_ms;
	if (client->life == BROKER__CONNECTED) {
		due = due < FIRST_PING_MS ? due : FIRST_PING_MS;
		due += due >= 5 ? (int64_t)(client->cid * 7919u) % (due / 5) : 0;
	}
	uv_timer_start(&client->timer, on_ping_due, (uint64_t)due, 0);
}

/* ---- the deadline to authenticate ---- */

static void on_auth_timeout(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	if (client->paused & ~(unsigned)BROKER__VERIFYING) {
		uv_timer_start(timer, on_auth_timeout,
			       (uint64_t)broker_options_auth_timeout_ms(&client->loop->broker->options), 0);
		return;
	}
	broker__read_clock(client->loop);
	broker__client_log(client, BROKER_LOG_DEBUG, "Authentication Timeout");
	broker__client_send_error(client, WIRE_LITERAL("Authentication Timeout"));
	broker__client_close(client, "Authentication Timeout");
	broker__finish_turn(client->loop);
}

void broker__timers_start(struct broker_client *client)
{
	const struct broker_options *options = &client->loop->broker->options;
	if (client->life == BROKER__AWAITS_CONNECT)
		uv_timer_start(&client->timer, on_auth_timeout,
			       (uint64_t)broker_options_auth_timeout_ms(options), 0);
	else
		broker__timers_await_ping(client);
}
