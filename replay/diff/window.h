/* window.h - the messages of one recording that wait for their like in the other. Internal to replay.
 *
 * Each waits in three lists, always in the order of reading: all of the side; those of equal hash; those of its
 * subject. Any can leave at any time. */
#ifndef REPLAY_DIFF_WINDOW_H
#define REPLAY_DIFF_WINDOW_H

#include <sys/queue.h>

#include "replay/diff/diff.h"

struct replay__subject;

struct replay__entry {
	TAILQ_ENTRY(replay__entry) in_side, in_bucket, in_subject;
	uint64_t key;     /* what its like has, too */
	uint64_t content; /* likewise, but for the request that a reply answers */
	uint64_t request; /* the key of the request that it answers; 0 = no reply, or unknown */
	uint64_t name;    /* hash of its subject, whatever that stands for */
	uint64_t index;   /* among the messages of its side */
	uint64_t place;   /* among those of its subject */
	int64_t
	    after_ns; /* in the steady time of the other side: behind what it should be there, INT64_MIN unknown… */
	int64_t before_ns;  /* …and ahead of what, INT64_MAX unknown */
	bool is_incomplete; /* cut or partial: the hashes are those of a part */
	struct replay__subject *subject;
	struct replay_sighting sighting;
	size_t bytes; /* of memory; 0 while it borrows the event */
};

TAILQ_HEAD(replay__entries, replay__entry);

struct replay__window {
	struct replay__entries all;
	struct replay__entries *buckets; /* owned */
	size_t mask;                     /* buckets - 1 */
	size_t count;
	uint64_t bytes;
	struct replay__entry *open; /* the oldest with before_ns unknown */
};

/* 0 or -ENOMEM. */
int replay__window_init(struct replay__window *window);
void replay__window_fini(struct replay__window *window);

/* Keep a copy of the entry at the end of all lists; `waiting` is that of its subject. 0 or -ENOMEM. */
int replay__window_add(struct replay__window *window, const struct replay__entry *entry,
		       struct replay__entries *waiting);

/* The oldest with this key, or NULL. */
struct replay__entry *replay__window_find(const struct replay__window *window, uint64_t key);

/* The oldest, or NULL. */
struct replay__entry *replay__window_oldest(const struct replay__window *window);

/* A message of this side, number `index`, found its like, which the other side has at time ns: those that wait and are
 * older belong before it. */
void replay__window_anchor(struct replay__window *window, uint64_t index, int64_t ns);

/* Take an entry out of all lists; it is the caller's then, to be freed by replay__entry_free. */
void replay__window_take(struct replay__window *window, struct replay__entry *entry,
			 struct replay__entries *waiting);
void replay__entry_free(struct replay__entry *entry);

#endif
