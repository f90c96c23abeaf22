/* paragraphs.h - read the texts of commands: paragraphs and items.
 *
 * Paragraphs are separated by blank lines; within one, a newline is a blank. A line that begins with a blank is an item:
 * its term, at least two blanks, its text. The text goes on in lines that are indented more than four columns. */
#ifndef CLI_MANUAL_PARAGRAPHS_H
#define CLI_MANUAL_PARAGRAPHS_H

#include <stdbool.h>

#include "wire/slice.h"

struct cli_paragraph {
	struct wire_slice term; /* empty: a paragraph, else an item */
	struct wire_slice text; /* words between blanks and newlines */
	bool is_apart;          /* a blank line comes before it */
};

/* Read the paragraph or item at *text, which is advanced past it. Borrows the text. False at the end. */
bool cli_paragraph_next(const char **text, struct cli_paragraph *paragraph);

#endif
