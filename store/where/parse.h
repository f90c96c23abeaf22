/* parse.h - read a condition into a tree. Grammar: docs/filters.md. Internal to store.
 *
 * && binds more tightly than ||, and ! more tightly than both. */
#ifndef STORE_WHERE_PARSE_H
#define STORE_WHERE_PARSE_H

#include "store/where/program.h"
#include "store/where/where.h"

enum { STORE__WHERE_NODES_MAX = 2 * STORE__WHERE_TESTS_MAX, STORE__WHERE_NO_NODE = 255 };

struct store__where_node {
	enum { STORE__NODE_TEST, STORE__NODE_ALL, STORE__NODE_ANY } kind;
	bool is_negated;
	uint8_t test; /* STORE__NODE_TEST: its index */
	uint8_t child,
	    sibling; /* nodes: the first child; the next child of the same node; or STORE__WHERE_NO_NODE */
};

struct store__where_tree {
	struct store__where_node nodes[STORE__WHERE_NODES_MAX];
	uint8_t count, root;
};

/* Fill in where->tests, in the order of the text and without their jumps, and *tree. 0; STORE_EFILTER with *fault naming the
 * column; or -ENOMEM. */
int store__where_parse(struct store__where *where, struct store__where_tree *tree, struct wire_slice text,
		       const struct store_where_times *times, struct wire_fault *fault);

#endif
