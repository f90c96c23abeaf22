/* clocks.h - by how much the clocks of the logs of a cluster differ. Internal to store.
 *
 * A delivery cannot precede its publish. So the smallest difference between the times of a delivery in log B and its
 * publish in log A is at least the network's delay plus what B's clock is ahead of A's: an upper bound of the latter. Messages in the other
 * direction give a lower bound, as in NTP. Bounds between A and C follow from those between A and B, and B and C.
 *
 * All clocks are taken to agree until pairs of events contradict it by more than a millisecond. From then on each clock is set to the middle between its
 * bounds, or to its bound when it has only one. Bounds are renewed every 2 s, since clocks drift. */
#ifndef STORE_CLUSTER_CLOCKS_H
#define STORE_CLUSTER_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

enum { STORE__CLOCKS_MAX = 64 }; /* inputs; those beyond are taken to have the right time */

struct store__clocks {
	uint32_t count;
	int64_t unknown_ns; /* the error of a clock that nothing is known of */
	int64_t *
	    least_ns; /* count * count: the smallest difference from publish in [a] to delivery in [b], INT64_MAX: none */
	int64_t *earlier_ns; /* likewise, of the last epoch that had any */
	int64_t *bound_ns;   /* likewise, with what follows from others */
	int64_t *ahead_ns;   /* how much each clock is ahead of the first one */
	int64_t epoch_ns;    /* when this epoch began; INT64_MIN: never */
	uint64_t changes;    /* of ahead_ns so far */
	uint32_t unused;     /* pairs that the bounds do not reflect yet */
};

/* 0 or -ENOMEM; in either case call fini. */
int store__clocks_init(struct store__clocks *clocks, uint32_t count, int64_t unknown_ns);
void store__clocks_fini(struct store__clocks *clocks);

/* Learn from a message in log `from` that was certainly delivered in log `to`: their times by the clocks of the logs. */
void store__clocks_learn(struct store__clocks *clocks, uint32_t from, int64_t message_ns, uint32_t to,
			 int64_t delivery_ns);

/* How much the clock of a log is ahead of that of the first one. Hot. */
static inline int64_t store__clocks_ahead(const struct store__clocks *clocks, uint32_t log)
{
	return log < clocks->count ? clocks->ahead_ns[log] : 0;
}

/* Two times of these logs, corrected, are in this order if they differ by more than this. */
int64_t store__clocks_error(const struct store__clocks *clocks, uint32_t a, uint32_t b);

/* Is the clock of the log proven to differ from that of the first one? *error_ns: by this much more or less than
 * store__clocks_ahead; INT64_MAX: by at least that much. */
bool store__clocks_differ(const struct store__clocks *clocks, uint32_t log, int64_t *error_ns);

#endif
