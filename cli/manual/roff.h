/* roff.h - write text into a man page (mdoc(7)) so that roff takes none of it for a request, an escape or a macro. */
#ifndef CLI_MANUAL_ROFF_H
#define CLI_MANUAL_ROFF_H

#include <stddef.h>
#include <stdio.h>

/* Running text in lines of less than 80 bytes, each sentence on a line of its own as mandoc wants it. Blanks and newlines
 * separate words. */
void cli_roff_text(FILE *file, const char *text, size_t len);

/* One argument of a macro, quoted, with a blank before it. */
void cli_roff_argument(FILE *file, const char *text, size_t len);

/* Lines that are shown as they are, without their first two columns when these are blank. */
void cli_roff_literal(FILE *file, const char *text);

#endif
