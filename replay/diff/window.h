/* window.h - the messages of one recording that wait for their counterpart in the other. Internal to replay/diff.
 *
 * Each is in three lists, always in the order of reading: all of the recording; those with the same hash; those of its
 * subject. Any of them can be taken out at any time. */
#ifndef REPLAY_DIFF_WINDOW_H
#define REPLAY_DIFF_WINDOW_H

#include <sys/queue.h>

#include "replay/diff/diff.h"

struct replay__subject;

struct replay__entry {
	TAILQ_ENTRY(replay__entry) in_recording, in_bucket, in_subject;
	uint64_t key;     /* hash; the counterpart has the same */
	uint64_t content; /* likewise, without the request that a reply answers */
	uint64_t request; /* key of the request that the message answers; 0 = not a reply, or not known */
	uint64_t name;    /* hash of its subject as recorded, not folded */
	uint64_t index;   /* among the messages of its recording */
	uint64_t place;   /* among those of its subject */
	/* Steady times of the other recording between which the counterpart must be: INT64_MIN and INT64_MAX when unknown. */
	int64_t after_ns, before_ns;
	bool is_incomplete; /* cut or partial: the hashes cover a part */
	struct replay__subject *subject;
	struct replay_diff_message message;
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

/* Add a copy of the entry at the end of all lists; `waiting` is that of its subject. 0 or -ENOMEM. */
int replay__window_add(struct replay__window *window, const struct replay__entry *entry,
		       struct replay__entries *waiting);

/* The oldest with this key, or NULL. */
struct replay__entry *replay__window_find(const struct replay__window *window, uint64_t key);

/* The oldest, or NULL. */
struct replay__entry *replay__window_oldest(const struct replay__window *window);

/* Message number `index` of this recording found its counterpart at steady time ns of the other: the counterparts of older
 * messages must be before that. */
void replay__window_anchor(struct replay__window *window, uint64_t index, int64_t ns);

/* Take an entry out of all lists. The caller owns it then, and frees it with replay__entry_free. */
void replay__window_take(struct replay__window *window, struct replay__entry *entry,
			 struct replay__entries *waiting);
void replay__entry_free(struct replay__entry *entry);

#endif
