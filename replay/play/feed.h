/* feed.h - the thread that reads: events out of a source, messages to be played into batches.
 *
 * Runs ahead of the player by as much as the queue holds, and no further. */
#ifndef REPLAY_PLAY_FEED_H
#define REPLAY_PLAY_FEED_H

#include "replay/play/queue.h"
#include "replay/play/rewrite.h"
#include "replay/play/roster.h"
#include "replay/play/select.h"
#include "replay/verify/answers.h"
#include "wire/source.h"

/* Where events come from; opened anew for every pass and every seek. */
struct replay_input {
	/* Begin no later than at the first event that is not before steady time since_ns (INT64_MIN: at the first). 0 with
	 * *source, to be closed by its close; or a negative code with *fault. */
	int (*open)(void *context, int64_t since_ns, struct wire_source **source, struct wire_fault *fault);
	void *context;
};

struct replay_feed_options {
	struct replay_input input;
	const struct replay_select *select; /* borrowed */
	struct replay_rewrite *rewrite;     /* borrowed; used by the feed's thread alone while it runs */
	const struct replay_roster *roster; /* connections to publish on by recorded one; NULL: one for all */
	struct replay_answers *answers;     /* borrowed; NULL: requests are messages like others */
	uint32_t clones;                    /* each message so many times */
	uint64_t passes;                    /* 0 = for ever */
};

/* What was met; read it when the feed has stopped. */
struct replay_feed_counts {
	uint64_t messages;                       /* asked for */
	uint64_t omitted[REPLAY_OMISSION_COUNT]; /* of them */
	uint64_t gaps, gap_messages; /* what the log itself misses; 0 messages: unknown how many */
	struct wire_damage damage;   /* what of it could not be read */
	struct wire_steps steps;     /* of the recording's clock, which the schedule leaves out */
};

struct replay_feed {
	struct replay_feed_options options;
	struct replay_queue queue;
	struct replay_feed_counts counts;
	pthread_t thread;
	bool running;
	/* Steady time of the first message that was asked for, whichever shard's; known with the first batch. */
	int64_t origin_ns;
	/* Between the threads; the queue's mutex guards it. */
	int64_t seek_ns;
	uint64_t course; /* rises with every seek */
	bool course_is_new;
	int status; /* why reading ended early: a negative code with fault */
	struct wire_fault fault;
};

/* Start reading. 0, or a negative code with *fault. */
int replay_feed_open(struct replay_feed *feed, const struct replay_feed_options *options,
		     struct wire_fault *fault);
/* Stop reading; counts and status may be looked at. */
void replay_feed_stop(struct replay_feed *feed);
void replay_feed_close(struct replay_feed *feed);

/* Go on at steady time ns: batches already full are thrown away, and those of an older course are to be. */
void replay_feed_seek(struct replay_feed *feed, int64_t ns);

#endif
