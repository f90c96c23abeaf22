/* compare_text.h - print what grew, shrank, appeared and vanished between two recordings, for people. */
#ifndef CLI_OUTPUT_COMPARE_TEXT_H
#define CLI_OUTPUT_COMPARE_TEXT_H

#include "cli/output/groups_text.h"
#include "export/text/out.h"

struct cli_compare_row {
	struct wire_slice name;
	uint64_t messages[2], bytes[2]; /* before, after */
	/* Of the rate, per second; of the count when rates are not known. */
	double change, bytes_change;
	bool is_by_bytes; /* only the bytes changed: the messages became larger or smaller */
};

enum cli_compare_class { CLI_GREW, CLI_NEW, CLI_SHRANK, CLI_GONE, CLI_COMPARE_CLASSES };

/* "grew", "new", "shrank", "gone". Static. */
const char *cli_compare_class_name(enum cli_compare_class class);

struct cli_compare_side {
	const char *log;
	int64_t from_ns, to_ns; /* time of day; from_ns >= to_ns: not known */
	uint64_t messages, bytes;
	double seconds; /* that rates are over; 1 on both sides when they are not known */
};

struct cli_compare_view {
	struct cli_compare_side sides[2]; /* before, after */
	struct {
		const struct cli_compare_row *rows; /* by falling change */
		size_t len;
	} classes[CLI_COMPARE_CLASSES];
	size_t unchanged; /* rows whose change is too small, or may be chance */
	bool has_rates;
	uint64_t top; /* rows of each class */
	struct cli_groups_words words;
	bool utc, color;
};

void cli_compare_text(struct export_out *out, const struct cli_compare_view *view);

#endif
