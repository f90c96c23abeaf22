/* compare.h - whether two payloads are equal: by bytes, or as JSON without what is expected to differ. */
#ifndef REPLAY_VERIFY_COMPARE_H
#define REPLAY_VERIFY_COMPARE_H

#include "wire/error.h"
#include "wire/slice.h"

struct replay_compare;

/* Compare bytes. NULL when out of memory. */
struct replay_compare *replay_compare_open(void);
void replay_compare_close(struct replay_compare *compare);

/* Compare JSON texts by their values: white space and the order of keys do not count. Numbers that do not fit 64 bits are
 * equal when their texts are, and strings that are not Unicode when their bytes are. */
void replay_compare_as_json(struct replay_compare *compare);

/* Compare as JSON, without the values that a path selects: $.id, $.items[*].id, $.items[0], $['odd key'], $..id (at any
 * depth), $.*. May be called several times. 0, -ENOMEM, or -EINVAL with *fault. */
int replay_compare_ignore(struct replay_compare *compare, const char *path, struct wire_fault *fault);

/* The payloads are equal. Compares bytes unless both are JSON. From any thread. */
bool replay_compare_equal(const struct replay_compare *compare, struct wire_slice recorded,
			  struct wire_slice live);

/* A text that is the same for equal JSON payloads: keys sorted, no white space, without ignored values. Returns owned
 * memory (free()) of *len bytes; NULL when the payload is not JSON or JSON was not asked for: compare its bytes. From any
 * thread. */
char *replay_compare_normal(const struct replay_compare *compare, struct wire_slice payload, size_t *len);

#endif
