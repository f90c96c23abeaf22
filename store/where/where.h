/* where.h - conditions on events, written as an expression: $.total > 100 && header.Priority == "high".
 *
 * Compiled once, evaluated without allocation, and total: no event makes it fail. A value that is missing, or of another type
 * than the one it is compared with, makes the comparison false. Language: docs/filters.md; compiled form: program.h.
 * One condition serves one thread at a time: evaluating uses memory inside it. */
#ifndef STORE_WHERE_WHERE_H
#define STORE_WHERE_WHERE_H

#include "store/where/facts.h"
#include "wire/error.h"

/* How an expression's times are read. */
struct store_where_times {
	/* 0 with *ns since the epoch, or a negative code with *fault: `is not a time; …`. */
	int (*parse)(void *context, const char *text, int64_t *ns, struct wire_fault *fault);
	void *context;
	bool utc; /* the time of day is UTC's, else local */
};

/* Compile. times may be NULL: then times cannot be compared. 0 with *where; STORE_EFILTER with *fault that begins with the
 * column; or -ENOMEM. */
int store__where_open(struct store__where **where, struct wire_slice text,
		      const struct store_where_times *times, struct wire_fault *fault);
void store__where_close(struct store__where *where); /* NULL is fine */

/* The condition as far as it can be told from what is known: MAYBE when it depends on more. */
enum store__verdict store__where_judge(const struct store__where *where, struct store__decided decided,
				       const struct store__facts *facts);

/* The comparisons that the subject decides, as store__decided.holds; which ones these are is where->subject_tests. */
uint64_t store__where_subject(const struct store__where *where, struct wire_slice subject);

#endif
