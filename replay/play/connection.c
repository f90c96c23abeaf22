#include "replay/play/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BUFFER_BYTES = 512 * 1024, /* collected at most before a push is due, and read at once */
	RECONNECT_WAIT_MS = 100,
	/* The bytes that libnats keeps while the server is away. It wants at least one byte, and accepts one message before it
	 * is over the limit. */
	RECONNECT_BUFFER_BYTES = 1,
};

void replay_connection_errors_init(struct replay_connection_errors *errors)
{
	*errors = (struct replay_connection_errors){0};
	pthread_mutex_init(&errors->mutex, NULL);
}

void replay_connection_errors_fini(struct replay_connection_errors *errors)
{
	pthread_mutex_destroy(&errors->mutex);
}

/* ---- libnats' calls for an event loop; the connection's lock is held ---- */

static natsStatus attach(void **user, void *context, natsConnection *nats, natsSock fd)
{
	struct replay_connection *connection = context;

	*user = connection;
	connection->socket.nats = nats;
	return replay_loop_add(&connection->socket, fd) == 0 ? NATS_OK : NATS_SYS_ERROR;
}

/* Unconfirmed messages may have been in the socket, or in a buffer that libnats now discards. */
static void doubt(struct replay_connection *connection)
{
	uint64_t published = __atomic_load_n(&connection->published, __ATOMIC_RELAXED);
	uint64_t confirmed = __atomic_exchange_n(&connection->confirmed, published, __ATOMIC_RELAXED);

	connection->errors->doubtful += published - confirmed;
}

static natsStatus watch_reading(void *user, bool wanted)
{
	struct replay_connection *connection = user;

	if (wanted || connection->socket.fd < 0)
		return NATS_OK;
	replay_loop_remove(&connection->socket);
	doubt(connection);
	return NATS_OK;
}

/* The publisher pushes what it publishes. The loop's thread pushes everything else that libnats sends (PING, PONG, SUB),
 * from whichever thread. */
static natsStatus watch_writing(void *user, bool wanted)
{
	struct replay_connection *connection = user;

	if (!wanted || !pthread_equal(pthread_self(), connection->publisher) || !connection->publishing)
		replay_loop_want_write(&connection->socket, wanted);
	return NATS_OK;
}

static natsStatus detach(void *user)
{
	struct replay_connection *connection = user;

	replay_loop_remove(&connection->socket);
	return NATS_OK;
}

/* ---- libnats calls these from a thread of its own ---- */

