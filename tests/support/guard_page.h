/* guard_page.h - put bytes so that they end right at an unmapped page.
 *
 * A parser that reads one byte too far dies at once, with or without a sanitizer. */
#ifndef TESTS_SUPPORT_GUARD_PAGE_H
#define TESTS_SUPPORT_GUARD_PAGE_H

#include <stddef.h>

struct guard_page {
	char *map;
	size_t cap;       /* bytes that can be used; they end at the unmapped page */
	size_t map_bytes; /* the unmapped page included */
};

/* Room for at least cap bytes. Ends the program where memory cannot be had. */
void guard_page_init(struct guard_page *page, size_t cap);
void guard_page_fini(struct guard_page *page);

/* Copy data, at most page->cap bytes, and return where it is now; valid until the next copy. */
const char *guard_page_copy(struct guard_page *page, const char *data, size_t len);

#endif
