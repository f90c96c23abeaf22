/* trainer.h - train a zstd dictionary in a thread of its own, so that it may be given up. Internal to store. */
#ifndef STORE_CARE_TRAINER_H
#define STORE_CARE_TRAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "store/write/samples.h"

/* Train on the samples, which it takes and leaves empty. Returns the bytes of the dictionary, at most cap, at `out`; 0 when the samples
 * are not good for one; -ENOMEM; or -ECANCELED soon after *stop is set (NULL: never), while the thread ends in its own time. */
int64_t store__trainer_run(struct store__samples *samples, unsigned char *out, size_t cap,
			   const _Atomic bool *stop);

#endif
