/* merge.h - several logs as one stream, by time; one log alike.
 *
 * Each log keeps its own order. Where the order of two events of different logs is open (equal times), the log
 * that was named first comes first; in reverse, last. */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "store/reader.h"

struct store_merge;

/* Open every path with the same options (see store_reader_open), of which `last` counts for each log. 0, or a
 * negative code with *fault. */
int store_merge_open(struct store_merge **merge, const char *const *paths, size_t count,
		     const struct store_reader_options *options, struct wire_fault *fault);
void store_merge_close(struct store_merge *merge);

/* As store_reader_next, over all logs: the earliest event first (in reverse: the latest). Following, a log that has
 * nothing new does not hold the others up. */
int store_merge_next(struct store_merge *merge, struct wire_event *event, struct wire_fault *fault);

/* As store_reader_wait: something new in any of the logs. */
int store_merge_wait(struct store_merge *merge, int timeout_ms);

/* As store_reader_client, of the log that the event just read came from. */
const struct wire_client *store_merge_client(const struct store_merge *merge, uint64_t conn);

/* Which of the paths the event just read came from. */
size_t store_merge_source(const struct store_merge *merge);

/* As store_reader_damage, summed. */
void store_merge_damage(const struct store_merge *merge, uint64_t *blocks, uint64_t *events);

#endif
