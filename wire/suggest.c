#include "wire/suggest.h"

#include <string.h>

enum { LONGEST = 100 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Levenshtein's distance, row by row: insertions, deletions and replacements that turn a into b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[LONGEST + 1];
	size_t b_len = strlen(b);
	for (unsigned i = 0; i <= b_len; i++)
		row[i] = i;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *wire_suggest(const char *typed, const char *const *words)
{
	const char *nearest = NULL;
	size_t len = strlen(typed);
	unsigned best = 1 + (unsigned)len / 3; /* a third of the letters may be wrong */
	if (len > LONGEST)
		return NULL;
	for (; *words; words++) {
		unsigned d = strlen(*words) > LONGEST ? LONGEST : distance(typed, *words);
		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}
