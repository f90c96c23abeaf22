/* fields_tree.h - learn the templates of records: see fields.h. Internal to store.
 *
 * A record descends the tree as far as pieces match. Where none matches, a node is added whose piece ends at the next word of
 * letters and digits that contains a digit: words without a digit count as constant text; numbers, times and hexadecimal
 * ids do not. In the field of an existing node any word may stand, so that an id that happens to have no digit fits, too. */
#ifndef STORE_FORMAT_FIELDS_TREE_H
#define STORE_FORMAT_FIELDS_TREE_H

#include <stdalign.h>

#include "store/format/fields.h"

/* A record passes a node: its number, and the length of the field there. */
struct store__tree_step {
	uint16_t node, field_len;
};

/* One cache line. */
struct store__node {
	alignas(64) struct store__node *first; /* child tried first */
	struct store__node *next;              /* sibling tried next */
	struct store__node *parent;
	const unsigned char *piece; /* in the first record */
	uint32_t piece_len;
	uint32_t constant_len; /* of the piece, and of the field after it while all records have the same */
	uint32_t widest_len;   /* of the piece and the longest field */
	uint32_t run;          /* marks of the longest field: see fields_tree.c; 0 = unknown */
	struct store__tree_step
	    widest;       /* the step with the longest field; length 0: no field, records end here */
	uint32_t count;   /* records that passed */
	uint32_t padding; /* bytes by which all fields together are shorter than the longest */
	uint16_t children;
};

struct store__tree {
	struct store__node *nodes; /* [0] is the root */
	uint32_t len;              /* nodes, the root included */
};

/* The path of a record through the tree. */
struct store__tree_path {
	uint32_t steps;
	uint32_t
	    tail; /* where its tail begins, in the records: no piece matches the bytes after the last step */
};

/* 0 or -ENOMEM. */
int store__tree_init(struct store__tree *tree);
void store__tree_fini(struct store__tree *tree);

/* Forget everything. */
void store__tree_clear(struct store__tree *tree);

/* Descend the tree with the record raw[at..end). The tree grows, and borrows raw[0..raw_len) until it is cleared. steps has
 * room for STORE__FIELDS_DEPTH_MAX. */
struct store__tree_path store__tree_walk(struct store__tree *tree, const unsigned char *raw, size_t raw_len,
					 uint32_t at, uint32_t end, struct store__tree_step *steps);

#endif
