#include "broker/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/address.h"
#include "broker/auth.h"
#include "broker/emit.h"
#include "broker/login.h"
#include "broker/trace.h"
#include "broker/turn.h"

enum {
	FDS_RESERVED = 32,   /* descriptors kept free for files, monitoring and refusing politely */
	SUBS_AT_ONCE = 1000, /* subscriptions of a client that is gone, before others have their turn */
	SUBS_FOR_ONE = 2,    /* removed for a new one */
	FREED_FOR_ONE = 4,   /* more than can end meanwhile: those, the new one, and one to catch up */
};

static struct broker_client *of(struct broker__transport *transport)
{
	return (struct broker_client *)((char *)transport - offsetof(struct broker_client, transport));
}

void broker__client_log(const struct broker_client *client, enum broker_log_level level, const char *format,
			...)
{
	const struct broker *broker = client->loop->broker;
	if (!broker_log_wants(broker->log, level))
		return;
	char text[2048];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	broker_log(broker->log, level, "%s - cid:%llu%s%s%s - %s", client->address,
		   (unsigned long long)client->cid, client->title ? " - \"" : "",
		   client->title ? client->title : "", client->title ? "\"" : "", text);
}

/* ---- the end ---- */

static void leave(struct broker_client *client, const char *reason, bool keeps_output)
{
	if (client->state != BROKER__OPEN)
		return;
	client->state = BROKER__LEAVING;
	client->reason = reason;
	client->keeps_output = keeps_output;
	client->leaving_next = client->loop->leaving;
	client->loop->leaving = client;
}

void broker__client_close(struct broker_client *client, const char *reason)
{
	leave(client, reason, true);
}

void broker__client_cut(struct broker_client *client, const char *reason)
{
	broker__client_finish(client);
	leave(client, reason, false);
}

static void free_client(struct broker_client *client)
{
	client->output.queued = 0;
	broker__output_drop(&client->output);
	broker__input_drop(client);
	broker__replies_close(client->replies);
	free(client->name);
	free(client->lang);
	free(client->version);
	free(client->user);
	free(client->title);
	free(client);
}

static void handle_closed(struct broker_client *client)
{
	if (--client->handles == 0)
		free_client(client);
}

static void on_timer_closed(uv_handle_t *handle)
{
	handle_closed(handle->data);
}

static void on_transport_closed(struct broker__transport *transport)
{
	struct broker_client *client = of(transport);
	uv_close((uv_handle_t *)&client->timer, on_timer_closed);
	uv_close((uv_handle_t *)&client->deadline, on_timer_closed);
	handle_closed(client);
}

/* A subscription that is in no trie any more: others may point to it for a while. */
static void retire(struct broker__loop *loop, struct broker__sub *sub)
{
	if (broker__traces(sub->client))
		broker__trace_end(sub);
	sub->is_closed = true;
	broker__retired_add(&loop->retired, sub);
}

/* Remove `most` subscriptions of a client that is gone. False when none are left. */
static bool end_subscriptions(struct broker_client *client, uint32_t most)
{
	struct broker__loop *loop = client->loop;
	for (struct broker__sub *sub; most > 0 && (sub = broker__sids_pop(&client->sids)); most--) {
		broker__sublist_unlink(&loop->broker->sublist, sub);
		retire(loop, sub);
	}
	if (client->sids.count > 0)
		return true;
	broker__sids_fini(&client->sids);
	return false;
}

/* Remove `most` subscriptions of the first client that is gone. */
static void empty_first(struct broker__loop *loop, uint32_t most)
{
	struct broker_client *client = loop->emptying;
	if (end_subscriptions(client, most))
		return;
	loop->emptying = client->leaving_next;
	handle_closed(client);
}

void broker__clients_empty(struct broker__loop *loop)
{
	while (loop->emptying) {
		empty_first(loop, SUBS_AT_ONCE);
		broker__loop_free_retired(loop);
		if (broker__round_is_over(loop))
			return;
	}
}

