/* csv_rows.h - events as comma-separated values (RFC 4180), with a line of names first: --csv time,subject,payload.id
 *
 * Fields are those of export/event/fields.h; one that an event does not have is empty. Line ends and tabs
 * within a value stay, in quotes; other control characters, and bytes that are not UTF-8, are escaped like all text for
 * people. */
#ifndef EXPORT_EVENT_CSV_ROWS_H
#define EXPORT_EVENT_CSV_ROWS_H

#include "export/event/field_value.h"
#include "export/text/out.h"

struct export_csv {
	bool ends_crlf;        /* lines end with CR LF, as RFC 4180 wants; else with LF, as line tools want */
	bool defuses_formulas; /* put a ' before a value that a spreadsheet would execute */
	const char *names;     /* borrowed: as they were given */
	struct export_field *fields; /* owned */
	size_t len;
	bool has_names; /* the first line was printed */
	struct export_field_reader reader;
};

/* Compile "time,subject,payload.id". 0, or -EINVAL (-ENOMEM) with *fault. In either case call export_csv_fini. Borrows names. The
 * flags are false; set them before the first line. */
int export_csv_init(struct export_csv *csv, const char *names, bool utc, struct wire_fault *fault);
void export_csv_fini(struct export_csv *csv);

/* Print the names, unless that has happened. */
void export_csv_begin(struct export_csv *csv, struct export_out *out);
void export_csv_print(struct export_csv *csv, struct export_out *out, const struct wire_event *event,
		      const struct export_clients *clients);

#endif
