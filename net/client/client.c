#include "net/client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/client_layout.h"
#include "net/client/libnats_error.h"
#include "wire/redact.h"

enum {
	BUFFER_BYTES = 512 * 1024, /* of messages that wait for a push; of one read */
	RECONNECT_WAIT_MS = 100,
	/* The bytes that libnats keeps while the server is away. It wants at least one byte, and accepts one message before it
	 * is over the limit. */
	RECONNECT_BUFFER_BYTES = 1,
	END_MS = 5000, /* to wait for libnats' threads */
	/* Of watched clients. */
	PING_MS = 5000,
	PINGS_OUT = 2,
	CONFIRM_MS = 5000, /* for the server to read the subscriptions after a reconnect, each try */
	RECONNECT_WAIT_MAX_MS = 2000,
};

void net_client_errors_init(struct net_client_errors *errors)
{
	*errors = (struct net_client_errors){0};
	pthread_mutex_init(&errors->mutex, NULL);
}

void net_client_errors_fini(struct net_client_errors *errors)
{
	pthread_mutex_destroy(&errors->mutex);
}

/* ---- libnats' calls for an event loop; the connection's lock is held ---- */

static natsStatus attach(void **user, void *context, natsConnection *nats, natsSock fd)
{
	struct net_client *client = context;

	*user = client;
	client->socket.nats = nats;
	return net__client_socket_add(&client->socket, fd) == 0 ? NATS_OK : NATS_SYS_ERROR;
}

/* The connection is lost. Unconfirmed messages may have been in the socket, or in a buffer that libnats now
 * discards. */
static void count_doubtful(struct net_client *client)
{
	uint64_t published = __atomic_load_n(&client->published, __ATOMIC_RELAXED);
	uint64_t confirmed = __atomic_exchange_n(&client->confirmed, published, __ATOMIC_RELAXED);

	client->errors->doubtful += published - confirmed;
}

static natsStatus watch_reading(void *user, bool wanted)
{
	struct net_client *client = user;

	if (wanted || client->socket.fd < 0)
		return NATS_OK;
	net__client_socket_remove(&client->socket);
	count_doubtful(client);
	return NATS_OK;
}

/* The publisher pushes what it publishes. The loop's thread pushes everything else that libnats sends from any thread
 * (PING, PONG, SUB). */
static natsStatus watch_writing(void *user, bool wanted)
{
	struct net_client *client = user;

	if (!wanted || !pthread_equal(pthread_self(), client->publisher) || !client->publishing)
		net__client_socket_want_write(&client->socket, wanted);
	return NATS_OK;
}

static natsStatus detach(void *user)
{
	struct net_client *client = user;

	net__client_socket_remove(&client->socket);
	return NATS_OK;
}

/* ---- libnats calls these from a thread of its own ---- */

static void on_error(natsConnection *nats, natsSubscription *subscription, natsStatus status, void *context)
{
	struct net_client_errors *errors = ((struct net_client *)context)->errors;
	const char *text = NULL;

	(void)subscription;
	if (status == NATS_NOT_PERMITTED)
		errors->not_permitted++;
	else
		errors->other_errors++;
	pthread_mutex_lock(&errors->mutex);
	natsConnection_GetLastError(nats, &text);
	snprintf(errors->last_error, sizeof(errors->last_error), "%s",
		 text && *text ? text : natsStatus_GetText(status));
	pthread_mutex_unlock(&errors->mutex);
}

/* Of a watched client. */
static void report_loss(struct net_client *client, natsConnection *nats)
{
	uint64_t number = __atomic_add_fetch(&client->losses, 1, __ATOMIC_RELAXED);
	const char *why = natsStatus_GetText(NATS_CONNECTION_CLOSED), *said = NULL;

	if (natsConnection_GetLastError(nats, &said) != NATS_OK && said && *said)
		why = said;
	if (client->is_lame_duck)
		why = "the server shuts down (lame duck mode)";
	client->is_lame_duck = false;
	if (client->watch.lost)
		client->watch.lost(client->watch.context, number,
				   net__client_pulse_before_loss(&client->pulse, number), why);
}

static void on_disconnected(natsConnection *nats, void *context)
{
	struct net_client *client = context;

	client->errors->disconnects += !client->errors->is_over;
	if (!client->is_watched)
		return;
	count_doubtful(client);
	report_loss(client, nats);
}

/* libnats makes no further call for the connection. */
static void on_closed(natsConnection *nats, void *context)
{
	(void)nats;
	sem_post(&((struct net_client *)context)->closed);
}

