/* page_parts.h - the page before and after its data, with script and style in it; made by cmake/EmbedPage.cmake. */
#ifndef EXPORT_HTML_PAGE_PARTS_H
#define EXPORT_HTML_PAGE_PARTS_H

#include <stddef.h>

extern const char export_html_page_before[], export_html_page_after[];
extern const size_t export_html_page_before_len, export_html_page_after_len;

#endif
