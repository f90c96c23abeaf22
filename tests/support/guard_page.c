#include "tests/support/guard_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	abort();
}

void guard_page_init(struct guard_page *page, size_t cap)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	page->cap = (cap + page_bytes - 1) / page_bytes * page_bytes;
	page->map_bytes = page->cap + 2 * page_bytes;
	page->map = mmap(NULL, page->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page->map == MAP_FAILED)
		die("mmap");
	page->data = page->map + page_bytes;
	if (mprotect(page->map, page_bytes, PROT_NONE) != 0 ||
	    mprotect(page->data + page->cap, page_bytes, PROT_NONE) != 0)
		die("mprotect");
}

void guard_page_fini(struct guard_page *page)
{
	munmap(page->map, page->map_bytes);
}

static void check_len(const struct guard_page *page, size_t len)
{
	if (len > page->cap) {
		fprintf(stderr, "guard page: %zu bytes do not fit in %zu\n", len, page->cap);
		abort();
	}
}

const char *guard_page_copy(struct guard_page *page, const char *data, size_t len)
{
	check_len(page, len);
	char *at = page->data + page->cap - len;
	if (len > 0)
		memmove(at, data, len);
	return at;
}

const char *guard_page_copy_first(struct guard_page *page, const char *data, size_t len)
{
	check_len(page, len);
	if (len > 0)
		memmove(page->data, data, len);
	return page->data;
}