void broker__clients_make_room(struct broker__loop *loop)
{
	if (loop->emptying)
		empty_first(loop, SUBS_FOR_ONE);
	broker__retired_free(&loop->retired, FREED_FOR_ONE);
}

/* Nobody finds its subscriptions any more. Where they are many they are removed later, and the client stays until then. */
static void forget_subscriptions(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	if (client->sids.count > 0)
		broker__sublist_touch(&loop->broker->sublist);
	if (!end_subscriptions(client, SUBS_AT_ONCE))
		return;
	client->handles++;
	client->leaving_next = loop->emptying;
	loop->emptying = client;
	broker__round_wake(loop);
}

static void forget_everything(struct broker_client *client)
{
	forget_subscriptions(client);
	broker__routes_clear(client);
	broker__input_drop(client);
	broker__client_untouch(client);
	broker__turn_forget(client);
	broker__memory_forget(client);
	broker__pressure_forget(client);
	broker__login_forget(client);
	broker__cursors_leave(client->loop->broker, client);
	broker__cids_remove(&client->loop->cids, client);
	broker__clients_remove(&client->loop->all, client, BROKER__LINK(all));
}

void broker__client_count_lost(struct broker_client *client)
{
	struct broker__output *output = &client->output;
	size_t unwritten = broker__transport_unwritten(&client->transport);
	if (output->queued > unwritten) {
		size_t written = output->queued - unwritten;
		output->queued = unwritten;
		broker__output_sent(output, written);
	}
	client->lost_messages = broker__output_unsent_messages(output);
	client->lost_bytes = broker__output_pending(output);
}

/* The end of a connection: what is left of its output is lost. */
static void finish(struct broker_client *client)
{
	client->state = BROKER__GONE;
	if (!client->is_dropped)
		broker__client_count_lost(client);
	broker__emit_disconnect(client);
	broker__output_drop(&client->output);
	broker__transport_close(&client->transport);
}

void broker__client_finish(struct broker_client *client)
{
	if (client->state == BROKER__LINGERING)
		finish(client);
}

/* Whoever writes nothing more is not read either, as in nats-server [2.9.10, client.go closeConnection]: what the peer
 * still sends is none of our business, and our last words are on their way before the connection ends. */
static void linger(struct broker_client *client)
{
	broker__transport_pause(&client->transport);
	broker__client_flush(client);
	if (client->state == BROKER__LINGERING && broker__output_pending(&client->output) > 0)
		broker__client_await_end(client);
	else
		broker__client_finish(client);
}

void broker__client_put_away(struct broker_client *client)
{
	const struct broker_client_info info = broker__client_describe(client);
	broker__closed_add(&client->loop->broker->closed, &info);
	client->state = client->keeps_output ? BROKER__LINGERING : BROKER__GONE;
	forget_everything(client);
	broker__client_log(client, BROKER_LOG_DEBUG, "Client connection closed: %s", client->reason);
	if (client->keeps_output)
		linger(client);
	else
		finish(client);
}

void broker__client_unsubscribe(struct broker_client *client, struct broker__sub *sub)
{
	broker__emit_unsubscribe(sub, 0);
	broker__sids_remove(&client->sids, sub, client->loop->broker->seed);
	broker__sublist_remove(&client->loop->broker->sublist, sub);
	retire(client->loop, sub);
}

/* ---- output ---- */

void broker__client_touch(struct broker_client *client)
{
	if (client->is_dirty)
		return;
	client->is_dirty = true;
	broker__clients_add(&client->loop->dirty, client, BROKER__LINK(dirty));
}

void broker__client_untouch(struct broker_client *client)
{
	if (client->is_dirty)
		broker__clients_remove(&client->loop->dirty, client, BROKER__LINK(dirty));
	client->is_dirty = false;
}

