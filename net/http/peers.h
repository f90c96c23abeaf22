/* peers.h - the connections of an HTTP server, in the order of their last activity, so that a new connection can take
 * the place of the one that has been quiet longest. Inside this folder. */
#ifndef NET_HTTP_PEERS_H
#define NET_HTTP_PEERS_H

#include <microhttpd.h>
#include <stdbool.h>

struct net__http_peer;

/* Zeroed = none. */
struct net__http_peers {
	struct net__http_peer *first, *last; /* from the one that has been quiet longest */
	unsigned len;                        /* without those that are leaving */
};

/* For MHD_OPTION_NOTIFY_CONNECTION; context is a struct net__http_peers *. */
void net__http_peers_notify(void *context, struct MHD_Connection *connection, void **slot,
			    enum MHD_ConnectionNotificationCode code);
/* For MHD_OPTION_NOTIFY_COMPLETED. */
void net__http_peers_answered(void *context, struct MHD_Connection *connection, void **seen,
			      enum MHD_RequestTerminationCode code);

/* NULL when there was no memory to follow this connection. */
struct net__http_peer *net__http_peer_of(struct MHD_Connection *connection);
/* The peer sent a request or took a piece of an answer. */
void net__http_peer_touch(struct net__http_peer *peer, bool is_answered);

/* Shut down the peer that has been quiet longest, preferably one that is not being answered: it may be there only to
 * keep others out. */
void net__http_peers_make_room(struct net__http_peers *peers);

#endif
