/* csv.h - the format csv: comma-separated values with a line of names first, RFC 4180 (lines end with CR LF).
 *
 * Columns are the fields of export/event/fields.h. Control characters and bytes that are not UTF-8 are escaped as in text for
 * people: the format jsonl keeps every byte. */
#ifndef EXPORT_EVENT_CSV_H
#define EXPORT_EVENT_CSV_H

#include "export/format.h"

#define EXPORT_CSV_COLUMNS "time,kind,client,subject,reply,size,receivers,status,payload"

struct export_csv_options {
	const char *columns; /* borrowed: "time,subject"; NULL = EXPORT_CSV_COLUMNS */
	bool
	    keeps_formulas; /* values that a spreadsheet would execute stay as they are; else a ' is put before them */
	bool utc;           /* times are UTC; else local */
};

/* 0 with *writer, to be closed by the caller; or -EINVAL (a column does not exist) or -ENOMEM with *fault. Borrows out. */
int export_csv_open(struct export_writer **writer, const struct export_csv_options *options,
		    struct export_out *out, struct wire_fault *fault);

#endif
