/* mermaid.h - text in a Mermaid diagram, where it is data and never markup.
 *
 * Mermaid reads entities (#59;), comments, directives (%%{init: ...}%%), HTML and Markdown in labels, and ends one at ; and at a
 * line's end. Characters that take part in any of these are written as their numbers, what is not printable as cat prints it. */
#ifndef EXPORT_TEXT_MERMAID_H
#define EXPORT_TEXT_MERMAID_H

#include "wire/slice.h"

enum { EXPORT_MERMAID_CHARACTER = 64 };

/* Write the first character of a text that is not empty, NUL-terminated. Returns how many bytes of the text it stands for. */
size_t export_mermaid_character(struct wire_slice text, char out[EXPORT_MERMAID_CHARACTER]);

#endif
