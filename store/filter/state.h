/* state.h - what a filter is inside: shared by filter.c, which collects conditions, and passes.h and passes.c, which check
 * them. Internal to store. */
#ifndef STORE_FILTER_STATE_H
#define STORE_FILTER_STATE_H

#include "store/where/program.h"

/* Owned strings. Zeroed = empty. */
struct store__filter_list {
	char **items;
	size_t count;
};

struct store__header_condition {
	char *key;                /* owned */
	char *value;              /* owned; NULL: any */
	struct wire_regex *regex; /* owned; NULL: none */
};

struct store__filter_headers {
	struct store__header_condition *list; /* owned */
	size_t count;
};

/* Where regular expressions look. */
enum { STORE__GREP_PAYLOAD = 1 << 0, STORE__GREP_HEADERS = 1 << 1, STORE__GREP_SUBJECT = 1 << 2 };

struct store__filter_greps {
	struct wire_regex **list; /* owned */
	size_t count;
	unsigned places; /* STORE__GREP_ bits */
};

/* Both inclusive. */
struct store__seq_range {
	uint64_t first, last;
};

struct store_filter {
	/* Which events are looked at. */
	uint32_t kinds; /* bit (1 << kind) */
	bool has_kinds; /* given by the user: repeated connect events pass */
	int64_t since_ns, until_ns;
	struct store__seq_range *seqs; /* owned */
	size_t seqs_count;
	struct store__filter_list subjects, excludes;

	/* Which of them are chosen. */
	uint64_t min_size;
	bool is_unheard;
	struct store__filter_list clients, receivers;
	struct store__filter_headers headers;
	struct store__filter_greps greps;
	struct store__where *where; /* owned; NULL: none */
	bool is_inverted;

	char *where_text; /* owned: of where */
};

#endif
