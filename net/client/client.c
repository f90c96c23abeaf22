#include "net/client/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/client_layout.h"
#include "net/client/connect.h"
#include "net/client/libnats_error.h"
#include "wire/redact.h"

enum { END_MS = 5000 /* to wait for libnats' threads */ };

void net_client_errors_init(struct net_client_errors *errors)
{
	*errors = (struct net_client_errors){0};
	pthread_mutex_init(&errors->mutex, NULL);
}

void net_client_errors_fini(struct net_client_errors *errors)
{
	pthread_mutex_destroy(&errors->mutex);
}

/* ---- opening and closing ---- */

static int connect_fault(const struct net_client_target *target, natsStatus status, struct wire_fault *fault)
{
	int code = net__client_is_refusal(status) ? -EACCES : -ECONNREFUSED;

	return wire_fault_set(fault, code, "cannot connect to %s: %s", target->servers,
			      net__libnats_error(status));
}

/* NULL when out of memory. */
static struct net_client *new_client(struct net_client_loop *loop, struct net_client_target *target,
				     const char *name, struct net_client_errors *errors)
{
	struct net_client *opened = calloc(1, sizeof *opened);
	if (!opened)
		return NULL;
	opened->name = strdup(name);
	if (!opened->name) {
		free(opened);
		return NULL;
	}
	net__client_socket_init(&opened->socket, loop ? net__client_loop_fd(loop) : -1,
				net__client_await_deliveries, opened);
	opened->reopener = loop ? net__client_loop_reopener(loop) : NULL;
	opened->reopening = (struct net__reopening){.reopen = net__client_reopen, .context = opened};
	net__client_pulse_init(&opened->pulse);
	pthread_mutex_init(&opened->subscriptions_lock, NULL);
	sem_init(&opened->closed, 0, 0);
	opened->target = target;
	opened->errors = errors;
	opened->servers = target->servers;
	opened->inbox_prefix = target->inbox_prefix;
	opened->publisher = pthread_self();
	return opened;
}

/* With a loop, or with a watch. */
static int open_client(struct net_client **client, struct net_client_loop *loop,
		       struct net_client_target *target, const char *name, struct net_client_errors *errors,
		       const struct net_client_watch *watch, struct wire_fault *fault)
{
	struct net_client *opened = new_client(loop, target, name, errors);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->is_watched = watch != NULL;
	if (watch)
		opened->watch = *watch;
	natsStatus status = net__client_connect(opened, &opened->nats);
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
	net__client_pulse_fini(&client->pulse);
	pthread_mutex_destroy(&client->subscriptions_lock);
	net__client_socket_fini(&client->socket);
	free(client->name);
	free(client->scratch);
	free(client);
}

void net_client_end_threads(void)
{
	nats_CloseAndWait(END_MS);
}

bool net_client_is_closed(const struct net_client *client)
{
	return client->is_watched ? natsConnection_IsClosed(client->nats) : client->has_given_up;
}

bool net_client_is_up(const struct net_client *client)
{
	bool is_up = natsConnection_Status(net__client_use(client)) == NATS_CONN_STATUS_CONNECTED;

	net__client_unuse(client);
	return is_up;
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

	if (natsConnection_GetConnectedUrl(net__client_use(client), connected, sizeof(connected)) != NATS_OK)
		connected[0] = '\0';
	net__client_unuse(client);
	wire_redact_urls(connected, url, size);
}

uint64_t net_client_number(const struct net_client *client)
{
	uint64_t number = 0;

	(void)natsConnection_GetClientID(net__client_use(client), &number);
	net__client_unuse(client);
	return number;
}

const char *net_client_inbox_prefix(const struct net_client *client)
{
	return client->inbox_prefix;
}

void net_client_server_id(const struct net_client *client, char *id, size_t size)
{
	if (natsConnection_GetConnectedServerId(net__client_use(client), id, size) != NATS_OK)
		id[0] = '\0';
	net__client_unuse(client);
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
	(void)net__client_use(client);
	client->publishing = true;
	natsStatus status = publish(client, message);
	client->publishing = false;
	net__client_unuse(client);
	if (status == NATS_CONNECTION_CLOSED && !net_client_is_closed(client))
		return NET_CLIENT_AWAY;
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
	natsStatus status = natsConnection_FlushTimeout(net__client_use(client), timeout_ms);
	net__client_unuse(client);
	if (status == NATS_OK)
		raise_confirmed(client, published);
	return status == NATS_OK;
}
