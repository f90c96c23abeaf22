#include "tap/capture/pcapng_sections.h"

#include <stdlib.h>

#include "tap/capture/link_type.h"

struct tap__pcapng_interface {
	struct tap__pcapng_link link;
	int link_type; /* DLT_… */
	bool has_packet, has_statistics;
	int64_t first_ns, packet_ns; /* of its first and its latest packet */
	int64_t statistics_ns;       /* of its latest statistics */
	uint64_t kernel, interface;  /* drops in its latest statistics */
	uint64_t only_packets;       /* drops stated by packets and not yet by statistics */
	uint64_t only_statistics;    /* drops stated by statistics since the latest packet */
};

void tap__sections_fini(struct tap__sections *sections)
{
	free(sections->interfaces);
	*sections = (struct tap__sections){0};
}

bool tap__sections_want(uint32_t type)
{
	return type == TAP__PCAPNG_SECTION || type == TAP__PCAPNG_INTERFACE || type == TAP__PCAPNG_PACKET ||
	       type == TAP__PCAPNG_SIMPLE_PACKET || type == TAP__PCAPNG_OBSOLETE_PACKET ||
	       type == TAP__PCAPNG_STATISTICS;
}

/* ---- sections and interfaces ---- */

static const char *begin_section(struct tap__sections *sections, const struct tap__pcapng_body *body)
{
	sections->len = 0;
	sections->is_big_endian = body->is_big_endian;
	return tap__pcapng_check_section(body);
}

static struct tap__pcapng_interface *add_interface(struct tap__sections *sections)
{
	if (sections->len == sections->cap) {
		size_t cap = sections->cap ? sections->cap * 2 : 8;
		struct tap__pcapng_interface *grown =
		    realloc(sections->interfaces, cap * sizeof *sections->interfaces);
		if (!grown)
			return NULL;
		sections->interfaces = grown;
		sections->cap = cap;
	}
	return &sections->interfaces[sections->len++];
}

static const char *describe_interface(struct tap__sections *sections, const struct tap__pcapng_body *body)
{
	struct tap__pcapng_link link;
	const char *wrong = tap__pcapng_parse_interface(body, &link);
	if (wrong)
		return wrong;
	if (sections->len == TAP__INTERFACES_MAX)
		return "a section has more than 65536 interfaces";
	struct tap__pcapng_interface *interface = add_interface(sections);
	if (!interface)
		return "out of memory";
	*interface =
	    (struct tap__pcapng_interface){.link = link, .link_type = tap__link_type(link.link_type)};
	return NULL;
}

/* NULL when the section has not described it. */
static struct tap__pcapng_interface *find_interface(const struct tap__sections *sections, uint32_t number)
{
	return number < sections->len ? &sections->interfaces[number] : NULL;
}

/* ---- drops ---- */

/* The increase of a counter, less what was counted by other means (*otherwise), which is used up. */
static uint64_t take_new(uint64_t now, uint64_t *before, uint64_t *otherwise)
{
	uint64_t more = now > *before ? now - *before : 0;
	uint64_t known = more < *otherwise ? more : *otherwise;
	*before += more;
	*otherwise -= known;
	return more - known;
}

static void count_packet_drops(struct tap__pcapng_interface *interface,
			       const struct tap__pcapng_packet *packet, int64_t time_ns,
			       struct tap__pcapng_news *news)
{
	uint64_t none = 0, drops = take_new(packet->drops, &none, &interface->only_statistics);
	bool has_earlier = interface->has_packet && interface->packet_ns < time_ns;
	interface->only_statistics = 0;
	interface->only_packets += drops;
	news->has_drops = drops > 0;
	news->drops = (struct tap_drops){
	    .either = drops, .from_ns = has_earlier ? interface->packet_ns : time_ns, .to_ns = time_ns};
}

