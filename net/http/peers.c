#include "net/http/peers.h"

#include <stdlib.h>
#include <sys/socket.h>

struct net__http_peer {
	struct net__http_peers *peers;
	struct net__http_peer *prev, *next; /* from the one that has been quiet longest */
	int fd;
	bool is_answered; /* an answer is being sent */
	bool is_leaving;  /* was shut down to make room */
};

static void append_peer(struct net__http_peers *peers, struct net__http_peer *peer)
{
	peer->prev = peers->last;
	peer->next = NULL;
	if (peers->last)
		peers->last->next = peer;
	else
		peers->first = peer;
	peers->last = peer;
}

static void unlink_peer(struct net__http_peers *peers, struct net__http_peer *peer)
{
	if (peer->prev)
		peer->prev->next = peer->next;
	else
		peers->first = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	else
		peers->last = peer->prev;
}

void net__http_peer_touch(struct net__http_peer *peer, bool is_answered)
{
	peer->is_answered = is_answered;
	unlink_peer(peer->peers, peer);
	append_peer(peer->peers, peer);
}

struct net__http_peer *net__http_peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

static void open_peer(struct net__http_peers *peers, struct MHD_Connection *connection, void **slot)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct net__http_peer *peer = calloc(1, sizeof *peer);
	*slot = peer;
	if (!peer)
		return; /* it is served like any other and closed when it is idle */
	peer->peers = peers;
	peer->fd = info->connect_fd;
	append_peer(peers, peer);
	peers->len++;
}

static void close_peer(struct net__http_peers *peers, struct net__http_peer *peer)
{
	if (!peer)
		return;
	unlink_peer(peers, peer);
	peers->len -= !peer->is_leaving;
	free(peer);
}

void net__http_peers_notify(void *context, struct MHD_Connection *connection, void **slot,
			    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		open_peer(context, connection, slot);
	else
		close_peer(context, *slot);
}

void net__http_peers_answered(void *context, struct MHD_Connection *connection, void **seen,
			      enum MHD_RequestTerminationCode code)
{
	struct net__http_peer *peer = net__http_peer_of(connection);
	(void)context;
	(void)seen;
	(void)code;
	if (peer)
		net__http_peer_touch(peer, false);
}

void net__http_peers_make_room(struct net__http_peers *peers)
{
	struct net__http_peer *quietest = NULL;
	for (struct net__http_peer *peer = peers->first; peer; peer = peer->next) {
		if (peer->is_leaving || (quietest && peer->is_answered))
			continue;
		if (!quietest || quietest->is_answered)
			quietest = peer;
		if (!quietest->is_answered)
			break;
	}
	if (!quietest)
		return;
	quietest->is_leaving = true;
	peers->len--;
	shutdown(quietest->fd, SHUT_RDWR);
}