/* True when the server has read the subscriptions after a loss, however long that takes. */
static bool confirm_return(struct net_client *client, natsConnection *nats, uint64_t losses)
{
	natsStatus status;

	do
		status = natsConnection_FlushTimeout(nats, CONFIRM_MS);
	while (status == NATS_TIMEOUT && !client->errors->is_over &&
	       __atomic_load_n(&client->losses, __ATOMIC_RELAXED) == losses);
	return status == NATS_OK;
}

static void on_reconnected(natsConnection *nats, void *context)
{
	struct net_client *client = context;

	uint64_t losses = __atomic_load_n(&client->losses, __ATOMIC_RELAXED);
	client->errors->reconnects++;
	if (client->watch.back && confirm_return(client, nats, losses))
		client->watch.back(client->watch.context, losses);
}

static void on_lame_duck(natsConnection *nats, void *context)
{
	(void)nats;
	((struct net_client *)context)->is_lame_duck = true;
}

/* Twice as long from try to try, less up to a half at random, so that many clients do not come back at once. */
static int64_t reconnect_delay(natsConnection *nats, int attempts, void *context)
{
	int64_t wait_ms = RECONNECT_WAIT_MS;

	(void)nats;
	(void)context;
	for (int i = 1; i < attempts && wait_ms < RECONNECT_WAIT_MAX_MS; i++)
		wait_ms *= 2;
	wait_ms = wait_ms < RECONNECT_WAIT_MAX_MS ? wait_ms : RECONNECT_WAIT_MAX_MS;
	return wait_ms - (int64_t)(nats_NowInNanoSeconds() / 1000 % (wait_ms / 2));
}

/* ---- opening and closing ---- */

static natsStatus set_options(natsOptions *options, struct net_client *client, const char *name)
{
	natsStatus status = natsOptions_SetSendAsap(options, true);

	if (status == NATS_OK && !client->is_watched)
		status =
		    natsOptions_SetEventLoop(options, client, attach, watch_reading, watch_writing, detach);
	if (status == NATS_OK)
		status = natsOptions_SetName(options, name);
	if (status == NATS_OK)
		status = natsOptions_SetIOBufSize(options, BUFFER_BYTES);
	if (status == NATS_OK)
		status = natsOptions_SetMaxReconnect(options, -1);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectWait(options, RECONNECT_WAIT_MS);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectJitter(options, 0, 0);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectBufSize(options, RECONNECT_BUFFER_BYTES);
	if (status == NATS_OK)
		status = natsOptions_UseGlobalMessageDelivery(options, true);
	if (status == NATS_OK)
		status = natsOptions_SetErrorHandler(options, on_error, client);
	if (status == NATS_OK)
		status = natsOptions_SetDisconnectedCB(options, on_disconnected, client);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectedCB(options, on_reconnected, client);
	if (status == NATS_OK)
		status = natsOptions_SetClosedCB(options, on_closed, client);
	return status;
}

static natsStatus set_watched(natsOptions *options, struct net_client *client)
{
	natsStatus status = natsOptions_SetPingInterval(options, PING_MS);

	if (status == NATS_OK)
		status = natsOptions_SetMaxPingsOut(options, PINGS_OUT);
	if (status == NATS_OK)
		status = natsOptions_SetCustomReconnectDelay(options, reconnect_delay, client);
	if (status == NATS_OK && client->watch.delivers_apart)
		status = natsOptions_UseGlobalMessageDelivery(options, false);
	if (status == NATS_OK)
		status = natsOptions_SetLameDuckModeCB(options, on_lame_duck, client);
	return status;
}

static int connect_fault(const struct net_client_target *target, natsStatus status, struct wire_fault *fault)
{
	int code =
	    status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED ? -EACCES : -ECONNREFUSED;

	return wire_fault_set(fault, code, "cannot connect to %s: %s", target->servers,
			      net__libnats_error(status));
}

