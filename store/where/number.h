/* number.h - numbers as JSON writes them. Internal to store. Pure. */
#ifndef STORE_WHERE_NUMBER_H
#define STORE_WHERE_NUMBER_H

#include <stdint.h>

#include "wire/slice.h"

enum { STORE__NUMBER_TEXT_MAX = 400 }; /* longer ones are not read */

struct store__number {
	bool is_integer; /* without fraction and exponent, and within 64 bits */
	int64_t integer;
	double real;
};

/* Read a text that is one JSON number from its first to its last byte. False when it is none, or too long. */
bool store__number_read(struct wire_slice text, struct store__number *number);

static inline struct store__number store__number_of(int64_t integer)
{
	return (struct store__number){.is_integer = true, .integer = integer, .real = (double)integer};
}

/* Negative, 0 or positive as a is less than, equal to or greater than b: exactly when both are integers, else as doubles. */
static inline int store__number_compare(const struct store__number *a, const struct store__number *b)
{
	if (a->is_integer && b->is_integer)
		return (a->integer > b->integer) - (a->integer < b->integer);
	return (a->real > b->real) - (a->real < b->real);
}

#endif
