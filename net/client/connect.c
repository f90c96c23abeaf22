#include "net/client/connect.h"

#include <errno.h>
#include <stdio.h>

#include "net/client/client_layout.h"
#include "net/client/libnats_error.h"

enum {
	BUFFER_BYTES = 512 * 1024, /* of messages that wait for a push; of one read */
	/* Of clients with a loop. */
	REFUSALS_MAX = 2, /* of logins in a row */
	/* Of watched clients. */
	RECONNECT_WAIT_MS = 100,
	RECONNECT_WAIT_MAX_MS = 2000,
	/* The bytes that libnats keeps while the server is away. It wants at least one byte, and accepts one message before it
	 * is over the limit. */
	RECONNECT_BUFFER_BYTES = 1,
	PING_MS = 5000,
	PINGS_OUT = 2,
	CONFIRM_MS = 5000, /* for the server to read the subscriptions after a reconnect, each try */
};

/* ---- libnats' calls for an event loop; the connection's lock is held ---- */

static natsStatus attach(void **user, void *context, natsConnection *nats, natsSock fd)
{
	struct net_client *client = context;

	*user = client;
	return net__client_socket_add(&client->socket, nats, fd) == 0 ? NATS_OK : NATS_SYS_ERROR;
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

/* watch_reading() has removed the socket. This call comes after on_closed(): the client may have its next connection, or be
 * closed. */
static natsStatus detach(void *user)
{
	(void)user;
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
				   net__client_pulse_before_loss(&client->pulse, nats, number), why);
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

/* Of a client with a loop. After an error message of the server that libnats does not know, the connection has ended for good. */
static void on_loss(struct net_client *client, natsConnection *nats)
{
	const char *said = NULL;

	if (natsConnection_GetLastError(nats, &said) == NATS_ERR)
		client->has_given_up = true;
	else
		net__reopener_add(client->reopener, &client->reopening);
}

/* libnats makes no further call for the connection. */
static void on_closed(natsConnection *nats, void *context)
{
	struct net_client *client = context;

	if (!client->is_watched)
		on_loss(client, nats);
	sem_post(&client->closed);
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

/* ---- connecting ---- */

static natsStatus set_options(natsOptions *options, struct net_client *client)
{
	natsStatus status = natsOptions_SetSendAsap(options, true);

	if (status == NATS_OK && !client->is_watched)
		status =
		    natsOptions_SetEventLoop(options, client, attach, watch_reading, watch_writing, detach);
	if (status == NATS_OK)
		status = natsOptions_SetAllowReconnect(options, client->is_watched);
	if (status == NATS_OK)
		status = natsOptions_SetName(options, client->name);
	if (status == NATS_OK)
		status = natsOptions_SetIOBufSize(options, BUFFER_BYTES);
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
		status = natsOptions_SetMaxReconnect(options, -1);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectBufSize(options, RECONNECT_BUFFER_BYTES);
	if (status == NATS_OK)
		status = natsOptions_SetCustomReconnectDelay(options, reconnect_delay, client);
	if (status == NATS_OK && client->watch.delivers_apart)
		status = natsOptions_UseGlobalMessageDelivery(options, false);
	if (status == NATS_OK)
		status = natsOptions_SetLameDuckModeCB(options, on_lame_duck, client);
	return status;
}

/* Clients share a target: its options are this client's until libnats has copied them. */
natsStatus net__client_connect(struct net_client *client, natsConnection **nats)
{
	natsOptions *options = client->target->options;

	pthread_mutex_lock(&client->target->lock);
	natsStatus status = set_options(options, client);
	if (client->is_watched && status == NATS_OK)
		status = set_watched(options, client);
	if (status == NATS_OK)
		status = natsConnection_Connect(nats, options);
	pthread_mutex_unlock(&client->target->lock);
	return status;
}

/* ---- the next connection of a client with a loop: the reopener's thread ---- */

/* False: try again. */
static bool has_ended(struct net_client *client, natsStatus status)
{
	struct net_client_errors *errors = client->errors;

	if (!net__client_is_refusal(status))
		return false;
	errors->other_errors++;
	pthread_mutex_lock(&errors->mutex);
	snprintf(errors->last_error, sizeof errors->last_error, "%s", net__libnats_error(status));
	pthread_mutex_unlock(&errors->mutex);
	client->has_given_up = ++client->refusals >= REFUSALS_MAX;
	return client->has_given_up;
}

/* The server reads the subscriptions before what is published over the new connection. */
static void replace(struct net_client *client, natsConnection *nats)
{
	natsConnection *lost = client->nats;

	net__client_resubscribe(client, nats);
	pthread_rwlock_wrlock(&client->socket.renewal);
	client->nats = nats;
	pthread_rwlock_unlock(&client->socket.renewal);
	natsConnection_Destroy(lost);
	client->errors->reconnects++;
}

bool net__client_reopen(void *context)
{
	struct net_client *client = context;
	natsConnection *nats = NULL;

	net__client_target_learn(client->target, client->nats);
	natsStatus status = net__client_connect(client, &nats);
	if (status != NATS_OK)
		return has_ended(client, status);
	while (sem_wait(&client->closed) != 0)
		; /* EINTR; on_closed() returns soon */
	client->refusals = 0;
	replace(client, nats);
	return true;
}
