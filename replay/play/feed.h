/* feed.h - the thread that reads: events from a source, messages that are to be played into batches.
 *
 * It reads ahead of the player as far as the batches reach, and no further. */
#ifndef REPLAY_PLAY_FEED_H
#define REPLAY_PLAY_FEED_H

#include "replay/play/batch_queue.h"
#include "replay/play/publishers.h"
#include "replay/play/rewrite.h"
#include "replay/play/select.h"
#include "replay/verify/live_replies.h"
#include "wire/source.h"

/* Where events come from; opened again for every iteration and every seek. */
struct replay_input {
	/* Open a source that begins at or before the first event whose steady time is since_ns or later (INT64_MIN: at the
	 * first event). 0 with *source, which the caller closes; or a negative code with *fault. */
	int (*open)(void *context, int64_t since_ns, struct wire_source **source, struct wire_fault *fault);
	/* Close it; NULL = by its own close. */
	void (*close)(void *context, struct wire_source *source);
	void *context;
};

static inline void replay_input_close(const struct replay_input *input, struct wire_source *source)
{
	if (input->close)
		input->close(input->context, source);
	else
		source->close(source);
}

struct replay_feed_options {
	struct replay_input input;
	const struct replay_select *select; /* borrowed */
	struct replay_rewrite *rewrite;     /* borrowed; only the feed's thread uses it while it runs */
	const struct replay_publishers
	    *publishers;                  /* which connection plays whose messages; NULL: one plays all */
	struct replay_live_replies *live; /* borrowed; NULL: requests are messages like others */
	uint32_t clones;                  /* how often each message is sent */
	uint64_t iterations;              /* 0 = for ever */
};

/* The counts of messages read. Valid after the feed was stopped. */
struct replay_feed_counts {
	uint64_t messages;                       /* asked for */
	uint64_t omitted[REPLAY_OMISSION_COUNT]; /* of them */
	uint64_t gaps, gap_messages; /* what is missing in the log itself; 0 messages: unknown how many */
	struct wire_damage damage;   /* what of the log could not be read */
	struct wire_steps steps;     /* of the recording's clock; the schedule ignores them */
};

struct replay_feed {
	struct replay_feed_options options;
	struct replay_batch_queue queue;
	struct replay_feed_counts counts;
	pthread_t thread;
	bool running;
	/* Steady time of the first message that was asked for, whichever shard plays it; known with the first batch. */
	int64_t origin_ns;
	/* Shared by the threads; the queue's mutex guards it. */
	int64_t seek_ns;
	uint64_t epoch;    /* rises with every seek */
	bool epoch_is_new; /* the reader has not begun it yet */
	int status;        /* why reading ended early: a negative code with fault */
	struct wire_fault fault;
};

/* Start reading. 0, or a negative code with *fault. */
int replay_feed_open(struct replay_feed *feed, const struct replay_feed_options *options,
		     struct wire_fault *fault);
/* Stop reading. Counts and status are valid afterwards. */
void replay_feed_stop(struct replay_feed *feed);
void replay_feed_close(struct replay_feed *feed);

/* Begin a new epoch at steady time ns. Full batches are dropped; the caller ignores those of an older epoch that it
 * still holds. */
void replay_feed_seek(struct replay_feed *feed, int64_t ns);

#endif