static void on_error(natsConnection *nats, natsSubscription *subscription, natsStatus status, void *context)
{
	struct replay_connection_errors *errors = ((struct replay_connection *)context)->errors;
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

static void on_disconnected(natsConnection *nats, void *context)
{
	struct replay_connection_errors *errors = ((struct replay_connection *)context)->errors;

	(void)nats;
	errors->disconnects += !errors->is_over;
}

/* libnats makes no further call for the connection. */
static void on_closed(natsConnection *nats, void *context)
{
	(void)nats;
	sem_post(&((struct replay_connection *)context)->closed);
}

static void on_reconnected(natsConnection *nats, void *context)
{
	(void)nats;
	((struct replay_connection *)context)->errors->reconnects++;
}

/* ---- opening and closing ---- */

static natsStatus set_options(natsOptions *options, struct replay_connection *connection, const char *name)
{
	natsStatus status =
	    natsOptions_SetEventLoop(options, connection, attach, watch_reading, watch_writing, detach);

	if (status == NATS_OK)
		status = natsOptions_SetSendAsap(options, true);
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
		status = natsOptions_SetErrorHandler(options, on_error, connection);
	if (status == NATS_OK)
		status = natsOptions_SetDisconnectedCB(options, on_disconnected, connection);
	if (status == NATS_OK)
		status = natsOptions_SetReconnectedCB(options, on_reconnected, connection);
	if (status == NATS_OK)
		status = natsOptions_SetClosedCB(options, on_closed, connection);
	return status;
}

static int connect_fault(natsStatus status, struct wire_fault *fault)
{
	const char *text = nats_GetLastError(NULL), *place = text ? strstr(text, "): ") : NULL;
	int code =
	    status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED ? -EACCES : -ECONNREFUSED;

	/* libnats begins with the place in its source: "(conn.c:2088): No server …" */
	if (place && text[0] == '(')
		text = place + 3;
	return wire_fault_set(fault, code, "cannot connect: %s",
			      text && *text ? text : natsStatus_GetText(status));
}

int replay_connection_open(struct replay_connection **connection, struct replay_loop *loop,
			   natsOptions *options, const char *name, struct replay_connection_errors *errors,
			   struct wire_fault *fault)
{
	struct replay_connection *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	replay_socket_init(&opened->socket, loop);
	sem_init(&opened->closed, 0, 0);
	opened->errors = errors;
	opened->publisher = pthread_self();
	natsStatus status = set_options(options, opened, name);
	if (status == NATS_OK)
		status = natsConnection_Connect(&opened->nats, options);
	if (status != NATS_OK) {
		replay_connection_close(opened);
		return connect_fault(status, fault);
	}
	*connection = opened;
	return 0;
}

void replay_connection_close(struct replay_connection *connection)
{
	if (!connection)
		return;
	natsConnection_Destroy(connection->nats);
	while (connection->nats && sem_wait(&connection->closed) != 0)
		; /* EINTR */
	sem_destroy(&connection->closed);
	replay_socket_fini(&connection->socket);
	free(connection->scratch);
	free(connection);
}

/* ---- publishing ---- */

static char *scratch_of(struct replay_connection *connection, size_t bytes)
{
	if (bytes <= connection->scratch_bytes)
		return connection->scratch;
	char *grown = realloc(connection->scratch, bytes);
	if (!grown)
		return NULL;
	connection->scratch = grown;
	connection->scratch_bytes = bytes;
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
static natsStatus publish_with_headers(struct replay_connection *connection,
				       const struct replay_message *message)
{
	char *scratch = scratch_of(connection, message->headers.len), *keys, *value;
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
		status = natsConnection_PublishMsg(connection->nats, msg);
	natsMsg_Destroy(msg);
	return status;
}

static bool is_away(const struct replay_connection *connection)
{
	return __atomic_load_n(&connection->socket.fd, __ATOMIC_ACQUIRE) < 0;
}

natsStatus replay_connection_publish(struct replay_connection *connection,
				     const struct replay_message *message)
{
	natsStatus status;

	if (is_away(connection))
		return natsConnection_IsClosed(connection->nats) ? NATS_CONNECTION_CLOSED
								 : NATS_INSUFFICIENT_BUFFER;
	connection->publishing = true;
	if (message->headers.len > 0)
		status = publish_with_headers(connection, message);
	else if (message->reply)
		status = natsConnection_PublishRequest(connection->nats, message->subject, message->reply,
						       message->payload.data, (int)message->payload.len);
	else
		status = natsConnection_Publish(connection->nats, message->subject, message->payload.data,
						(int)message->payload.len);
	connection->publishing = false;
	if (status != NATS_OK)
		return status;
	__atomic_store_n(&connection->published, connection->published + 1, __ATOMIC_RELAXED);
	connection->dirty = true;
	return NATS_OK;
}

bool replay_connection_push(struct replay_connection *connection)
{
	bool is_lost = is_away(connection); /* doubt() has counted the messages */
	connection->dirty = !is_lost && !replay_socket_write(&connection->socket);
	return !connection->dirty;
}

void replay_connection_wait(const struct replay_connection *connection, int timeout_ms)
{
	struct pollfd wait = {.fd = __atomic_load_n(&connection->socket.fd, __ATOMIC_ACQUIRE),
			      .events = POLLOUT};

	(void)poll(&wait, 1, timeout_ms); /* with fd -1: a sleep */
}

/* doubt() may have raised it further meanwhile. */
static void raise_confirmed(struct replay_connection *connection, uint64_t to)
{
	uint64_t confirmed = __atomic_load_n(&connection->confirmed, __ATOMIC_RELAXED);

	while (confirmed < to && !__atomic_compare_exchange_n(&connection->confirmed, &confirmed, to, false,
							      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

bool replay_connection_confirm(struct replay_connection *connection, int64_t timeout_ms)
{
	uint64_t published = __atomic_load_n(&connection->published, __ATOMIC_RELAXED);

	if (published == __atomic_load_n(&connection->confirmed, __ATOMIC_RELAXED))
		return true;
	if (natsConnection_FlushTimeout(connection->nats, timeout_ms) != NATS_OK)
		return false;
	raise_confirmed(connection, published);
	return true;
}

bool replay_connection_is_closed(const struct replay_connection *connection)
{
	return natsConnection_IsClosed(connection->nats);
}

bool replay_connection_is_up(const struct replay_connection *connection)
{
	return natsConnection_Status(connection->nats) == NATS_CONN_STATUS_CONNECTED;
}
