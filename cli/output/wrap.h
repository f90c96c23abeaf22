/* wrap.h - break text into lines at its blanks, for help texts and errors. Words, and short quotations
 * such as "tapedeck cat --help", are never broken: a longer one has a line of its own. */
#ifndef CLI_OUTPUT_WRAP_H
#define CLI_OUTPUT_WRAP_H

#include <stddef.h>
#include <stdio.h>

/* The columns for text on fd: those of the terminal, but at most 100; 80 when it is not a terminal. */
size_t cli_wrap_columns(int fd);

/* Columns that a terminal gives the first len bytes of UTF-8 text. */
size_t cli_wrap_width(const char *text, size_t len);

/* Print the first len bytes of text, in which blanks and newlines separate words, and a newline at the end. The cursor is
 * at `column`, where a word may begin; further lines are indented by `indent`. */
void cli_wrap(FILE *file, const char *text, size_t len, size_t column, size_t indent, size_t columns);

#endif
