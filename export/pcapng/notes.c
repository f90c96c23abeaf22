#include "export/pcapng/notes.h"

#include <stdarg.h>
#include <stdio.h>

#include "export/pcapng/blocks.h"
#include "export/text/escape.h"

/* Of one addition, and the room that is left for the line of a packet's event. */
enum {
	ADDITION_COLUMNS = 500,
	ADDITION_BYTES = 2048,
	OUTSIDE_BYTES = 1400,
	PENDING_MAX = EXPORT__COMMENT_MAX / 2
};

int export__notes_init(struct export__notes *notes)
{
	*notes = (struct export__notes){.clock.utc = true};
	return export_out_init(&notes->text, -1);
}

void export__notes_fini(struct export__notes *notes)
{
	export_out_fini(&notes->text);
}

static bool has_room(const struct export__notes *notes, size_t most)
{
	return notes->text.len + ADDITION_BYTES <= most;
}

/* Characters without a width, of which any number fit into the columns, are bounded by their bytes. */
static void put_outside(struct export__notes *notes, struct wire_slice bytes)
{
	size_t len = bytes.len < OUTSIDE_BYTES ? bytes.len : OUTSIDE_BYTES;

	for (size_t i = 0; i < 3 && len < bytes.len && (bytes.data[len] & 0xc0) == 0x80; i++)
		len--;
	const size_t used = export_escape_put(&notes->text, wire_slice(bytes.data, len), ADDITION_COLUMNS);
	if (len < bytes.len && used < ADDITION_COLUMNS)
		export_out_text(&notes->text, "…");
}

static void put_seq(struct export__notes *notes, const struct wire_event *event, struct wire_source *source)
{
	const uint32_t origin = wire_source_origin(source);

	export_out_bytes(&notes->text, "seq ", 4);
	export_out_decimal(&notes->text, event->seq);
	if (origin > 0)
		export_out_format(&notes->text, " of log %u", origin + 1);
}

/* Hot: once for every packet of a message. */
void export__notes_begin(struct export__notes *notes, const struct wire_event *event,
			 struct wire_source *source)
{
	notes->text.len = notes->pending;
	put_seq(notes, event, source);
}

void export__notes_add(struct export__notes *notes, const char *format, ...)
{
	char text[400];
	va_list args;

	if (!has_room(notes, EXPORT__COMMENT_MAX))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	export_out_bytes(&notes->text, "; ", 2);
	export_out_text(&notes->text, text);
}

void export__notes_add_bytes(struct export__notes *notes, struct wire_slice bytes)
{
	if (has_room(notes, EXPORT__COMMENT_MAX))
		put_outside(notes, bytes);
}

struct wire_slice export__notes_take(struct export__notes *notes)
{
	const struct wire_slice comment = wire_slice(notes->text.data, notes->text.len);

	notes->pending = 0;
	return comment;
}

void export__notes_keep(struct export__notes *notes, const struct wire_event *event,
			struct wire_source *source, const char *what, struct wire_slice text)
{
	char time[EXPORT_TIME_TEXT];

	notes->text.len = notes->pending;
	if (!has_room(notes, PENDING_MAX)) {
		notes->dropped++;
		return;
	}
	put_seq(notes, event, source);
	export_clock_text(&notes->clock, event->time_ns, EXPORT_TIME_RFC3339, time);
	export_out_format(&notes->text, ", %s: %s", time, what);
	if (text.len > 0) {
		export_out_text(&notes->text, ": ");
		put_outside(notes, text);
	}
	export_out_char(&notes->text, '\n');
	notes->pending = notes->text.len;
}
