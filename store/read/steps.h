/* steps.h - find out where the clock of a recording was set, from the times of its events.
 *
 * Pure. A position numbers the times in order: the sequence number of an event, the number of a frame. Positions must rise.
 * Three things show a step:
 *   - a mark that says by how much (wire/mark.h);
 *   - a time that lies more than STORE_STEP_NS before the latest one: the clock was set back. How much time really passed meanwhile is not known and taken for none;
 *   - a silence about as long as a later step back: the clock was ahead and was corrected. Likewise a silence about as long as a step back before it,
 *     when that was a minute or more: the clock was behind and was corrected.
 * A step ahead that was neither marked nor corrected looks like a silence and is taken for one. */
#ifndef STORE_READ_STEPS_H
#define STORE_READ_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/source.h"

/* Packets and event loops are out of order by less; a step of less does no harm. */
#define STORE_STEP_NS INT64_C(500000000)

enum { STORE_STEPS_MAX = 65536, STORE__SILENCES = 64 };

struct store_step {
	uint64_t at;      /* position of the first time of the new clock */
	int64_t by_ns;    /* not 0 */
	int64_t total_ns; /* of this step and all before it */
	bool is_paired;   /* it was corrected, or is the correction */
};

/* Zeroed: no steps. */
struct store_steps {
	struct store_step *list; /* by rising position */
	size_t count, cap;
	/* While they are looked for: */
	bool is_begun;
	int64_t front_ns; /* the latest time on the present clock */
	struct {
		uint64_t at;         /* the position after it */
		int64_t ns;          /* 0: none */
	} silences[STORE__SILENCES]; /* the last one of each power of two */
};

void store_steps_fini(struct store_steps *steps);

/* Add the next time. Hot: called for every event of some logs. -ENOMEM, or 0; steps beyond STORE_STEPS_MAX are not kept. */
int store_steps_see(struct store_steps *steps, uint64_t at, int64_t time_ns);

/* Add a mark that says that the clock was set by by_ns just before it; 0: it does not say by how much. Replaces
 * store_steps_see for the mark. */
int store_steps_mark(struct store_steps *steps, uint64_t at, int64_t time_ns, int64_t by_ns);

/* The sum of all steps up to this position. Times minus that are steady. */
int64_t store_steps_total(const struct store_steps *steps, uint64_t at);

/* time_ns without the steps before it. Saturates. */
int64_t store_steps_steady(const struct store_steps *steps, uint64_t at, int64_t time_ns);

/* Add the steps after position from, up to position to. */
void store_steps_between(const struct store_steps *steps, uint64_t from, uint64_t to,
			 struct wire_steps *found);

/* a - b and a + b; what does not fit is the nearest that does. */
int64_t store_time_minus(int64_t a, int64_t b);
int64_t store_time_plus(int64_t a, int64_t b);

#endif
