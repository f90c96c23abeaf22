/* cluster.h - the logs of a cluster's servers, read as one.
 *
 * With a proxy in front of each server, a message whose publisher is at one server and whose receiver is at another is a message in
 * the log of the first and a delivery without its message in the log of the second. This stage above the merge
 * (store/read/merge.h) joins them: the delivery becomes a receiver of the message, named by wire/conn.h. They are of the same cluster, have
 * the same subject, reply, headers and payload, and are at most a window apart; of several such messages
 * the order decides (decide.h), or the delivery stays an event of its own.
 *
 * Events are held for the window, in bounded memory. They leave in order of time by the clock of the first log: the
 * difference of the clocks is estimated (clocks.h) and left out of steady_ns, and of delays_ns. time_ns is as it was recorded. */
#ifndef STORE_CLUSTER_CLUSTER_H
#define STORE_CLUSTER_CLUSTER_H

#include "store/filter/filter.h"
#include "wire/source.h"

/* A delivery joins a message that was published at most so long before, or by its clock after it. */
#define STORE_CLUSTER_WINDOW_NS INT64_C(3000000000)

enum { STORE_CLUSTER_BYTES = 256 << 20 }; /* a good bound of memory */

struct store_cluster_options {
	const uint32_t
	    *clusters; /* of each input: the number of its cluster, 0 = none; borrowed for the call */
	uint32_t inputs;
	const struct store_filter *filter; /* which events are given out; borrowed; NULL = everything */
	size_t max_bytes;                  /* of the events that are held; earlier ones leave early */
	bool reverse;                      /* the source gives the latest event first */
	bool follow; /* the source may have more later: hold no event longer than a second */
};

struct store_cluster_stats {
	uint64_t joined;      /* deliveries that joined their message */
	uint64_t unpublished; /* those without a message in the window */
	uint64_t undecided;   /* those that may belong to one of several messages */
	uint64_t shortened;   /* those that were cut, masked or not seen whole: they cannot be compared */
	uint64_t early;       /* events that left before the window was over, for lack of memory */
};

struct store_cluster;

/* A stage above a source of several inputs, of which it copies what it holds. The source is borrowed. NULL when out of memory. */
struct store_cluster *store_cluster_open(struct wire_source *source,
					 const struct store_cluster_options *options);
void store_cluster_close(struct store_cluster *cluster);

/* As next of wire_source. */
int store_cluster_next(struct store_cluster *cluster, struct wire_event *event, struct wire_fault *fault);

/* As store_merge_set_written (store/read/merge.h). */
void store_cluster_set_written(struct store_cluster *cluster, bool is_written);

/* As client and origin of wire_source, of the event that was given out last. */
const struct wire_client *store_cluster_client(const struct store_cluster *cluster, uint64_t conn);
uint32_t store_cluster_origin(const struct store_cluster *cluster);

/* The delivery numbered `at`, from 0, of those that joined the message given out last: its input and sequence number. False: there
 * are not so many. */
bool store_cluster_joined(const struct store_cluster *cluster, uint32_t at, uint32_t *input, uint64_t *seq);

/* How much the clock of an input is ahead of that of the first one, as far as it is known by now; 0: it is not known to be. */
int64_t store_cluster_ahead(const struct store_cluster *cluster, uint32_t input);

/* Is the clock of an input proven to differ from that of the first one? *error_ns: by this much more or less than
 * store_cluster_ahead; INT64_MAX: by at least that much. */
bool store_cluster_clock_differs(const struct store_cluster *cluster, uint32_t input, int64_t *error_ns);

void store_cluster_stats(const struct store_cluster *cluster, struct store_cluster_stats *stats);

#endif