void broker__client_send_pieces(struct broker_client *client, const struct wire_slice *pieces, unsigned count)
{
	if (!broker__client_is_open(client))
		return;
	if (broker__output_put(&client->output, pieces, count) < 0)
		broker__client_is_slow(client);
	else
		broker__client_touch(client);
}

void broker__client_send(struct broker_client *client, struct wire_slice text)
{
	broker__client_send_pieces(client, &text, 1);
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

void broker__client_send_ping(struct broker_client *client)
{
	if (broker__traces(client))
		broker__trace_answer(client, "PING");
	client->ping_sent_ns = client->loop->now_ns;
	client->pings_out++;
	broker__client_send(client, WIRE_LITERAL("PING\r\n"));
}

void broker__client_send_info(struct broker_client *client)
{
	const struct broker *broker = client->loop->broker;
	char host[BROKER__HOST_TEXT];
	int port = broker->port;
	snprintf(host, sizeof host, "%s", broker->host);
	if (broker->options.client_advertise)
		broker__address_split(broker->options.client_advertise, broker->port, host, &port);
	const struct wire_info info = {
	    .server_id = broker->server_id,
	    .server_name = broker->options.server_name ? broker->options.server_name : broker->server_id,
	    .version = BROKER_VERSION,
	    .go = "tapedeck",
	    .host = host,
	    .port = port,
	    .cluster = broker->options.cluster_name,
	    .headers = !broker->options.no_header_support,
	    .auth_required = broker__auth_is_required(&broker->options) && !broker->options.no_auth_user,
	    .max_payload = broker->options.max_payload,
	    .client_id = client->cid,
	    .client_ip = client->ip,
	    .lame_duck = broker->is_lame,
	};
	size_t len;
	char *line = wire_info_write(&info, &len);
	if (line)
		broker__client_send(client, wire_slice(line, len));
	else
		broker__client_cut(client, "Write Error");
	free(line);
}

void broker__client_is_slow(struct broker_client *client)
{
	if (!broker__client_is_open(client))
		return;
	client->loop->counters.slow_consumers++;
	broker__client_log(client, BROKER_LOG_INFO, "Slow Consumer Detected: MaxPending of %llu Exceeded",
			   (unsigned long long)client->output.max);
	broker__client_cut(client, "Slow Consumer (Pending Bytes)");
}

static void write_failed(struct broker_client *client, int status)
{
	broker__client_log(client, BROKER_LOG_DEBUG, "Error flushing: %s", uv_strerror(status));
	broker__client_cut(client, "Write Error");
}

/* Ask for the first chunk to be written when there is room: that is how we learn that there is. */
static void wait_for_room(struct broker_client *client)
{
	uv_buf_t buf;
	if (broker__output_gather(&client->output, &buf, 1) == 0)
		return;
	int status = broker__transport_queue(&client->transport, &buf);
	if (status < 0) {
		write_failed(client, status);
		return;
	}
	client->output.queued = buf.len;
	broker__client_await_write(client);
}

static bool may_write(const struct broker_client *client)
{
	return client->output.queued == 0 &&
	       (client->state == BROKER__OPEN || client->state == BROKER__LINGERING);
}

void broker__client_flush(struct broker_client *client)
{
	uv_buf_t bufs[BROKER__GATHER_MAX];
	while (may_write(client)) {
		unsigned count = broker__output_gather(&client->output, bufs, BROKER__GATHER_MAX);
		if (count == 0)
			return;
		size_t offered = 0;
		for (unsigned i = 0; i < count; i++)
			offered += bufs[i].len;
		int taken = broker__transport_try(&client->transport, bufs, count);
		if (taken < 0 && taken != UV_EAGAIN) {
			write_failed(client, taken);
			return;
		}
		if (taken > 0)
			broker__output_sent(&client->output, (size_t)taken);
		if (taken < 0 || (size_t)taken < offered)
			wait_for_room(client);
	}
}

static void on_written(struct broker__transport *transport, int status)
{
	struct broker_client *client = of(transport);
	size_t written = client->output.queued;
	client->output.queued = 0;
	uv_timer_stop(&client->deadline);
	if (client->state != BROKER__OPEN && client->state != BROKER__LINGERING)
		return;
	if (status < 0) {
		write_failed(client, status);
	} else {
		broker__output_sent(&client->output, written);
		broker__client_flush(client);
		broker__pressure_drained(client);
	}
	if (broker__output_pending(&client->output) == 0)
		broker__client_finish(client);
	broker__loop_settle(client->loop);
}

/* ---- input ---- */

static uv_buf_t on_room(struct broker__transport *transport)
{
	return broker__input_room(of(transport));
}

static void on_bytes(struct broker__transport *transport, char *data, ssize_t len)
{
	struct broker_client *client = of(transport);
	if (client->state != BROKER__OPEN)
		return;
	if (len < 0) {
		broker__loop_read_clock(client->loop);
		broker__client_cut(client, len == UV_EOF ? "Client Closed" : "Read Error");
	} else {
		broker__input_take(client, data, (size_t)len);
	}
	broker__loop_settle(client->loop);
}

static const struct broker__transport_events events = {
    .room = on_room, .bytes = on_bytes, .written = on_written, .closed = on_transport_closed};

/* ---- the beginning ---- */

static void describe_peer(struct broker_client *client)
{
	broker__transport_peer(&client->transport, client->ip, sizeof client->ip, &client->port);
	broker__address_text(client->address, sizeof client->address, client->ip, client->port);
}

static bool is_refused(const struct broker_client *client)
{
	const struct broker *broker = client->loop->broker;
	if (client->loop->all.len > broker->options.max_connections)
		return true;
	if (broker__transport_fd(&client->transport) < broker->fd_limit - FDS_RESERVED)
		return false;
	broker__client_log(client, BROKER_LOG_ERROR,
			   "out of file descriptors: raise the limit (ulimit -n) above %d", broker->fd_limit);
	return true;
}

static void greet(struct broker_client *client)
{
	broker__client_log(client, BROKER_LOG_DEBUG, "Client connection created");
	broker__client_send_info(client);
	if (is_refused(client)) {
		broker__client_log(client, BROKER_LOG_ERROR, "maximum connections exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum connections exceeded"));
		broker__client_close(client, "Maximum Connections Exceeded");
	} else {
		broker__transport_read(&client->transport);
	}
	broker__loop_settle(client->loop);
}

