/* address.h - host and port, as text and as socket addresses. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum {
	NET_ADDRESS_TEXT = 300, /* room for a long host name and a port */
	NET_HOST_TEXT = 256,
	NET_IP_TEXT = 64,
};

/* "10.0.0.7:4222" or "[::1]:4222" into text, cut when size is too small; returns text. */
const char *net_address_text(char *text, size_t size, const char *host, int port);

/* Split `host`, `host:port`, `[v6]` or `[v6]:port` into host[NET_HOST_TEXT], without brackets, and the port:
 * missing_port when there is none or it is not positive. False when the text is none of these. */
bool net_address_split(const char *text, int missing_port, char *host, int *port);

/* The address of a host: numeric, or a name that is looked up while the caller waits. 0, or a negative code. */
int net_address_resolve(struct sockaddr_storage *address, const char *host, int port);

/* The numeric host of a socket address into ip[NET_IP_TEXT]: IPv4 as "10.0.0.7" also when it came over an IPv6 socket; ""
 * when the address is neither. Returns the port. */
int net_address_ip(const struct sockaddr_storage *address, char *ip);

#endif
