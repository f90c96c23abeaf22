#include "export/perfetto/counters.h"

#include "export/perfetto/fields.h"
#include "export/perfetto/proto.h"
#include "store/read/steps.h"

enum { MESSAGES_TRACK = 1, BYTES_TRACK = 2, PER_SECOND = 10 };

static void describe(struct export__packets *packets, unsigned track, const char *name, unsigned unit)
{
	struct export_buffer *packet = &packets->packet;
	const size_t begin = export__packets_begin(packets, 0);
	const size_t described = export__proto_begin(packet, PACKET_TRACK_DESCRIPTOR);

	export__proto_number(packet, TRACK_UUID, track);
	export__proto_bytes(packet, TRACK_NAME, wire_slice_str(name));
	const size_t counter = export__proto_begin(packet, TRACK_COUNTER);

	export__proto_number(packet, COUNTER_UNIT, unit);
	export__proto_end(packet, counter);
	export__proto_end(packet, described);
	export__packets_end(packets, begin);
}

static void write_value(struct export__packets *packets, unsigned track, int64_t ns, uint64_t value)
{
	struct export_buffer *packet = &packets->packet;
	const size_t begin = export__packets_begin(packets, ns);
	const size_t event = export__proto_begin(packet, PACKET_TRACK_EVENT);

	export__proto_number(packet, EVENT_TYPE, TYPE_COUNTER);
	export__proto_number(packet, EVENT_TRACK_UUID, track);
	export__proto_number(packet, EVENT_COUNTER_VALUE, value);
	export__proto_end(packet, event);
	export__packets_end(packets, begin);
}

static void write_values(struct export__counters *counters, struct export__packets *packets)
{
	write_value(packets, MESSAGES_TRACK, counters->begin_ns, counters->messages * PER_SECOND);
	write_value(packets, BYTES_TRACK, counters->begin_ns, counters->bytes * PER_SECOND);
	counters->messages = counters->bytes = 0;
}

/* The interval that begins at ns is the present one. */
static void move_on(struct export__counters *counters, struct export__packets *packets, int64_t ns)
{
	write_values(counters, packets);
	const int64_t next_ns = store_time_plus(counters->begin_ns, EXPORT__COUNTER_NS);

	if (ns > next_ns || ns < counters->begin_ns) {
		counters->begin_ns = next_ns;
		write_values(counters, packets);
	}
	counters->begin_ns = ns;
}

void export__counters_add(struct export__counters *counters, struct export__packets *packets, int64_t ns,
			  uint64_t bytes)
{
	const int64_t begin_ns = ns > 0 ? ns - ns % EXPORT__COUNTER_NS : 0;

	export__packets_prepare(packets, ns);
	if (!counters->is_described) {
		describe(packets, MESSAGES_TRACK, "messages/s", UNIT_COUNT);
		describe(packets, BYTES_TRACK, "bytes/s", UNIT_SIZE_BYTES);
		counters->is_described = true;
		counters->begin_ns = begin_ns;
	}
	/* Events are out of order by less than STORE_STEP_NS; else the clock was set back. */
	if (begin_ns > counters->begin_ns || begin_ns < counters->begin_ns - STORE_STEP_NS)
		move_on(counters, packets, begin_ns);
	counters->messages++;
	counters->bytes += bytes;
}

void export__counters_end(struct export__counters *counters, struct export__packets *packets)
{
	if (counters->is_described)
		move_on(counters, packets, INT64_MAX);
}
