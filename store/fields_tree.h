/* fields_tree.h - learn the templates of records: see fields.h. Internal to store.
 *
 * A record walks down the tree as far as pieces match. Where none does, one that ends at the next run of letters and
 * digits with a digit in it is added: words are taken for constant, numbers, times and hexadecimal ids are not.
 * Once a node is there any run may stand in its field, so that an id is one even when chance left it no digit. */
#ifndef STORE_FIELDS_TREE_H
#define STORE_FIELDS_TREE_H

#include "store/fields.h"

struct store__node {
	uint32_t piece_at, piece_len; /* in the records */
	uint32_t field_at, field_len; /* of the first record */
	uint32_t count;               /* records that passed */
	uint32_t fields_bytes;        /* of all of them */
	uint16_t first, next;         /* child tried first, sibling tried next; 0 = none */
	uint16_t parent;
	uint16_t children;
	uint32_t hits; /* records for which one of the children was there already */
	uint8_t depth; /* the root has 0 */
	uint8_t width; /* bytes of the longest field */
	bool has_field, is_constant;
};

/* A record passed a node. */
struct store__step {
	uint32_t end; /* of the field, in the records */
	uint16_t node, field_len;
};

struct store__tree {
	struct store__node *nodes; /* [0] is the root */
	uint32_t len;              /* nodes, the root included */
};

/* 0 or -ENOMEM. */
int store__tree_init(struct store__tree *tree);
void store__tree_fini(struct store__tree *tree);

/* Forget everything. */
void store__tree_clear(struct store__tree *tree);

/* Walk the record raw[at..end) down the tree, which grows; steps has room for STORE__FIELDS_DEPTH_MAX. raw has raw_len
 * bytes. Returns how many steps were taken: what is behind the last one matched nothing. */
uint32_t store__tree_walk(struct store__tree *tree, const unsigned char *raw, size_t raw_len, uint32_t at,
			  uint32_t end, struct store__step *steps);

#endif
