/* print_csv.h - events as comma-separated values (RFC 4180), with a line of names first: --csv time,subject,payload.id
 *
 * Fields are those of cli/output/fields.h; one that an event does not have is empty. Lines end with LF. Line ends and tabs
 * within a value stay, in quotes; other control characters, and bytes that are not UTF-8, are escaped like all text for
 * people. */
#ifndef CLI_OUTPUT_PRINT_CSV_H
#define CLI_OUTPUT_PRINT_CSV_H

#include "cli/output/field_value.h"
#include "cli/output/out.h"

struct cli_csv {
	const char *names;        /* borrowed: as they were given */
	struct cli_field *fields; /* owned */
	size_t len;
	bool has_names; /* the first line was printed */
	struct cli_field_reader reader;
};

/* Compile "time,subject,payload.id". 0, or -EINVAL (-ENOMEM) with *fault. In either case call cli_csv_fini. Borrows names. */
int cli_csv_init(struct cli_csv *csv, const char *names, bool utc, struct wire_fault *fault);
void cli_csv_fini(struct cli_csv *csv);

/* Print the names, unless that has happened. */
void cli_csv_begin(struct cli_csv *csv, struct cli_out *out);
void cli_csv_print(struct cli_csv *csv, struct cli_out *out, const struct wire_event *event,
		   const struct cli_clients *clients);

#endif
