/* guard_page.h - put bytes so that they end, or begin, right at an unmapped page.
 *
 * A parser that reads one byte too far dies at once, with or without a sanitizer. */
#ifndef TESTS_SUPPORT_GUARD_PAGE_H
#define TESTS_SUPPORT_GUARD_PAGE_H

#include <stddef.h>

struct guard_page {
	char *map;        /* begins with the first unmapped page */
	char *data;       /* what can be used, between two unmapped pages */
	size_t cap;       /* bytes of it */
	size_t map_bytes; /* both unmapped pages included */
};

/* Room for at least cap bytes. Ends the program where memory cannot be had. */
void guard_page_init(struct guard_page *page, size_t cap);
void guard_page_fini(struct guard_page *page);

/* Copy data, at most page->cap bytes, so that it ends where the last page begins, and return where it is now;
 * valid until the next copy. */
const char *guard_page_copy(struct guard_page *page, const char *data, size_t len);

/* Likewise, so that it begins where the first page ends. */
const char *guard_page_copy_first(struct guard_page *page, const char *data, size_t len);

#endif