/* Since when these statistics count drops that earlier ones did not. */
static int64_t start_of(const struct tap__pcapng_interface *interface,
			const struct tap__pcapng_statistics *statistics, int64_t end_ns)
{
	int64_t start_ns = end_ns;
	if (interface->has_statistics)
		start_ns = interface->statistics_ns;
	else if (statistics->start_ticks)
		start_ns = tap__pcapng_time_ns(&interface->link, statistics->start_ticks);
	else if (interface->has_packet)
		start_ns = interface->first_ns;
	return start_ns < end_ns ? start_ns : end_ns;
}

static const char *take_statistics(struct tap__sections *sections, const struct tap__pcapng_body *body,
				   struct tap__pcapng_news *news)
{
	struct tap__pcapng_statistics now;
	const char *wrong = tap__pcapng_parse_statistics(body, &now);
	struct tap__pcapng_interface *interface = wrong ? NULL : find_interface(sections, now.interface);
	if (!interface)
		return wrong ? wrong : "statistics are of an interface that was not described";
	uint64_t kernel = take_new(now.kernel_drops, &interface->kernel, &interface->only_packets);
	uint64_t by_interface =
	    take_new(now.interface_drops, &interface->interface, &interface->only_packets);
	int64_t end_ns = tap__pcapng_time_ns(&interface->link, now.end_ticks ? now.end_ticks : now.ticks);
	news->has_drops = kernel + by_interface > 0;
	news->drops = (struct tap_drops){.kernel = kernel,
					 .interface = by_interface,
					 .from_ns = start_of(interface, &now, end_ns),
					 .to_ns = end_ns};
	interface->only_statistics += kernel + by_interface;
	interface->has_statistics = true;
	interface->statistics_ns = end_ns;
	return NULL;
}

/* ---- packets ---- */

static const char *give_frame(struct tap__sections *sections, const struct tap__pcapng_packet *packet,
			      struct tap__pcapng_news *news)
{
	struct tap__pcapng_interface *interface = find_interface(sections, packet->interface);
	if (!interface)
		return "a packet is of an interface that was not described";
	if (packet->has_time)
		sections->time_ns = tap__pcapng_time_ns(&interface->link, packet->ticks);
	count_packet_drops(interface, packet, sections->time_ns, news);
	if (!interface->has_packet)
		interface->first_ns = sections->time_ns;
	interface->has_packet = true;
	interface->packet_ns = sections->time_ns;
	news->has_frame = true;
	news->frame = (struct tap_frame){.time_ns = sections->time_ns,
					 .bytes = packet->bytes,
					 .captured_bytes = packet->captured_bytes,
					 .wire_bytes = packet->wire_bytes,
					 .link_type = interface->link_type};
	tap__frame_trim(&news->frame, interface->link.fcs_bytes);
	return NULL;
}

static const char *take_packet(struct tap__sections *sections, uint32_t type,
			       const struct tap__pcapng_body *body, struct tap__pcapng_news *news)
{
	struct tap__pcapng_packet packet;
	const char *wrong;
	if (type == TAP__PCAPNG_SIMPLE_PACKET)
		wrong = tap__pcapng_parse_simple_packet(
		    body, sections->len ? sections->interfaces[0].link.snaplen : 0, &packet);
	else
		wrong = tap__pcapng_parse_packet(body, type, &packet);
	return wrong ? wrong : give_frame(sections, &packet, news);
}

const char *tap__sections_take(struct tap__sections *sections, const struct tap__pcapng_block *block,
			       const struct tap__pcapng_body *body, struct tap__pcapng_news *news)
{
	news->has_frame = news->has_drops = false;
	switch (block->type) {
	case TAP__PCAPNG_SECTION: return begin_section(sections, body);
	case TAP__PCAPNG_INTERFACE: return describe_interface(sections, body);
	case TAP__PCAPNG_STATISTICS: return take_statistics(sections, body, news);
	default: return take_packet(sections, block->type, body, news);
	}
}

int tap__sections_link_type(const struct tap__sections *sections)
{
	return sections->len ? sections->interfaces[0].link_type : -1;
}
