/* text_headers.h - the headers of a message in short form, for its line: {Nats-Msg-Id: 77, Trace-Id: abc, …} */
#ifndef CLI_OUTPUT_TEXT_HEADERS_H
#define CLI_OUTPUT_TEXT_HEADERS_H

#include "cli/output/row.h"

/* Every line of the block is well-formed. */
bool cli_text_headers_are_valid(struct wire_slice block);

/* Columns of all headers of a valid block, 0 without any; most + 1 when there are more than most. */
size_t cli_text_headers_columns(struct wire_slice block, size_t most);

/* The fewest columns in which the headers of a valid block are worth showing: the first key, and some of its value. */
size_t cli_text_headers_least(struct wire_slice block);

/* Print the headers of a valid block in at most `most` columns: "…" stands for those that do not fit. */
void cli_text_headers(struct cli_row *row, struct wire_slice block, size_t most);

#endif