static void on_early_closed(struct broker__transport *transport)
{
	free(of(transport));
}

static const struct broker__transport_events early_events = {.closed = on_early_closed};

void broker__client_accept(struct broker__loop *loop, uv_stream_t *listener)
{
	struct broker *broker = loop->broker;
	struct broker_client *client = calloc(1, sizeof *client);
	bool needs_close = false;
	int status = client
			 ? broker__transport_accept(&client->transport, listener, &early_events, &needs_close)
			 : -ENOMEM;
	if (status < 0) {
		broker_log(broker->log, BROKER_LOG_ERROR, "Client Accept Error: %s", uv_strerror(status));
		if (needs_close)
			broker__transport_close(&client->transport);
		else
			free(client);
		return;
	}
	client->transport.events = &events;
	client->loop = loop;
	client->cid = broker->next_cid++;
	client->handles = 3;
	client->verbose = client->pedantic = client->echo = true;
	client->is_expected = broker__auth_is_required(&broker->options);
	broker__output_init(&client->output, &loop->pool, broker->options.max_pending);
	broker->total_connections++;
	broker__loop_read_clock(loop);
	client->start_ns = client->last_ns = loop->now_ns;
	describe_peer(client);
	broker__clients_add(&loop->all, client, BROKER__LINK(all));
	broker__cids_add(&loop->cids, client);
	broker__client_start_timers(client);
	greet(client);
}
