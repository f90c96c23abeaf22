/* client.h - a client of a NATS server, through libnats: publish, and (subscription.h) subscribe.
 *
 * Messages are collected until net_client_push sends them in one write. The thread that opened a client publishes and
 * pushes; the loop's thread reads, or, for a watched client, one of libnats; messages that arrive are handed over in a
 * thread of libnats. While the server is
 * away nothing is collected: a client reconnects by itself, and messages that were pushed and not confirmed before are
 * counted as doubtful. */
#ifndef NET_CLIENT_CLIENT_H
#define NET_CLIENT_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/client/loop.h"
#include "net/client/target.h"
#include "wire/slice.h"

struct net_client;

/* Errors of clients; counted from any thread. */
struct net_client_errors {
	_Atomic bool is_over; /* clients are being closed on purpose */
	_Atomic uint64_t disconnects, reconnects;
	_Atomic uint64_t doubtful;      /* messages that may have been lost with a connection, at most */
	_Atomic uint64_t not_permitted; /* the server refused a publish or a subscription */
	_Atomic uint64_t other_errors;  /* other errors that the server or libnats reported */
	pthread_mutex_t mutex;          /* for the text */
	char last_error[300];           /* of the errors above; "" = none */
};

void net_client_errors_init(struct net_client_errors *errors);
void net_client_errors_fini(struct net_client_errors *errors);

/* ---- opening and closing ---- */

/* Reports losses and reconnects to the owner of a client, in threads of libnats. A call must be short: libnats waits for it. */
struct net_client_watch {
	/* The connection is lost, for the number-th time; bytes came last at read_ns of the monotonic clock. */
	void (*lost)(void *context, uint64_t number, int64_t read_ns, const char *why);
	/* The server has the subscriptions again after that loss, unless another one followed. */
	void (*back)(void *context, uint64_t number);
	void *context;
	bool delivers_apart; /* in threads of its own: no callee of another client delays its messages */
};

/* Connect under a name (copied). The target and the errors are borrowed. 0; or a negative code with *fault: -ECONNREFUSED,
 * or -EACCES when authentication failed. */
int net_client_open(struct net_client **client, struct net_client_loop *loop,
		    struct net_client_target *target, const char *name, struct net_client_errors *errors,
		    struct wire_fault *fault);
/* Likewise for a client that stays for weeks, of a target of its own: it notices within 15 s that a server does not answer any more, and waits longer
 * from try to try before it reconnects, up to 2 s. The watch is copied. */
int net_client_open_watched(struct net_client **client, struct net_client_target *target, const char *name,
			    struct net_client_errors *errors, const struct net_client_watch *watch,
			    struct wire_fault *fault);
/* Its loop must have been stopped, and the subscriptions ended. NULL is allowed. */
void net_client_close(struct net_client *client);

/* End the threads of libnats, after the last client was closed. */
void net_client_end_threads(void);

/* It will not be connected again: the server refuses it. */
bool net_client_is_closed(const struct net_client *client);
/* Connected at the moment. */
bool net_client_is_up(const struct net_client *client);
/* When bytes last came from the server, on the monotonic clock; of a watched client: when a message was last delivered, or a PING
 * answered, of which it sends one every 100 ms. From any thread. */
int64_t net_client_read_ns(const struct net_client *client);
/* Likewise, during the delivery of a message. Hot. */
int64_t net_client_delivery_ns(struct net_client *client);
/* The connected server's URL, for people; "" when there is none. */
void net_client_server_url(const struct net_client *client, char *url, size_t size);
/* The number that the server gave the connection; 0 when it is not known. */
uint64_t net_client_number(const struct net_client *client);
/* Write the id of the connected server; "" when it is not known. */
void net_client_server_id(const struct net_client *client, char *id, size_t size);

/* The prefix of the inboxes that it may subscribe to, without a dot at the end; borrowed from the target. */
const char *net_client_inbox_prefix(const struct net_client *client);

/* ---- publishing ---- */

struct net_client_message {
	const char *subject, *reply;        /* NUL-terminated; reply NULL: none */
	struct wire_slice headers, payload; /* headers: the block as on the wire, or empty */
};

enum net_client_published {
	NET_CLIENT_COLLECTED,
	NET_CLIENT_AWAY,      /* the server is away: try again later */
	NET_CLIENT_CLOSED,    /* for good */
	NET_CLIENT_TOO_LARGE, /* larger than the server's max_payload */
	NET_CLIENT_BAD_HEADERS,
	NET_CLIENT_NO_HEADERS, /* the server does not support them */
	NET_CLIENT_FAILED,
};

/* Collect a message. */
enum net_client_published net_client_publish(struct net_client *client,
					     const struct net_client_message *message);

/* Something is collected, or was not taken by the last push. */
bool net_client_is_dirty(const struct net_client *client);

/* Hand what was collected to the kernel. True when it took everything, or when the connection was lost; false when the
 * kernel takes no more at the moment. */
bool net_client_push(struct net_client *client);

/* Wait until the kernel takes more, at most timeout_ms. */
void net_client_wait(const struct net_client *client, int timeout_ms);

/* Wait until the server has read all that was published. False when it has not in that time. */
bool net_client_confirm(struct net_client *client, int64_t timeout_ms);

#endif
