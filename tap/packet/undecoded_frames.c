#include "tap/packet/undecoded_frames.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 80, KINDS_LISTED = 8 };

/* ---- counting ---- */

static struct tap_undecoded_frames_entry *find_entry(struct tap_undecoded_frames *undecoded,
						     enum tap_packet_kind kind, uint32_t number)
{
	for (unsigned i = 0; i < undecoded->len; i++)
		if (undecoded->entries[i].kind == kind && undecoded->entries[i].number == number)
			return &undecoded->entries[i];
	if (undecoded->len == TAP_UNDECODED_FRAMES_MAX)
		return NULL;
	struct tap_undecoded_frames_entry *entry = &undecoded->entries[undecoded->len++];
	*entry = (struct tap_undecoded_frames_entry){.kind = kind, .number = number};
	return entry;
}

void tap_undecoded_frames_add(struct tap_undecoded_frames *undecoded, enum tap_packet_kind kind,
			      uint32_t number, uint64_t frames)
{
	struct tap_undecoded_frames_entry *entry = find_entry(undecoded, kind, number);
	undecoded->frames += frames;
	if (entry)
		entry->frames += frames;
	else
		undecoded->others += frames;
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
	int len = snprintf(text, TEXT_BYTES, "of %s 0x%04x", what, number);
	if (name)
		snprintf(text + len, TEXT_BYTES - (size_t)len, " (%s)", name);
}

static void print_protocol(char *text, uint32_t protocol)
{
	const char *name = find_name(protocols, protocol);
	if (name)
		snprintf(text, TEXT_BYTES, "of %s", name);
	else
		snprintf(text, TEXT_BYTES, "of IP protocol %u", protocol);
}

static void print_link_type(char *text, uint32_t type)
{
	const char *name = pcap_datalink_val_to_name((int)type);
	snprintf(text, TEXT_BYTES, "of link type %u (%s)", type, name ? name : "unknown");
}

/* The description of an entry, to follow "12 frames". */
static const char *entry_text(const struct tap_undecoded_frames_entry *entry, char text[TEXT_BYTES])
{
	switch (entry->kind) {
	case TAP_PACKET_NOT_IP: print_number(text, "ethertype", entry->number, ethertypes); break;
	case TAP_PACKET_NOT_IP_PPP: print_number(text, "PPP protocol", entry->number, ppp_protocols); break;
	case TAP_PACKET_NOT_TCP: print_protocol(text, entry->number); break;
	case TAP_PACKET_LINK_TYPE: print_link_type(text, entry->number); break;
	case TAP_PACKET_NOT_IP_LLC: return "of IEEE 802.2 (LLC)";
	case TAP_PACKET_FRAGMENT: return "of IP datagrams that are not whole";
	case TAP_PACKET_NOT_IP_FAMILY:
		snprintf(text, TEXT_BYTES, "of address family %u", entry->number);
		break;
	default: snprintf(text, TEXT_BYTES, "with %s", tap_packet_kind_name(entry->kind)); break;
	}
	return text;
}

/* ---- the list ---- */

static int compare(const void *a, const void *b)
{
	const struct tap_undecoded_frames_entry *x = a, *y = b;
	if (x->frames != y->frames)
		return x->frames < y->frames ? 1 : -1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void append(char *text, size_t size, uint64_t frames, const char *what)
{
	size_t len = strlen(text);
	const char *noun = len > 0 ? "" : frames == 1 ? " frame" : " frames";
	snprintf(text + len, size - len, "%s%" PRIu64 "%s %s", len > 0 ? ", " : "", frames, noun, what);
}

void tap_undecoded_frames_list(const struct tap_undecoded_frames *undecoded, char *text, size_t size)
{
	struct tap_undecoded_frames sorted = *undecoded;
	uint64_t rest = sorted.frames;
	char what[TEXT_BYTES];
	qsort(sorted.entries, sorted.len, sizeof sorted.entries[0], compare);
	text[0] = '\0';
	for (unsigned i = 0; i < sorted.len && i < KINDS_LISTED; i++) {
		append(text, size, sorted.entries[i].frames, entry_text(&sorted.entries[i], what));
		rest -= sorted.entries[i].frames;
	}
	if (rest > 0)
		append(text, size, rest, "of other kinds");
}
