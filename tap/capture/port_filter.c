#include "tap/capture/port_filter.h"

#include <stdio.h>
#include <stdlib.h>

/* Packets that may contain TCP where libpcap does not look: fragments after the first, extension headers, and
 * encapsulations, whose ports the decoder finds (tap/packet/packet.h). */
#define WITHOUT_PORTS                                                                                   \
	"(ip[6:2] & 0x1fff != 0 and (ip proto 6 or ip proto 17)) or "                                   \
	"(ip proto 4 or ip proto 41 or ip proto 47 or ip proto 51 or ip proto 97 or ip proto 137) or "  \
	"(ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or "          \
	"ip6[6] = 135 or ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 47 or ip6[6] = 97 or ip6[6] = 137)) or " \
	"udp port 4789 or udp port 4790 or udp port 8472 or udp port 6081 or udp port 6635"
#define WITHOUT_IP " or ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or ether proto 0x6558"

static void put_ports(FILE *out, const uint16_t *ports, size_t count)
{
	if (count == 0)
		fputs("tcp or ", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "tcp port %u or ", ports[i]);
	fputs(WITHOUT_PORTS WITHOUT_IP, out);
}

/* In libpcap `vlan` shifts everything after it by one tag, so a second `vlan` means the second tag. */
static void put_filter(FILE *out, const char *filter, const uint16_t *ports, size_t count, bool has_vlan)
{
	if (filter)
		fprintf(out, "(%s) and (", filter);
	put_ports(out, ports, count);
	for (int tags = 1; has_vlan && tags <= 2; tags++) {
		fputs(" or (vlan and (", out);
		put_ports(out, ports, count);
		fputs("))", out);
	}
	if (filter)
		fputc(')', out);
}

char *tap_port_filter(const char *filter, const uint16_t *ports, size_t ports_count, bool has_vlan)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	put_filter(out, filter, ports, ports_count, has_vlan);
	bool is_whole = !ferror(out);
	if (fclose(out) == 0 && is_whole)
		return text;
	free(text);
	return NULL;
}
