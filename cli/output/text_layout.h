/* text_layout.h - the columns of a line of text.
 *
 *   08:57:19.123 req   checkout → stock      stock.get         12 B ↩Lk9.1 {"sku":"a1"}
 *   time         tag   who                   subject           size  remarks, payload
 *
 * On a terminal every column has its place, whatever it holds, and the payload gets what is left. Without one, columns
 * widen as needed and nothing is clipped. */
#ifndef CLI_OUTPUT_TEXT_LAYOUT_H
#define CLI_OUTPUT_TEXT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct cli_text_layout {
	bool is_terminal;
	bool is_narrow;                /* times in milliseconds, clients without their numbers */
	size_t who, subject;           /* columns */
	size_t who_most, subject_most; /* that they may widen to */
	size_t between;                /* spaces between two columns */
	size_t inbox_tail; /* columns of a reply subject that are shown: its end distinguishes two requests */
};

/* columns: the terminal's width, 0 without one. */
void cli_text_layout_init(struct cli_text_layout *layout, size_t columns);

#endif
