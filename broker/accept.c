#include "broker/accept.h"

#include "broker/auth.h"
#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/info.h"
#include "broker/input.h"
#include "broker/pressure.h"
#include "broker/secure.h"
#include "broker/teardown.h"
#include "broker/timers.h"
#include "net/listener.h"

enum { FDS_RESERVED = 32 /* descriptors kept free for files, monitoring and polite refusals */ };

/* ---- events of connections ---- */

static bool is_refused(const struct broker_client *client)
{
	const struct broker *broker = client->loop->broker;
	if (client->loop->all.len > broker->options.max_connections)
		return true;
	if (client->stream->fd < broker->fd_limit - FDS_RESERVED)
		return false;
	broker__client_log(client, BROKER_LOG_ERROR,
			   "out of file descriptors: raise the limit (ulimit -n) above %d", broker->fd_limit);
	return true;
}

/* From now on the client is read as operations. */
static void begin(struct broker_client *client)
{
	const struct broker_options *options = &client->loop->broker->options;
	if (client->life == BROKER__SECURING)
		client->life = broker__auth_is_required(options) ? BROKER__AWAITS_CONNECT : BROKER__GREETED;
	broker__timers_start(client);
	net_stream_read(client->stream);
}

static void on_secured(struct broker_client *client)
{
	broker__secure_done(client);
	begin(client);
	broker__finish_turn(client->loop);
}

/* The client does not speak TLS, and need not. */
static void on_undecided(struct broker_client *client)
{
	begin(client);
}

static void greet(struct broker_client *client)
{
	if (client->life == BROKER__SECURING)
		broker__secure_begin(client);
	else
		broker__client_send_info(client);
}

static void on_opened(struct broker_client *client)
{
	if (client->awaits_handshake) {
		on_secured(client);
		return;
	}
	broker__client_log(client, BROKER_LOG_DEBUG, "Client connection created");
	greet(client);
	if (is_refused(client)) {
		broker__client_log(client, BROKER_LOG_ERROR, "maximum connections exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum connections exceeded"));
		broker__client_close(client, "Maximum Connections Exceeded");
	} else if (client->life != BROKER__SECURING) {
		net_stream_read(client->stream);
	}
	broker__finish_turn(client->loop);
	broker__secure_continue(client);
}

static void on_bytes(struct broker_client *client, char *data, size_t len)
{
	struct broker__loop *loop = client->loop;
	if (client->life == BROKER__SECURING) {
		if (broker__secure_take(client, data, len))
			return;
		begin(client);
	}
	broker__input_take(client, data, len);
	broker__finish_turn(loop);
}

static void on_drained(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	broker__pressure_drained(client);
	broker__finish_turn(loop);
	broker__secure_continue(client);
}

static const struct broker__connection_events events = {.opened = on_opened,
							.room = broker__input_room,
							.bytes = on_bytes,
							.undecided = on_undecided,
							.admitted = broker__timers_await_ping,
							.drained = on_drained,
							.closed = broker__client_free};

/* ---- new connections ---- */

static void describe_peer(struct broker_client *client)
{
	snprintf(client->ip, sizeof client->ip, "%s", client->stream->ip);
	client->port = client->stream->port;
	net_address_text(client->address, sizeof client->address, client->ip, client->port);
}

static void admit(struct broker__loop *loop, struct net_stream *stream)
{
	struct broker *broker = loop->broker;
	struct broker_client *client = broker__client_open(loop, stream, &events);
	if (!client)
		return;
	broker->total_connections++;
	client->cid = broker->next_cid++;
	client->options.verbose = client->options.pedantic = client->options.echo = true;
	client->life = broker__secure_is_on(broker)                 ? BROKER__SECURING
		       : broker__auth_is_required(&broker->options) ? BROKER__AWAITS_CONNECT
								    : BROKER__GREETED;
	broker__read_clock(loop);
	client->start_ns = client->last_ns = loop->now_ns;
	describe_peer(client);
	broker__clients_add(&loop->all, client, BROKER__LINK(all));
	broker__cids_add(&loop->cids, client);
	if (client->life != BROKER__SECURING)
		broker__timers_start(client);
	broker__client_start(client);
}

bool broker__accept(struct broker__loop *loop, struct net_listener *listener)
{
	struct net_stream *stream;
	int status = net_listener_accept(listener, &stream);
	if (status == 0)
		admit(loop, stream);
	else if (status != UV_EAGAIN)
		broker_log(loop->broker->log, BROKER_LOG_ERROR, "Client Accept Error: %s",
			   uv_strerror(status));
	return status == 0;
}
