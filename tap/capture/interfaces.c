#include "tap/capture/interfaces.h"

#include <net/if.h>
#include <netdb.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "tap/capture/interface.h"

/* The text of an address without its zone, empty when it is not one of the Internet. host: NI_MAXHOST. */
static void write_address(const struct sockaddr *address, char *host)
{
	socklen_t len = address && address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
			: address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
								    : 0;
	host[0] = '\0';
	if (len == 0 || getnameinfo(address, len, host, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
		host[0] = '\0';
	host[strcspn(host, "%")] = '\0';
}

static void write_addresses(const pcap_if_t *each, struct tap_interface *interface)
{
	char *out = interface->addresses;
	size_t size = sizeof(interface->addresses), len = 0;
	for (const pcap_addr_t *at = each->addresses; at; at = at->next) {
		char host[NI_MAXHOST];
		write_address(at->addr, host);
		if (host[0] && len + strlen(host) + 3 < size)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", host);
	}
}

/* libpcap lists others, too: Bluetooth, USB, netfilter queues. */
static bool is_network(const pcap_if_t *each)
{
	return strcmp(each->name, "any") == 0 || if_nametoindex(each->name) != 0;
}

int tap_interfaces_list(void (*take)(void *context, const struct tap_interface *interface), void *context,
			struct wire_fault *fault)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_if_t *list = NULL;
	if (pcap_findalldevs(&list, reason) != 0)
		return wire_fault_set(fault, TAP_EINTERFACE, "cannot list the network interfaces: %s",
				      reason);
	for (const pcap_if_t *each = list; each; each = each->next) {
		struct tap_interface interface = {.name = each->name,
						  .is_any = strcmp(each->name, "any") == 0,
						  .is_up = (each->flags & PCAP_IF_UP) != 0,
						  .has_link = (each->flags & PCAP_IF_RUNNING) != 0};
		if (!is_network(each))
			continue;
		write_addresses(each, &interface);
		take(context, &interface);
	}
	pcap_freealldevs(list);
	return 0;
}

int tap_interfaces_check_right(struct wire_fault *fault)
{
	const struct tap_capture_options options = {.interface = "any", .buffer_bytes = 1 << 20};
	pcap_t *pcap;
	int error = tap__interface_open(&pcap, &options, fault);
	if (error == 0)
		pcap_close(pcap);
	return error;
}
