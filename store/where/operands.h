/* operands.h - the values that a condition may ask for (docs/filters.md). Internal to store. */
#ifndef STORE_WHERE_OPERANDS_H
#define STORE_WHERE_OPERANDS_H

#include "store/where/program.h"

enum store__operand_type {
	STORE__TYPE_JSON, /* whatever the payload holds */
	STORE__TYPE_TEXT,
	STORE__TYPE_KIND, /* the name of a kind of event */
	STORE__TYPE_NUMBER,
	STORE__TYPE_TIME,
	STORE__TYPE_CLOCK,
};

struct store__operand {
	const char *name, *help;
	enum store__operand_type type;
	unsigned needs; /* STORE__NEEDS_ bits */
	uint32_t cost;  /* roughly nanoseconds */
};

/* Static. */
const struct store__operand *store__operand(enum store__where_operand operand);

/* The operand of this name, or STORE__WHERE_OPERANDS. `subject` is that without a token. */
enum store__where_operand store__operand_find(struct wire_slice name);

#endif
