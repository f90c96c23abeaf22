#include "broker/connection.h"

#include <inttypes.h>
#include <stdlib.h>

#include "broker/client_log.h"
#include "broker/emit.h"
#include "broker/trace.h"
#include "broker/turn.h"

enum { LINGER_MS = 300 /* for a peer to take its last output */ };

/* ---- output ---- */

void broker__client_send_pieces(struct broker_client *client, const struct wire_slice *pieces, unsigned count)
{
	if (!broker__client_is_open(client))
		return;
	if (broker__output_put(&client->output, pieces, count) < 0)
		broker__client_cut_slow(client);
	else
		broker__client_touch(client);
}

void broker__client_send(struct broker_client *client, struct wire_slice text)
{
	broker__client_send_pieces(client, &text, 1);
}

void broker__client_send_ok(struct broker_client *client)
{
	if (!client->options.verbose)
		return;
	if (broker__traces(client))
		broker__trace_answer(client, "OK");
	broker__client_send(client, WIRE_LITERAL("+OK\r\n"));
}

void broker__client_send_error(struct broker_client *client, struct wire_slice text)
{
	const struct wire_slice pieces[] = {WIRE_LITERAL("-ERR '"), text, WIRE_LITERAL("'\r\n")};
	if (!broker__client_is_open(client))
		return;
	if (broker__traces(client))
		broker__client_log(client, BROKER_LOG_TRACE, "->> [-ERR %.*s]", (int)text.len, text.data);
	broker__client_send_pieces(client, pieces, 3);
	broker__emit_error(client, text);
}

void broker__client_cut_slow(struct broker_client *client)
{
	if (!broker__client_is_open(client))
		return;
	client->loop->counters.slow_consumers++;
	broker__client_log(client, BROKER_LOG_INFO, "Slow Consumer Detected: MaxPending of %llu Exceeded",
			   (unsigned long long)client->output.max);
	broker__client_cut(client, "Slow Consumer (Pending Bytes)");
}

/* ---- writing ---- */

static void on_write_deadline(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	uint64_t pending = broker__output_pending(&client->output);
	if (!broker__client_is_open(client))
		return;
	broker__read_clock(client->loop);
	client->loop->counters.slow_consumers++;
	broker__client_log(client, BROKER_LOG_INFO,
			   "Slow Consumer Detected: WriteDeadline of %gs exceeded with %" PRIu64
			   " chunks of %" PRIu64 " total bytes.",
			   (double)client->loop->broker->options.write_deadline_ms / 1000,
			   pending / BROKER__CHUNK_LARGE + 1, pending);
	broker__client_cut(client, "Slow Consumer (Write Deadline)");
}

static void await_write(struct broker_client *client)
{
	uint64_t deadline_ms = (uint64_t)client->loop->broker->options.write_deadline_ms;
	if (broker__client_is_open(client) && deadline_ms > 0)
		uv_timer_start(&client->deadline, on_write_deadline, deadline_ms, 0);
}

static void write_failed(struct broker_client *client, int status)
{
	broker__client_log(client, BROKER_LOG_DEBUG, "Error flushing: %s", uv_strerror(status));
	broker__client_cut(client, "Write Error");
}

static bool may_write(const struct broker_client *client)
{
	return client->output.queued == 0 && !client->awaits_handshake &&
	       (broker__client_is_open(client) || client->life == BROKER__LINGERING);
}

void broker__client_flush(struct broker_client *client)
{
	uv_buf_t bufs[BROKER__GATHER_MAX];
	while (may_write(client)) {
		unsigned count = broker__output_gather(&client->output, bufs, BROKER__GATHER_MAX);
		if (count == 0)
			return;
		ssize_t taken = net_stream_write(client->stream, bufs, count);
		if (taken < 0) {
			write_failed(client, (int)taken);
			return;
		}
		broker__output_sent(&client->output, (size_t)taken);
		client->output.queued = client->stream->begun_bytes;
		if (client->output.queued > 0)
			await_write(client);
	}
}

/* ---- the end ---- */

/* Wake the round: callbacks of the loop that finish no turn may end a client too. */
static void leave(struct broker_client *client, enum broker__life life, const char *reason)
{
	if (!broker__client_is_open(client))
		return;
	client->life = life;
	client->reason = reason;
	client->leaving_next = client->loop->leaving;
	client->loop->leaving = client;
	broker__round_wake(client->loop);
}

void broker__client_close(struct broker_client *client, const char *reason)
{
	leave(client, BROKER__CLOSING, reason);
}

void broker__client_cut(struct broker_client *client, const char *reason)
{
	if (client->life == BROKER__LINGERING)
		broker__client_finish(client);
	leave(client, BROKER__CUT, reason);
}

void broker__client_count_lost(struct broker_client *client)
{
	struct broker__output *output = &client->output;
	size_t unwritten = net_stream_unwritten(client->stream);
	if (output->queued > unwritten) {
		size_t written = output->queued - unwritten;
		output->queued = unwritten;
		broker__output_sent(output, written);
	}
	client->lost_messages = broker__output_unsent_messages(output);
	client->lost_bytes = broker__output_pending(output);
}

