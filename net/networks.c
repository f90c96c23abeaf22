#include "net/networks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

enum { ALL_BITS = 128, MAPPED_BITS = 96 };

/* IPv4 comes out as mapped into IPv6. */
static bool read_ip(const char *text, unsigned char ip[16])
{
	char mapped[NET_IP_TEXT + 8];
	snprintf(mapped, sizeof mapped, strchr(text, ':') ? "%s" : "::ffff:%s", text);
	mapped[strcspn(mapped, "%")] = '\0'; /* a scope */
	return inet_pton(AF_INET6, mapped, ip) == 1;
}

static bool read_bits(const char *text, bool is_v4, unsigned *bits)
{
	size_t len = strlen(text);
	*bits = (unsigned)atoi(text) + (is_v4 ? MAPPED_BITS : 0);
	return len > 0 && len <= 3 && strspn(text, "0123456789") == len && *bits <= ALL_BITS;
}

static bool read_network(const char *text, struct net_network *network)
{
	char ip[NET_IP_TEXT];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	if (len >= sizeof ip)
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	network->bits = ALL_BITS;
	return read_ip(ip, network->ip) &&
	       (!*slash || read_bits(slash + 1, !strchr(ip, ':'), &network->bits));
}

int net_networks_add(struct net_networks *networks, const char *text, struct wire_fault *fault)
{
	struct net_network network;
	if (!read_network(text, &network))
		return wire_fault_set(fault, -EINVAL, "%.100s: not of the form IP or IP/BITS", text);
	struct net_network *grown = realloc(networks->list, (networks->count + 1) * sizeof *grown);
	if (!grown)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	grown[networks->count++] = network;
	networks->list = grown;
	return 0;
}

void net_networks_fini(struct net_networks *networks)
{
	free(networks->list);
	*networks = (struct net_networks){0};
}

static bool contains(const struct net_network *network, const unsigned char ip[16])
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	if (memcmp(network->ip, ip, bytes) != 0)
		return false;
	return rest == 0 || (network->ip[bytes] ^ ip[bytes]) >> (8 - rest) == 0;
}

bool net_networks_contain(const struct net_networks *networks, const char *text)
{
	unsigned char ip[16];
	if (!read_ip(text, ip))
		return false;
	for (size_t i = 0; i < networks->count; i++)
		if (contains(&networks->list[i], ip))
			return true;
	return false;
}
