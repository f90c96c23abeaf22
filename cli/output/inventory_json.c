#include "cli/output/inventory_json.h"

static void put_times(struct export_json *json, struct export_clock *clock, int64_t from_ns, int64_t to_ns)
{
	export_json_time(json, "from", clock, from_ns);
	export_json_time(json, "to", clock, to_ns);
}

static void put_writer(struct export_json *json, const char *written_by)
{
	if (written_by[0])
		export_json_string(json, "written_by", wire_slice_str(written_by));
}

void cli_inventory_segment_json(struct export_json *json, struct export_clock *clock,
				const struct store_inventory_segment *segment)
{
	export_json_object(json, NULL);
	export_json_bytes(json, "path", wire_slice_str(segment->path));
	export_json_quoted(json, "first_seq", segment->first_seq);
	if (segment->events > 0) {
		export_json_quoted(json, "last_seq", segment->last_seq);
		put_times(json, clock, segment->from_ns, segment->to_ns);
	}
	export_json_number(json, "events", segment->events);
	export_json_number(json, "messages", segment->messages);
	export_json_number(json, "stored_bytes", segment->stored_bytes);
	export_json_number(json, "raw_bytes", segment->raw_bytes);
	put_writer(json, segment->header.written_by);
	if (segment->is_closed)
		export_json_true(json, "closed");
	if (store_inventory_is_damaged(segment))
		export_json_true(json, "damaged");
	if (segment->is_unreadable)
		export_json_true(json, "unreadable");
	if (segment->has_bad_footer)
		export_json_true(json, "bad_footer");
	export_json_number(json, "damaged_places", segment->damaged_places);
	export_json_number(json, "missing_events", segment->missing_events);
	export_json_number(json, "torn_bytes", segment->torn_bytes);
	export_json_object_end(json);
}

void cli_inventory_json(struct export_json *json, struct export_clock *clock,
			const struct store_inventory *inventory)
{
	export_json_number(json, "segment_count", inventory->segments);
	export_json_number(json, "open_segments", inventory->open_segments);
	export_json_number(json, "damaged_segments", inventory->damaged_segments);
	if (inventory->events > 0) {
		export_json_quoted(json, "first_seq", inventory->first_seq);
		export_json_quoted(json, "last_seq", inventory->last_seq);
		put_times(json, clock, inventory->from_ns, inventory->to_ns);
	}
	export_json_number(json, "events", inventory->events);
	export_json_number(json, "messages", inventory->messages);
	export_json_number(json, "stored_bytes", inventory->stored_bytes);
	export_json_number(json, "raw_bytes", inventory->raw_bytes);
	export_json_number(json, "missing_events", inventory->missing_events);
	put_writer(json, inventory->written_by);
	if (inventory->is_written)
		export_json_true(json, "being_written");
}
