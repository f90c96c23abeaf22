#include "tap/undecoded.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- counting ---- */

static struct tap_undecoded_entry *find_entry(struct tap_undecoded *undecoded, enum tap_packet_kind kind,
					      uint32_t number)
{
	for (unsigned i = 0; i < undecoded->len; i++)
		if (undecoded->entries[i].kind == kind && undecoded->entries[i].number == number)
			return &undecoded->entries[i];
	if (undecoded->len == TAP_UNDECODED_MAX)
		return NULL;
	struct tap_undecoded_entry *entry = &undecoded->entries[undecoded->len++];
	*entry = (struct tap_undecoded_entry){.kind = kind, .number = number};
	return entry;
}

void tap_undecoded_add(struct tap_undecoded *undecoded, enum tap_packet_kind kind, uint32_t number)
{
	struct tap_undecoded_entry *entry = find_entry(undecoded, kind, number);
	undecoded->frames++;
	if (entry)
		entry->frames++;
	else
		undecoded->others++;
}

static int compare(const void *a, const void *b)
{
	const struct tap_undecoded_entry *x = a, *y = b;
	if (x->frames != y->frames)
		return x->frames < y->frames ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

void tap_undecoded_sort(struct tap_undecoded *undecoded)
{
	qsort(undecoded->entries, undecoded->len, sizeof undecoded->entries[0], compare);
}

/* ---- names ---- */

struct name {
	uint32_t number;
	const char *text;
};

static const struct name ethertypes[] = {
    {0x0806, "ARP"},
    {0x8035, "RARP"},
    {0x8809, "slow protocols"},
    {0x8863, "PPPoE discovery"},
    {0x8847, "MPLS"},
    {0x888e, "802.1X"},
    {0x88cc, "LLDP"},
    {0x88e5, "MACsec, encrypted"},
    {0x88f7, "PTP"},
    {0x88e7, "PBB"},
    {0x8902, "CFM"},
    {0x22f3, "TRILL"},
    {0x22eb, "ERSPAN"},
    {0x894f, "NSH"},
    {0x9000, "loopback test"},
    {0, NULL},
};

static const struct name protocols[] = {
    {1, "ICMP"},
    {2, "IGMP"},
    {17, "UDP"},
    {47, "GRE of an unknown version"},
    {50, "ESP (encrypted)"},
    {58, "ICMPv6"},
    {59, "IPv6 without a next header"},
    {89, "OSPF"},
    {103, "PIM"},
    {112, "VRRP"},
    {115, "L2TP"},
    {132, "SCTP"},
    {0, NULL},
};

static const struct name ppp_protocols[] = {
    {0x00fd, "compressed"}, {0x8021, "IPCP"}, {0x8057, "IPV6CP"}, {0xc021, "LCP"},
    {0xc023, "PAP"},        {0xc223, "CHAP"}, {0, NULL},
};

/* NULL when there is none. */
static const char *find_name(const struct name *names, uint32_t number)
{
	while (names->text && names->number != number)
		names++;
	return names->text;
}

static void print_number(char *text, const char *what, uint32_t number, const struct name *names)
{
	const char *name = find_name(names, number);
	snprintf(text, TAP_UNDECODED_TEXT, name ? "of %s 0x%04x (%s)" : "of %s 0x%04x", what, number, name);
}

static void print_protocol(char *text, uint32_t protocol)
{
	const char *name = find_name(protocols, protocol);
	if (name)
		snprintf(text, TAP_UNDECODED_TEXT, "of %s", name);
	else
		snprintf(text, TAP_UNDECODED_TEXT, "of IP protocol %u", protocol);
}

static void print_link_type(char *text, uint32_t type)
{
	const char *name = pcap_datalink_val_to_name((int)type);
	snprintf(text, TAP_UNDECODED_TEXT, "of link type %u (%s)", type, name ? name : "unknown");
}

const char *tap_undecoded_text(const struct tap_undecoded_entry *entry, char text[TAP_UNDECODED_TEXT])
{
	switch (entry->kind) {
	case TAP_PACKET_NOT_IP: print_number(text, "ethertype", entry->number, ethertypes); break;
	case TAP_PACKET_NOT_IP_PPP: print_number(text, "PPP protocol", entry->number, ppp_protocols); break;
	case TAP_PACKET_NOT_TCP: print_protocol(text, entry->number); break;
	case TAP_PACKET_LINK_TYPE: print_link_type(text, entry->number); break;
	case TAP_PACKET_NOT_IP_FAMILY:
		snprintf(text, TAP_UNDECODED_TEXT, "of address family %u", entry->number);
		break;
	case TAP_PACKET_NOT_IP_LLC: snprintf(text, TAP_UNDECODED_TEXT, "of IEEE 802.2 (LLC)"); break;
	default: snprintf(text, TAP_UNDECODED_TEXT, "with %s", tap_packet_kind_name(entry->kind)); break;
	}
	return text;
}
