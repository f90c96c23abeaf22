/* csv_row.h - a row of comma-separated values (RFC 4180) as a message, by the names in the first row.
 *
 * Names are those of `export --format csv`: time, subject, reply, payload, client, size, receivers, kind, header.NAME; also
 * payload_base64, and timestamp, ts, body, data. Columns of other names are passed over. A quote that is not the
 * first character of a value is a character of it. */
#ifndef EXPORT_IMPORT_CSV_ROW_H
#define EXPORT_IMPORT_CSV_ROW_H

#include "export/import/made_event.h"

/* Zeroed = none. */
struct export__csv_columns {
	struct export__csv_column {
		int kind;
		char *header; /* owned: the key of column header.NAME, NUL-terminated; else NULL */
	} * list;
	size_t len, cap;
	char *scratch; /* owned: values without their quotes */
	size_t scratch_cap;
};

/* Read the names of the columns. 0; or WIRE_EARGUMENT (-ENOMEM) with *fault: there is no column "subject", or it is no row. */
int export__csv_columns_read(struct export__csv_columns *columns, struct wire_slice row,
			     struct wire_fault *fault);
void export__csv_columns_fini(struct export__csv_columns *columns);

/* Read a row into *made. 1; 0 for a row of another kind than "message"; or a negative code with *fault, which says what is wrong
 * and not where. */
int export__csv_row_read(struct export__csv_columns *columns, struct export__made_event *made,
			 struct wire_slice row, struct wire_fault *fault);

#endif