/* With a loop, or with a watch. */
static int open_client(struct net_client **client, const struct net_client_loop *loop,
		       struct net_client_target *target, const char *name, struct net_client_errors *errors,
		       const struct net_client_watch *watch, struct wire_fault *fault)
{
	struct net_client *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	net__client_socket_init(&opened->socket, loop ? net__client_loop_fd(loop) : -1);
	sem_init(&opened->closed, 0, 0);
	opened->errors = errors;
	opened->servers = target->servers;
	opened->inbox_prefix = target->inbox_prefix;
	opened->publisher = pthread_self();
	opened->is_watched = watch != NULL;
	net__client_pulse_note(&opened->pulse);
	natsStatus status = set_options(target->options, opened, name);
	if (watch)
		opened->watch = *watch;
	if (watch && status == NATS_OK)
		status = set_watched(target->options, opened);
	if (status == NATS_OK)
		status = natsConnection_Connect(&opened->nats, target->options);
	if (status != NATS_OK) {
		net_client_close(opened);
		return connect_fault(target, status, fault);
	}
	int error = watch ? net__client_pulse_start(&opened->pulse, opened->nats) : 0;
	if (error) {
		net_client_close(opened);
		return wire_fault_set(fault, error, "cannot start a thread: %s", wire_error_text(error));
	}
	*client = opened;
	return 0;
}

int net_client_open(struct net_client **client, struct net_client_loop *loop,
		    struct net_client_target *target, const char *name, struct net_client_errors *errors,
		    struct wire_fault *fault)
{
	return open_client(client, loop, target, name, errors, NULL, fault);
}

int net_client_open_watched(struct net_client **client, struct net_client_target *target, const char *name,
			    struct net_client_errors *errors, const struct net_client_watch *watch,
			    struct wire_fault *fault)
{
	return open_client(client, NULL, target, name, errors, watch, fault);
}

void net_client_close(struct net_client *client)
{
	if (!client)
		return;
	net__client_pulse_stop(&client->pulse);
	natsConnection_Destroy(client->nats);
	while (client->nats && sem_wait(&client->closed) != 0)
		; /* EINTR */
	sem_destroy(&client->closed);
	net__client_socket_fini(&client->socket);
	free(client->scratch);
	free(client);
}

void net_client_end_threads(void)
{
	nats_CloseAndWait(END_MS);
}

bool net_client_is_closed(const struct net_client *client)
{
	return natsConnection_IsClosed(client->nats);
}

bool net_client_is_up(const struct net_client *client)
{
	return natsConnection_Status(client->nats) == NATS_CONN_STATUS_CONNECTED;
}

int64_t net_client_read_ns(const struct net_client *client)
{
	const int64_t *ns = client->is_watched ? &client->pulse.heard_ns : &client->socket.read_ns;

	return __atomic_load_n(ns, __ATOMIC_RELAXED);
}

int64_t net_client_delivery_ns(struct net_client *client)
{
	return client->is_watched ? net__client_pulse_note(&client->pulse) : net_client_read_ns(client);
}

void net_client_server_url(const struct net_client *client, char *url, size_t size)
{
	char connected[512];

	if (natsConnection_GetConnectedUrl(client->nats, connected, sizeof(connected)) != NATS_OK)
		connected[0] = '\0';
	wire_redact_urls(connected, url, size);
}

uint64_t net_client_number(const struct net_client *client)
{
	uint64_t number = 0;

	(void)natsConnection_GetClientID(client->nats, &number);
	return number;
}

const char *net_client_inbox_prefix(const struct net_client *client)
{
	return client->inbox_prefix;
}

void net_client_server_id(const struct net_client *client, char *id, size_t size)
{
	if (natsConnection_GetConnectedServerId(client->nats, id, size) != NATS_OK)
		id[0] = '\0';
}

/* ---- publishing ---- */

static char *scratch_of(struct net_client *client, size_t bytes)
{
	if (bytes <= client->scratch_bytes)
		return client->scratch;
	char *grown = realloc(client->scratch, bytes);
	if (!grown)
		return NULL;
	client->scratch = grown;
	client->scratch_bytes = bytes;
	return grown;
}

/* Split the lines of a header block at the colon of the last line: *keys is everything before it, *value what follows.
 * Both are NUL-terminated and in scratch. */
static natsStatus split_headers(struct wire_slice block, char *scratch, char **keys, char **value)
{
	const struct wire_slice first = WIRE_LITERAL("NATS/1.0\r\n"), end = WIRE_LITERAL("\r\n\r\n");

	if (block.len < first.len + end.len || memcmp(block.data, first.data, first.len) != 0 ||
	    memcmp(block.data + block.len - end.len, end.data, end.len) != 0 ||
	    memchr(block.data, '\0', block.len))
		return NATS_INVALID_ARG;
	size_t len = block.len - first.len - end.len;
	memcpy(scratch, block.data + first.len, len);
	scratch[len] = '\0';
	char *line = memrchr(scratch, '\n', len);
	char *colon = strchr(line ? line : scratch, ':');
	if (!colon)
		return NATS_INVALID_ARG;
	*colon = '\0';
	*keys = scratch;
	*value = colon + 1 + strspn(colon + 1, " \t");
	return NATS_OK;
}

