/* connection.h - a connection to publish on, through libnats.
 *
 * Messages are collected until replay_connection_push sends them in one write. One thread publishes and pushes; the
 * loop's thread reads. While the server is away nothing is collected: libnats reconnects by itself, and messages that
 * were pushed and not confirmed before are counted as doubtful. */
#ifndef REPLAY_PLAY_CONNECTION_H
#define REPLAY_PLAY_CONNECTION_H

#include <pthread.h>
#include <semaphore.h>

#include "replay/play/batch.h"
#include "replay/play/loop.h"

/* Errors of connections; counted from any thread. */
struct replay_connection_errors {
	_Atomic bool is_over; /* connections are being closed on purpose */
	_Atomic uint64_t disconnects, reconnects;
	_Atomic uint64_t doubtful;      /* messages that may have been lost with a connection, at most */
	_Atomic uint64_t not_permitted; /* the server refused a publish or a subscription */
	_Atomic uint64_t other_errors;  /* other errors that the server or libnats reported */
	pthread_mutex_t mutex;          /* for the text */
	char last_error[300];           /* of the errors above; "" = none */
};

void replay_connection_errors_init(struct replay_connection_errors *errors);
void replay_connection_errors_fini(struct replay_connection_errors *errors);

struct replay_connection {
	struct replay_socket socket; /* first: libnats' callbacks find the connection by it */
	natsConnection *nats;
	struct replay_connection_errors *errors; /* borrowed */
	pthread_t publisher;                     /* the thread that opened it */
	uint64_t published;                      /* so far; atomic */
	uint64_t confirmed; /* of them: the server has confirmed that it read them; atomic */
	bool publishing;    /* the publisher is in a call that publishes; only it reads this */
	bool dirty;         /* there is something to push */
	sem_t closed;       /* libnats will not call any more */
	char *scratch;      /* owned: for headers that are being published */
	size_t scratch_bytes;
};

/* Connect under a name (copied). options: libnats' servers and credentials; this function sets further options in them.
 * 0; or a negative code with *fault: -ECONNREFUSED, or -EACCES when authentication failed. */
int replay_connection_open(struct replay_connection **connection, struct replay_loop *loop,
			   natsOptions *options, const char *name, struct replay_connection_errors *errors,
			   struct wire_fault *fault);
/* The loop must have been stopped. */
void replay_connection_close(struct replay_connection *connection);

/* Collect a message. NATS_INSUFFICIENT_BUFFER while the server is away: try again later. */
natsStatus replay_connection_publish(struct replay_connection *connection,
				     const struct replay_message *message);

/* Hand what was collected to the kernel. True when it took everything, or when the connection was lost; false when the
 * kernel takes no more at the moment. */
bool replay_connection_push(struct replay_connection *connection);

/* Wait until the kernel takes more, at most timeout_ms. */
void replay_connection_wait(const struct replay_connection *connection, int timeout_ms);

/* Wait until the server has read all that was published. False when it has not in that time. */
bool replay_connection_confirm(struct replay_connection *connection, int64_t timeout_ms);

/* libnats has given up: it will not connect again. */
bool replay_connection_is_closed(const struct replay_connection *connection);
/* Connected at the moment. */
bool replay_connection_is_up(const struct replay_connection *connection);

#endif
