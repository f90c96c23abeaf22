/* connection.h - a connection to publish on.
 *
 * What is published is collected until replay_connection_push: one write for all that is due together. One thread
 * publishes and pushes; the loop's thread reads. While the server is away nothing is collected: libnats connects
 * anew by itself, and what was pushed and not confirmed before is counted as doubtful. */
#ifndef REPLAY_PLAY_CONNECTION_H
#define REPLAY_PLAY_CONNECTION_H

#include <pthread.h>
#include <semaphore.h>

#include "replay/play/loop.h"
#include "replay/play/message.h"

/* What happens to connections, counted from whatever thread it happens in. */
struct replay_troubles {
	_Atomic bool is_over; /* connections are being closed on purpose */
	_Atomic uint64_t disconnects, reconnects;
	_Atomic uint64_t doubtful;      /* messages that a lost connection may have swallowed, at most */
	_Atomic uint64_t not_permitted; /* the server refused a publish or a subscription */
	_Atomic uint64_t other_errors;  /* other errors that the server or libnats told */
	pthread_mutex_t mutex;          /* for the text */
	char last_error[300];           /* of the errors above; "" = none */
};

void replay_troubles_init(struct replay_troubles *troubles);
void replay_troubles_fini(struct replay_troubles *troubles);

struct replay_connection {
	struct replay_socket socket; /* first: libnats' callbacks find the connection from it */
	natsConnection *nats;
	struct replay_troubles *troubles; /* borrowed */
	pthread_t publisher;              /* the thread that opened it */
	uint64_t published;               /* so far; atomic */
	uint64_t confirmed;               /* of them: the server is known to have read them; atomic */
	bool publishing;                  /* the publisher's own: it is in a call that publishes */
	bool dirty;                       /* there is something to push */
	sem_t closed;                     /* libnats will not call any more */
	char *scratch;                    /* owned: for headers on their way */
	size_t scratch_bytes;
};

/* Connect under a name (copied). options: libnats' options of where and as whom; what this module needs is set in
 * them. 0; or a negative code with *fault: -ECONNREFUSED, -EACCES when authentication failed. */
int replay_connection_open(struct replay_connection **connection, struct replay_loop *loop,
			   natsOptions *options, const char *name, struct replay_troubles *troubles,
			   struct wire_fault *fault);
/* The loop must have been stopped. */
void replay_connection_close(struct replay_connection *connection);

/* Collect a message. NATS_INSUFFICIENT_BUFFER while the server is away: try again later. */
natsStatus replay_connection_publish(struct replay_connection *connection,
				     const struct replay_message *message);

/* Hand what was collected to the kernel. True when all of it is there, or was lost with the connection; false when the
 * kernel takes no more at the moment. */
bool replay_connection_push(struct replay_connection *connection);

/* Wait until the kernel takes more, at most so long. */
void replay_connection_wait(const struct replay_connection *connection, int timeout_ms);

/* Wait until the server has read all that was published. False when it has not in that time. */
bool replay_connection_confirm(struct replay_connection *connection, int64_t timeout_ms);

/* libnats has given up: it will not connect again. */
bool replay_connection_is_closed(const struct replay_connection *connection);
/* Connected at the moment. */
bool replay_connection_is_up(const struct replay_connection *connection);

#endif
