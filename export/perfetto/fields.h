/* fields.h - the numbers of the fields and values of Perfetto's protos that are written. Internal to export/perfetto.
 *
 * Source: protos/perfetto/trace of Perfetto: trace.proto, trace_packet.proto, clock_snapshot.proto,
 * track_event/track_event.proto, track_descriptor.proto, process_descriptor.proto, counter_descriptor.proto,
 * debug_annotation.proto, interned_data/interned_data.proto. */
#ifndef EXPORT_PERFETTO_FIELDS_H
#define EXPORT_PERFETTO_FIELDS_H

enum {
	TRACE_PACKET = 1,

	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_TRACK_DESCRIPTOR = 60,

	FLAG_STATE_CLEARED = 1,
	FLAG_NEEDS_STATE = 2,

	CLOCKS_CLOCK = 1,
	CLOCKS_PRIMARY = 2,
	CLOCK_ID = 1,
	CLOCK_TIMESTAMP = 2,
	CLOCK_REALTIME = 1,
	CLOCK_BOOTTIME = 6,

	INTERNED_CATEGORIES = 1,
	INTERNED_EVENT_NAMES = 2,
	INTERNED_ANNOTATION_NAMES = 3,
	INTERNED_ID = 1,
	INTERNED_NAME = 2,

	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_PARENT_UUID = 5,
	TRACK_COUNTER = 8,
	PROCESS_PID = 1,
	PROCESS_NAME = 6,
	COUNTER_UNIT = 3,
	COUNTER_UNIT_NAME = 6,
	UNIT_COUNT = 2,
	UNIT_SIZE_BYTES = 3,

	EVENT_CATEGORY_IDS = 3,
	EVENT_ANNOTATIONS = 4,
	EVENT_TYPE = 9,
	EVENT_NAME_ID = 10,
	EVENT_TRACK_UUID = 11,
	EVENT_COUNTER_VALUE = 30,
	EVENT_FLOW_IDS = 47,
	EVENT_TERMINATING_FLOW_IDS = 48,
	TYPE_SLICE_BEGIN = 1,
	TYPE_SLICE_END = 2,
	TYPE_INSTANT = 3,
	TYPE_COUNTER = 4,

	ANNOTATION_NAME_ID = 1,
	ANNOTATION_BOOL = 2,
	ANNOTATION_UINT = 3,
	ANNOTATION_STRING = 6,
};

#endif
