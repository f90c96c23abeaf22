#include "tap/proxy/announce.h"

#include <stdio.h>

#include "net/proxy_header.h"
#include "net/tcp.h"

static void send_header(const struct tap_proxy *proxy, struct net_stream *server,
			const struct net_proxy_end *source, const struct net_proxy_end *destination)
{
	char header[NET_PROXY_HEADER_ROOM];
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

void tap__announce(const struct tap_proxy *proxy, const struct net_stream *client, struct net_stream *server)
{
	struct net_proxy_end source, destination;
	if (proxy->options.send_proxy == 0)
		return;
	if (!client) {
		send_header(proxy, server, NULL, NULL);
		return;
	}
	source.port = client->port;
	snprintf(source.ip, sizeof source.ip, "%s", client->ip);
	get_destination(client, &destination);
	send_header(proxy, server, &source, &destination);
}
