/* number.h - numbers as the text of JSON. */
#ifndef EXPORT_DECODE_NUMBER_H
#define EXPORT_DECODE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPORT__NUMBER_TEXT = 40 };

/* The shortest text that reads as the same number: "0.1", "1e+300"; "NaN", "Infinity", "-Infinity". Returns its length. */
size_t export__double_text(char text[EXPORT__NUMBER_TEXT], double value);
size_t export__float_text(char text[EXPORT__NUMBER_TEXT], float value);

/* Readers of JSON do not round an integer of this size. */
static inline bool export__is_exact(uint64_t size)
{
	return size <= (uint64_t)1 << 53;
}

#endif
