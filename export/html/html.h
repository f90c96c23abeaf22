/* html.h - the format html: one page that shows messages as a sequence diagram, on a timeline and in a table, with their contents.
 *
 * The page (export/html/page.html, page.css, page.js; put together by cmake/EmbedPage.cmake) needs nothing but a browser and reaches for
 * nothing: its content security policy allows its own script and style, by their hashes, and nothing else. The messages stand in it
 * as JSON, in which no character can end the element that holds it, and the script shows them as text, never as markup.
 *
 * Bounded: messages beyond messages_max, all of a payload beyond 64 KiB, and payloads beyond 16 MiB in all are left out; the page says
 * so. Messages are written as they come, so memory does not grow with them. */
#ifndef EXPORT_HTML_HTML_H
#define EXPORT_HTML_HTML_H

#include "export/format.h"

struct export_html_options {
	uint64_t messages_max;
	const char *const *logs; /* names of the inputs; borrowed until the writer is closed */
	int logs_len;
	bool utc; /* times are shown so */
};

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out; options are copied. */
int export_html_open(struct export_writer **writer, const struct export_html_options *options,
		     struct export_out *out, struct wire_fault *fault);

#endif
