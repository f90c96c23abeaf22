/* excerpt_names.h - the connections that an excerpt names, and their numbers in the new log. Internal to store. */
#ifndef STORE_CARE_EXCERPT_NAMES_H
#define STORE_CARE_EXCERPT_NAMES_H

#include "store/format/bytes.h"
#include "store/format/table.h"

struct store__excerpt_name {
	uint64_t conn;   /* in its input */
	uint64_t number; /* in the new log */
	uint32_t input;
	uint32_t segment; /* the last one that describes it; 0: none */
};

struct store__excerpt_names {
	struct store__buffer list; /* struct store__excerpt_name */
	struct store_table table;
	bool renumbers; /* else a connection keeps its number */
};

/* 0 or -ENOMEM. */
int store__excerpt_names_init(struct store__excerpt_names *names, bool renumbers);
void store__excerpt_names_fini(struct store__excerpt_names *names);

/* The connection `conn` (wire/conn.h) of an event of input `own`; NULL when it was not named yet. Valid until the next one is
 * added. */
struct store__excerpt_name *store__excerpt_names_find(const struct store__excerpt_names *names, uint32_t own,
						      uint64_t conn);
/* Likewise, but add it; NULL when out of memory. */
struct store__excerpt_name *store__excerpt_names_get(struct store__excerpt_names *names, uint32_t own,
						     uint64_t conn);

#endif
