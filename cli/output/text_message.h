/* text_message.h - a message or a delivery as a line of text, with more below it if that is wanted. */
#ifndef CLI_OUTPUT_TEXT_MESSAGE_H
#define CLI_OUTPUT_TEXT_MESSAGE_H

#include "cli/output/text_line.h"

/* Print the message after the beginning of its line, and end the line. */
void cli_text_message(struct cli_text_line *line);

#endif
