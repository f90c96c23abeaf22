#include "tap/proxy/announce.h"

#include <stdio.h>

#include "net/proxy_header.h"
#include "net/tcp.h"

static void announce(const struct tap_proxy *proxy, struct net_stream *server,
		     const struct net_proxy_end *source, const struct net_proxy_end *destination)
{
	char header[NET_PROXY_HEADER_ROOM];
	if (proxy->options.send_proxy != 0)
		net_tcp_greet(server, header,
			      net_proxy_header_write(header, proxy->options.send_proxy, source, destination));
}

/* Where the client's connection has arrived. */
static void get_destination(const struct net_stream *client, struct net_proxy_end *destination)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof address;
	getsockname(client->fd, (struct sockaddr *)&address, &len);
	destination->port = net_address_ip(&address, destination->ip);
}

void tap__announce_client(struct tap__link *link)
{
	struct net_proxy_end source = {.port = link->client->port}, destination;
	if (link->proxy->options.send_proxy == 0)
		return;
	snprintf(source.ip, sizeof source.ip, "%s", link->client->ip);
	get_destination(link->client, &destination);
	announce(link->proxy, link->server, &source, &destination);
}

void tap__announce_check(const struct tap_proxy *proxy, struct net_stream *server)
{
	announce(proxy, server, NULL, NULL);
}
