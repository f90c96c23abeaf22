/* field_value.h - the value of a field (export/event/fields.h) of an event, as the bytes it has. */
#ifndef EXPORT_EVENT_FIELD_VALUE_H
#define EXPORT_EVENT_FIELD_VALUE_H

#include "export/decode/decode.h"
#include "export/event/clients.h"
#include "export/event/fields.h"
#include "export/text/clock.h"

/* Zeroed, except the clock's utc, before the first value. */
struct export_field_reader {
	struct export_clock clock;
	struct wire_json json; /* memory of the reader of JSON */
	char *text;            /* owned: values that are put together */
	size_t len, cap;
	bool has_value; /* while one is put together */
	bool is_short_of_memory;
	struct export_decoder *decoder; /* borrowed; NULL = payloads as they are */
	bool was_decoded;               /* the event's payload was… */
	struct wire_slice decoded;      /* …to this; data is NULL when it could not be */
};

/* Begin with another event. */
void export_field_reader_begin(struct export_field_reader *reader);

void export_field_reader_fini(struct export_field_reader *reader);

/* The event must be the one that export_field_reader_begin was called for. True with *value, which is valid until the next call and as long as the event; false when the event has no such
 * value. */
bool export_field_value(struct export_field_reader *reader, const struct export_field *field,
			const struct wire_event *event, const struct export_clients *clients,
			struct wire_slice *value);

#endif