/* libnats keeps headers in a hash table, which loses their order and where keys are repeated. But it writes keys as they
 * are: pass all lines up to the last colon as one key, and the block is sent as it was recorded. */
static natsStatus publish_with_headers(struct net_client *client, const struct net_client_message *message)
{
	char *scratch = scratch_of(client, message->headers.len), *keys, *value;
	natsMsg *msg = NULL;

	if (!scratch)
		return NATS_NO_MEMORY;
	natsStatus status = split_headers(message->headers, scratch, &keys, &value);
	if (status == NATS_OK)
		status = natsMsg_Create(&msg, message->subject, message->reply, message->payload.data,
					(int)message->payload.len);
	if (status == NATS_OK)
		status = natsMsgHeader_Set(msg, keys, value);
	if (status == NATS_OK)
		status = natsConnection_PublishMsg(client->nats, msg);
	natsMsg_Destroy(msg);
	return status;
}

static bool is_away(const struct net_client *client)
{
	if (client->is_watched)
		return !net_client_is_up(client);
	return __atomic_load_n(&client->socket.fd, __ATOMIC_ACQUIRE) < 0;
}

static enum net_client_published result_of(natsStatus status)
{
	switch (status) {
	case NATS_OK: return NET_CLIENT_COLLECTED;
	case NATS_INSUFFICIENT_BUFFER: return NET_CLIENT_AWAY;
	case NATS_CONNECTION_CLOSED: return NET_CLIENT_CLOSED;
	case NATS_MAX_PAYLOAD: return NET_CLIENT_TOO_LARGE;
	case NATS_INVALID_ARG: return NET_CLIENT_BAD_HEADERS;
	case NATS_NO_SERVER_SUPPORT: return NET_CLIENT_NO_HEADERS;
	default: return NET_CLIENT_FAILED;
	}
}

static natsStatus publish(struct net_client *client, const struct net_client_message *message)
{
	if (message->headers.len > 0)
		return publish_with_headers(client, message);
	if (message->reply)
		return natsConnection_PublishRequest(client->nats, message->subject, message->reply,
						     message->payload.data, (int)message->payload.len);
	return natsConnection_Publish(client->nats, message->subject, message->payload.data,
				      (int)message->payload.len);
}

enum net_client_published net_client_publish(struct net_client *client,
					     const struct net_client_message *message)
{
	if (is_away(client))
		return net_client_is_closed(client) ? NET_CLIENT_CLOSED : NET_CLIENT_AWAY;
	client->publishing = true;
	natsStatus status = publish(client, message);
	client->publishing = false;
	if (status != NATS_OK)
		return result_of(status);
	__atomic_store_n(&client->published, client->published + 1, __ATOMIC_RELAXED);
	client->dirty = !client->is_watched;
	return NET_CLIENT_COLLECTED;
}

bool net_client_is_dirty(const struct net_client *client)
{
	return client->dirty;
}

bool net_client_push(struct net_client *client)
{
	if (client->is_watched) /* libnats has pushed it */
		return true;
	bool is_lost = is_away(client); /* count_doubtful() has counted the messages */
	client->dirty = !is_lost && !net__client_socket_write(&client->socket);
	return !client->dirty;
}

void net_client_wait(const struct net_client *client, int timeout_ms)
{
	struct pollfd wait = {.fd = __atomic_load_n(&client->socket.fd, __ATOMIC_ACQUIRE), .events = POLLOUT};

	(void)poll(&wait, 1, timeout_ms); /* with fd -1: a sleep */
}

/* count_doubtful() may have raised it further meanwhile. */
static void raise_confirmed(struct net_client *client, uint64_t to)
{
	uint64_t confirmed = __atomic_load_n(&client->confirmed, __ATOMIC_RELAXED);

	while (confirmed < to && !__atomic_compare_exchange_n(&client->confirmed, &confirmed, to, false,
							      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

bool net_client_confirm(struct net_client *client, int64_t timeout_ms)
{
	uint64_t published = __atomic_load_n(&client->published, __ATOMIC_RELAXED);

	if (published == __atomic_load_n(&client->confirmed, __ATOMIC_RELAXED))
		return true;
	if (natsConnection_FlushTimeout(client->nats, timeout_ms) != NATS_OK)
		return false;
	raise_confirmed(client, published);
	return true;
}
