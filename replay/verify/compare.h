/* compare.h - is a live reply the recorded one? By bytes, or as JSON without what is bound to differ. */
#ifndef REPLAY_VERIFY_COMPARE_H
#define REPLAY_VERIFY_COMPARE_H

#include "wire/error.h"
#include "wire/slice.h"

struct replay_compare;

/* Compare bytes. NULL when out of memory. */
struct replay_compare *replay_compare_open(void);
void replay_compare_close(struct replay_compare *compare);

/* From now on compare JSON texts as what they say: neither white space nor the order of keys counts. A number beyond 64
 * bits equals one of the same text, and what is not Unicode in a string equals the same bytes. */
void replay_compare_as_json(struct replay_compare *compare);

/* As JSON, but for what a path leads to: $.id, $.items[*].id, $.items[0], $['odd key'], $..id (at any depth), $.*.
 * 0, -ENOMEM, or -EINVAL with *fault. */
int replay_compare_ignore(struct replay_compare *compare, const char *path, struct wire_fault *fault);

/* The payloads are equal. What is not JSON on both sides is compared by bytes. Any thread. */
bool replay_compare_equal(const struct replay_compare *compare, struct wire_slice recorded,
			  struct wire_slice live);

/* The payload in a form that is the same text for equal ones: keys sorted, no white space, what is ignored left out. Owned
 * (free()), *len bytes; NULL when it is to be compared by bytes: it is not JSON, or that was not asked for. Any thread. */
char *replay_compare_normal(const struct replay_compare *compare, struct wire_slice payload, size_t *len);

#endif
