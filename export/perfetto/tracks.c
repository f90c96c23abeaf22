#include "export/perfetto/tracks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/perfetto/fields.h"
#include "export/perfetto/proto.h"
#include "trace/memory.h"

enum { NAME_BYTES = 600, NAME_MAX_BYTES = 512, PID_MAX = 0x7fffffff };

/* Numbers of tracks: the client in the upper half; in the lower half 1 the process, 2 its instants, 3 and more its lanes. The
 * tracks of counters have 0 in the upper half. */
enum { PROCESS = 1, INSTANTS = 2, LANES = 3 };

static uint64_t uuid_of(uint32_t place, uint32_t track)
{
	return ((uint64_t)place + 1) << 32 | track;
}

void export__tracks_fini(struct export__tracks *tracks)
{
	for (uint32_t i = 0; i < tracks->cap; i++)
		export__lanes_fini(&tracks->list[i].lanes);
	free(tracks->list);
}

/* "billing #7" */
static struct wire_slice name_of(const struct trace_clients *clients, uint32_t client, char *name)
{
	if (client == TRACE_NO_CLIENT)
		return WIRE_LITERAL("(unknown)");
	const struct trace_client *known = trace_clients_at(clients, client);
	const struct wire_slice service = trace_clients_service_name(clients, known->service);
	const int len = service.len < NAME_MAX_BYTES ? (int)service.len : NAME_MAX_BYTES;
	const int written = known->origin == 0
				? snprintf(name, NAME_BYTES, "%.*s #%" PRIu64, len, service.data, known->conn)
				: snprintf(name, NAME_BYTES, "%.*s #%" PRIu64 "@%" PRIu32, len, service.data,
					   known->conn, known->origin + 1);

	return wire_slice(name, (size_t)written);
}

static void describe_process(struct export__packets *packets, const struct trace_clients *clients,
			     uint32_t client, uint32_t place)
{
	char name[NAME_BYTES];
	struct export_buffer *packet = &packets->packet;
	const size_t begin = export__packets_begin(packets, 0);
	const size_t track = export__proto_begin(packet, PACKET_TRACK_DESCRIPTOR);

	export__proto_number(packet, TRACK_UUID, uuid_of(place, PROCESS));
	const size_t process = export__proto_begin(packet, TRACK_PROCESS);

	export__proto_number(packet, PROCESS_PID, place > 0 ? place : PID_MAX);
	export__proto_text(packet, PROCESS_NAME, name_of(clients, client, name), NAME_BYTES);
	export__proto_end(packet, process);
	export__proto_end(packet, track);
	export__packets_end(packets, begin);
}

static void describe_child(struct export__packets *packets, uint32_t place, uint32_t number, const char *name)
{
	struct export_buffer *packet = &packets->packet;
	const size_t begin = export__packets_begin(packets, 0);
	const size_t track = export__proto_begin(packet, PACKET_TRACK_DESCRIPTOR);

	export__proto_number(packet, TRACK_UUID, uuid_of(place, number));
	export__proto_number(packet, TRACK_PARENT_UUID, uuid_of(place, PROCESS));
	export__proto_bytes(packet, TRACK_NAME, wire_slice_str(name));
	export__proto_end(packet, track);
	export__packets_end(packets, begin);
}

static uint64_t find_lane(struct export__tracks *tracks, struct export__packets *packets, uint32_t place,
			  int64_t start_ns, int64_t end_ns)
{
	struct export__lanes *lanes = &tracks->list[place].lanes;
	const uint32_t before = lanes->len, more = EXPORT__ALL_LANES_MAX - tracks->lanes;
	const uint32_t lane = export__lanes_find(lanes, start_ns, end_ns, before + more);

	if (lane == EXPORT__LANES_MAX) {
		tracks->no_lane++;
		return 0;
	}
	tracks->lanes += lanes->len - before;
	if (lane == before)
		describe_child(packets, place, LANES + lane, "in flight");
	return uuid_of(place, LANES + lane);
}

uint64_t export__tracks_find(struct export__tracks *tracks, struct export__packets *packets,
			     const struct trace_clients *clients, uint32_t client, int64_t start_ns,
			     int64_t end_ns, bool *is_slice)
{
	const uint32_t place = client == TRACE_NO_CLIENT ? 0 : client + 1;

	if (place >= tracks->cap &&
	    !trace_grow(&tracks->list, &tracks->cap, (uint64_t)place + 1, sizeof(*tracks->list), NULL))
		return 0;
	struct export__client_tracks *own = &tracks->list[place];

	if (!own->is_described)
		describe_process(packets, clients, client, place);
	own->is_described = true;
	const uint64_t lane = end_ns > start_ns ? find_lane(tracks, packets, place, start_ns, end_ns) : 0;

	*is_slice = lane != 0;
	if (lane != 0)
		return lane;
	if (!own->has_instants)
		describe_child(packets, place, INSTANTS, "messages");
	own->has_instants = true;
	return uuid_of(place, INSTANTS);
}
