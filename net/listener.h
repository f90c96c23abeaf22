/* listener.h - wait for connections on a list of addresses.
 *
 * Connections wait in the kernel until the owner accepts them: the listener calls it in every turn of the loop in which
 * some wait. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/stream.h"
#include "wire/error.h"

struct net_listener;

/* Puts a layer on the streams of an address. */
struct net_layer {
	/* Open a layer over `below` and take that, also on failure. 0, or a negative code. */
	int (*open)(const struct net_layer *layer, struct net_stream *below, struct net_stream **stream);
};

/* Where to listen. All is borrowed until the listener is closed. */
struct net_listener_address {
	const char *host; /* numeric or a name; "0.0.0.0" and "::" are every address, of IPv6 and IPv4 */
	int port;         /* 0: a free one */
	/* Other listeners of the same user that say so too may listen on the same port: connections are spread over all. */
	bool shares_port;
	const struct net_layer *const
	    *layers; /* from the lowest to the uppermost, ends with NULL; or NULL: TCP alone */
};

/* Connections wait. The owner may accept some with net_listener_accept; it is called again while any wait. */
typedef void net_listener_waiting(struct net_listener *listener, void *owner);

/* Bind all the addresses and listen. The array is copied. 0; or a negative code with *fault naming the address, and then
 * nothing is open. */
int net_listener_open(struct net_listener **listener, uv_loop_t *loop,
		      const struct net_listener_address *addresses, size_t count,
		      net_listener_waiting *waiting, void *owner, struct wire_fault *fault);

/* The port that was bound for the address of this index. */
int net_listener_port(const struct net_listener *listener, size_t index);

/* Call from `waiting`. Accept a connection as a stream that is not started yet. 0; UV_EAGAIN when none waits; or another
 * negative code, after which others may wait. Out of descriptors, the connection is closed. */
int net_listener_accept(struct net_listener *listener, struct net_stream **stream);
/* Likewise as a plain descriptor (>= 0), without layers, and the peer's address. */
int net_listener_accept_fd(struct net_listener *listener, struct sockaddr_storage *peer);

/* Of ports that are shared: let the other listeners have all connections that are not begun yet. A connection attempt that would
 * have come here gets no answer, and is repeated by the kernel of the client about a second later. Connections that were begun
 * may still come: accept them for some round-trip times before closing, which would reset them. Returns 0 or a negative code. */
int net_listener_yield(struct net_listener *listener);

/* Stop listening. The loop must run once more, which frees the listener. NULL is allowed. */
void net_listener_close(struct net_listener *listener);

#endif