void broker__client_finish(struct broker_client *client)
{
	if (client->life != BROKER__DROPPED)
		broker__client_count_lost(client);
	client->life = BROKER__GONE;
	broker__emit_disconnect(client);
	broker__output_drop(&client->output);
	net_stream_close(client->stream);
}

static void on_linger_over(uv_timer_t *timer)
{
	struct broker_client *client = timer->data;
	broker__read_clock(client->loop);
	if (client->life == BROKER__LINGERING)
		broker__client_finish(client);
}

/* A client that is no longer written to is no longer read, as in nats-server [2.9.10, client.go closeConnection]. Its last
 * output is taken before the connection ends. */
void broker__client_linger(struct broker_client *client)
{
	net_stream_pause(client->stream);
	broker__client_flush(client);
	if (client->life != BROKER__LINGERING)
		return;
	if (broker__output_pending(&client->output) == 0) {
		broker__client_finish(client);
		return;
	}
	uv_timer_stop(&client->deadline);
	uv_timer_start(&client->timer, on_linger_over, LINGER_MS, 0);
}

void broker__client_hold(struct broker_client *client)
{
	client->holds++;
}

void broker__client_release(struct broker_client *client)
{
	if (--client->holds == 0)
		client->events->closed(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
	broker__client_release(handle->data);
}

/* ---- events of the stream ---- */

static void on_opened(struct net_stream *stream)
{
	struct broker_client *client = stream->owner;
	if (broker__client_is_open(client))
		client->events->opened(client);
}

static uv_buf_t on_room(struct net_stream *stream)
{
	struct broker_client *client = stream->owner;
	return client->events->room(client);
}

static void on_bytes(struct net_stream *stream, char *data, size_t len)
{
	struct broker_client *client = stream->owner;
	if (broker__client_is_open(client))
		client->events->bytes(client, data, len);
}

/* nats-server's row for a client that does not get through the handshake; it never arrives there either. */
static void handshake_failed(struct broker_client *client, const char *why)
{
	broker__client_log(client, BROKER_LOG_ERROR, "TLS handshake error: %s", why);
	broker__emit_error(client, WIRE_LITERAL("Secure Connection - TLS Required"));
	broker__client_cut(client, "TLS Handshake Failure");
}

static void on_ended(struct net_stream *stream, int status)
{
	struct broker_client *client = stream->owner;
	if (!broker__client_is_open(client))
		return;
	broker__read_clock(client->loop);
	if (client->awaits_handshake) {
		handshake_failed(client, net_stream_why(stream, status));
		return;
	}
	broker__client_cut(client, status == UV_EOF ? "Client Closed" : "Read Error");
}

static void on_drained(struct net_stream *stream, int status)
{
	struct broker_client *client = stream->owner;
	size_t written = client->output.queued;
	client->output.queued = 0;
	uv_timer_stop(&client->deadline);
	if (!broker__client_is_open(client) && client->life != BROKER__LINGERING)
		return;
	if (status < 0) {
		write_failed(client, status);
	} else {
		broker__output_sent(&client->output, written);
		broker__client_flush(client);
	}
	if (client->life == BROKER__LINGERING && broker__output_pending(&client->output) == 0)
		broker__client_finish(client);
	client->events->drained(client);
}

static void on_held(struct net_stream *stream, ptrdiff_t change)
{
	struct broker_client *client = stream->owner;
	client->layer_bytes += (size_t)change;
	client->loop->layer_bytes += (size_t)change;
}

static void on_closed(struct net_stream *stream)
{
	struct broker_client *client = stream->owner;
	uv_close((uv_handle_t *)&client->timer, on_timer_closed);
	uv_close((uv_handle_t *)&client->deadline, on_timer_closed);
	broker__client_release(client);
}

static const struct net_stream_events stream_events = {.opened = on_opened,
						       .room = on_room,
						       .bytes = on_bytes,
						       .ended = on_ended,
						       .drained = on_drained,
						       .held = on_held,
						       .closed = on_closed};

/* ---- the beginning ---- */

static void init_timer(struct broker_client *client, uv_timer_t *timer)
{
	uv_timer_init(&client->loop->uv, timer);
	timer->data = client;
}

struct broker_client *broker__client_open(struct broker__loop *loop, struct net_stream *stream,
					  const struct broker__connection_events *events)
{
	struct broker_client *client = calloc(1, sizeof *client);
	if (!client) {
		broker_log(loop->broker->log, BROKER_LOG_ERROR, "Client Accept Error: out of memory");
		net_stream_close(stream);
		return NULL;
	}
	client->loop = loop;
	client->stream = stream;
	client->events = events;
	client->holds = 3; /* stream, timer, deadline */
	init_timer(client, &client->timer);
	init_timer(client, &client->deadline);
	broker__output_init(&client->output, &loop->pool, loop->broker->options.max_pending);
	return client;
}

void broker__client_start(struct broker_client *client)
{
	net_stream_start(client->stream, &stream_events, client);
}
