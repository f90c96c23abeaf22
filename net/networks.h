/* networks.h - a list of IP networks, such as 10.0.0.0/8 or 2001:db8::/32. */
#ifndef NET_NETWORKS_H
#define NET_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/error.h"

struct net_network {
	unsigned char ip[16]; /* IPv4 as mapped into IPv6 */
	unsigned bits;
};

struct net_networks {
	struct net_network *list; /* owned */
	size_t count;
};

/* Add a network, "IP/BITS" or "IP" for a single address. 0, or a negative code with *fault. */
int net_networks_add(struct net_networks *networks, const char *text, struct wire_fault *fault);
void net_networks_fini(struct net_networks *networks);

/* Does one of them contain the numeric address? */
bool net_networks_contain(const struct net_networks *networks, const char *ip);

#endif
