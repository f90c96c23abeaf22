/* merge.h - merge several sources into one, by time: logs, and others that give events in order of time.
 *
 * Times are compared without clock steps (steady_ns): where the clock of one source was set, its events stay next to the events
 * of other sources that happened at the same time.
 * Each source keeps its own order. Of two events with equal times, the one of the source that was added first comes first; in
 * reverse, last. */
#ifndef STORE_READ_MERGE_H
#define STORE_READ_MERGE_H

#include "store/cluster/cluster.h"
#include "store/read/reader.h"

struct store_merge;

/* A merge without sources. reverse: the sources give their latest event first. NULL when out of memory. */
struct store_merge *store_merge_open(bool reverse);
void store_merge_close(struct store_merge *merge);

/* Takes the source, also on failure. 0 or -ENOMEM. */
int store_merge_add(struct store_merge *merge, struct wire_source *source);

/* Take a filter that the sources borrow, and close it after them. */
void store_merge_keep(struct store_merge *merge, struct store_filter *filter);

/* Open a log or segment with these options, of which `reverse` must be the merge's, and add it. Followed logs can be
 * waited for. 0, or a negative code with *fault. */
int store_merge_add_log(struct store_merge *merge, const char *path,
			const struct store_reader_options *options, struct wire_fault *fault);

/* Join the events of clusters among the sources, which must give whole events. After the last source was added and before the
 * first event is read. 0 or -ENOMEM. */
int store_merge_join(struct store_merge *merge, const struct store_cluster_options *options);

/* The cluster that joins the inputs; NULL before store_merge_join. */
const struct store_cluster *store_merge_cluster(const struct store_merge *merge);

/* Of logs of a cluster that are followed: may they go on? If not, the events that wait for deliveries are given out at their end;
 * otherwise, as after store_merge_join, after a second. */
void store_merge_set_written(struct store_merge *merge, bool is_written);

/* The merge as a source, valid as long as the merge; closing either closes both. */
struct wire_source *store_merge_source(struct store_merge *merge);

/* As next of wire_source: the earliest event first (in reverse: the latest). Does not wait for a source that has nothing new. */
int store_merge_next(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault);

/* As store_reader_wait: something new in any of the logs. */
int store_merge_wait(struct store_merge *merge, int timeout_ms);

/* As client of wire_source, of the source that the event just read came from. */
const struct wire_client *store_merge_client(const struct store_merge *merge, uint64_t conn);

/* As damage of wire_source, summed. */
void store_merge_damage(const struct store_merge *merge, struct wire_damage *damage);

#endif
