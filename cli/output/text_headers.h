/* text_headers.h - the headers of a message in short form, for its line: {Nats-Msg-Id: 77, Trace-Id: abc, …} */
#ifndef CLI_OUTPUT_TEXT_HEADERS_H
#define CLI_OUTPUT_TEXT_HEADERS_H

#include "cli/output/row.h"
#include "wire/headers.h"

struct cli_text_headers {
	bool is_valid;                  /* every line is well-formed */
	struct wire_slice status, text; /* of the first line */
	size_t columns;                 /* of all headers; 0 = there are none; most + 1 = more than most */
	size_t least; /* columns from which on they are worth showing: the first key, some of its value */
};

/* Look at a header block, which is not empty, in one pass. */
void cli_text_headers_look(struct cli_text_headers *headers, struct wire_slice block, size_t most);

/* Print the headers of a valid block in at most `most` columns: "…" stands for those that do not fit. fits: all do. */
void cli_text_headers_put(struct cli_row *row, struct wire_slice block, size_t most, bool fits);

/* The status is 503 without a text, as servers send it: there are no responders. */
bool cli_text_status_is_bare(struct wire_slice status, struct wire_slice text);

/* Print a status of the first line and its text. A bare 503 is "no responders". */
void cli_text_status(struct cli_row *row, enum cli_color color, struct wire_slice status,
		     struct wire_slice text);

#endif
