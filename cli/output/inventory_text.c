#include "cli/output/inventory_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "export/text/sizes.h"

static const struct cli_table_column columns[] = {
    {.heading = "FIRST", .is_right = true},
    {.heading = "EVENTS", .is_right = true},
    {.heading = "FROM"},
    {.heading = "TO"},
    {.heading = "STORED", .is_right = true},
    {.heading = "RAW", .is_right = true},
    {.heading = "BY"},
    {.heading = "STATE"},
};

struct cli_table *cli_inventory_table(void)
{
	return cli_table_open(columns, sizeof(columns) / sizeof(columns[0]));
}

static void add(struct cli_table *table, enum cli_color color, const char *text)
{
	cli_table_add(table, color, wire_slice_str(text));
}

static void add_time(struct cli_table *table, struct export_clock *clock, int64_t ns, bool is_known)
{
	char text[EXPORT_TIME_TEXT] = "-";

	if (is_known)
		export_clock_text(clock, ns, EXPORT_TIME_SECOND, text);
	add(table, CLI_PLAIN, text);
}

static void add_size(struct cli_table *table, uint64_t bytes)
{
	char text[EXPORT_SIZE_TEXT];

	add(table, CLI_PLAIN, export_size_text(text, bytes));
}

static void put_part(char *text, size_t size, const char *part, uint64_t count, const char *noun)
{
	char number[EXPORT_SIZE_TEXT];
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s %s%s", len > 0 ? ", " : "", export_count_text(number, count),
		 noun, part);
}

static const char *condition_of(const struct store_inventory_segment *segment)
{
	return segment->is_unreadable    ? "unreadable"
	       : segment->has_bad_footer ? "bad footer"
	       : segment->is_closed      ? "closed"
					 : "open";
}

static void add_state(struct cli_table *table, const struct store_inventory_segment *segment)
{
	char text[200];

	snprintf(text, sizeof(text), "%s", condition_of(segment));
	if (segment->damaged_places > 0)
		put_part(text, sizeof(text), "", segment->damaged_places,
			 segment->damaged_places == 1 ? "damaged place" : "damaged places");
	if (segment->missing_events > 0)
		put_part(text, sizeof(text), " missing", segment->missing_events,
			 segment->missing_events == 1 ? "event" : "events");
	add(table, store_inventory_is_damaged(segment) ? CLI_RED : CLI_PLAIN, text);
}

void cli_inventory_add(struct cli_table *table, struct export_clock *clock,
		       const struct store_inventory_segment *segment)
{
	char number[EXPORT_SIZE_TEXT];

	snprintf(number, sizeof(number), "%" PRIu64, segment->first_seq);
	add(table, CLI_PLAIN, number);
	add(table, CLI_PLAIN, export_count_text(number, segment->events));
	add_time(table, clock, segment->from_ns, segment->events > 0);
	add_time(table, clock, segment->to_ns, segment->events > 0);
	add_size(table, segment->stored_bytes);
	add_size(table, segment->raw_bytes);
	add(table, CLI_PLAIN, segment->header.written_by[0] ? segment->header.written_by : "-");
	add_state(table, segment);
}

static void put_range(struct cli_row *row, struct export_clock *clock,
		      const struct store_inventory *inventory)
{
	char from[EXPORT_TIME_TEXT], to[EXPORT_TIME_TEXT];

	if (inventory->events == 0)
		return;
	export_clock_text(clock, inventory->from_ns, EXPORT_TIME_SECOND, from);
	export_clock_text(clock, inventory->to_ns, EXPORT_TIME_SECOND, to);
	cli_row_format(row, CLI_PLAIN, ", %" PRIu64 "..%" PRIu64 ", %s to %s", inventory->first_seq,
		       inventory->last_seq, from, to);
}

static void put_state(struct cli_row *row, const struct store_inventory *inventory)
{
	char count[EXPORT_SIZE_TEXT];

	if (inventory->is_written)
		cli_row_text(row, CLI_GREEN, ", being written");
	else if (inventory->open_segments > 0)
		cli_row_text(row, CLI_YELLOW, ", left open by a crash");
	if (inventory->damaged_segments > 0)
		cli_row_format(row, CLI_RED, ", %s segment%s damaged",
			       export_count_text(count, inventory->damaged_segments),
			       export_plural(inventory->damaged_segments));
	if (inventory->missing_events > 0)
		cli_row_format(row, CLI_RED, ", %s event%s missing",
			       export_count_text(count, inventory->missing_events),
			       export_plural(inventory->missing_events));
}

void cli_inventory_summary(struct cli_row *row, struct export_clock *clock, const char *log,
			   const struct store_inventory *inventory)
{
	char segments[EXPORT_SIZE_TEXT], events[EXPORT_SIZE_TEXT], stored[EXPORT_SIZE_TEXT],
	    raw[EXPORT_SIZE_TEXT];

	cli_row_put(row, CLI_BOLD, wire_slice_str(log), CLI_ROW_ENDLESS);
	cli_row_format(row, CLI_PLAIN, ": %s segment%s, %s event%s",
		       export_count_text(segments, inventory->segments), export_plural(inventory->segments),
		       export_count_text(events, inventory->events), export_plural(inventory->events));
	put_range(row, clock, inventory);
	cli_row_format(row, CLI_PLAIN, ", %s (raw %s)", export_size_text(stored, inventory->stored_bytes),
		       export_size_text(raw, inventory->raw_bytes));
	if (inventory->written_by[0])
		cli_row_put(row, CLI_PLAIN, wire_slice_str(", by "), CLI_ROW_ENDLESS);
	cli_row_put(row, CLI_PLAIN, wire_slice_str(inventory->written_by), CLI_ROW_ENDLESS);
	put_state(row, inventory);
	cli_row_end(row);
}
