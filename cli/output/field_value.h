/* field_value.h - the value of a field (cli/output/fields.h) of an event, as the bytes it has. */
#ifndef CLI_OUTPUT_FIELD_VALUE_H
#define CLI_OUTPUT_FIELD_VALUE_H

#include "cli/output/clients.h"
#include "cli/output/fields.h"
#include "cli/output/times.h"

/* Zeroed, except the clock's utc, before the first value. */
struct cli_field_reader {
	struct cli_clock clock;
	struct wire_json json; /* memory of the reader of JSON */
	char *text;            /* owned: values that are put together */
	size_t len, cap;
	bool has_value; /* while one is put together */
	bool is_short_of_memory;
};

void cli_field_reader_fini(struct cli_field_reader *reader);

/* True with *value, which is valid until the next call and as long as the event; false when the event has no such
 * value. */
bool cli_field_value(struct cli_field_reader *reader, const struct cli_field *field,
		     const struct wire_event *event, const struct cli_clients *clients,
		     struct wire_slice *value);

#endif
