/* text_line.h - the columns that lines of text begin with: time, kind, who, subject, size. */
#ifndef CLI_OUTPUT_TEXT_LINE_H
#define CLI_OUTPUT_TEXT_LINE_H

#include "cli/output/print_text.h"
#include "cli/output/row.h"

/* A line that is being printed. */
struct cli_text_line {
	struct cli_text_printer *printer;
	struct cli_row row;
	const struct wire_event *event;
	const struct export_clients *clients;
	bool has_remark; /* something follows the size */
};

/* Time and kind; on a terminal a heading before the first line of a day. */
void cli_text_line_begin(struct cli_text_line *line);

/* The client that the event is about; of a message, publisher → receivers. */
void cli_text_line_who(struct cli_text_line *line);

/* How many receivers of a message did not get it. On a narrow terminal `who` has no room for that. */
uint32_t cli_text_line_dropped(const struct cli_text_line *line);

/* The subject of a message, and its size. */
void cli_text_line_subject(struct cli_text_line *line);
void cli_text_line_size(struct cli_text_line *line);

/* The mark of a request, and its reply subject. On a terminal only its end, which identifies an inbox. */
void cli_text_line_reply(struct cli_text_line *line);

#endif
