/* writing.h - what a writer is inside: shared by writer.c, which others call, and writing.c, its thread. Internal to
 * store. */
#ifndef STORE_WRITE_WRITER_THREAD_H
#define STORE_WRITE_WRITER_THREAD_H

#include <pthread.h>

#include "store/write/loss_counter.h"
#include "store/write/segment_log.h"

struct store_writer {
	char *dir;
	struct store_writer_options options;
	pthread_t thread;
	uint64_t first_next_conn;

	pthread_mutex_t mutex; /* guards what follows, up to the thread's own */
	pthread_cond_t work;   /* the queue has something, a flush is wanted, or closing */
	pthread_cond_t done;   /* a batch was dealt with, or a sync was made */
	/* options.batches + STORE_SPARE_BATCHES elements each. Free ones are a stack, the queue is a ring. */
	struct store_batch **free, **queue;
	uint32_t free_count, queue_start, queue_count;
	uint32_t in_use;             /* batches that were taken and not yet written */
	uint64_t submitted, handled; /* batches, ever */
	bool is_starved;             /* somebody was told that there is no free batch */
	bool is_closing;
	uint64_t flush_seq; /* somebody waits until events below are synced */
	bool is_losing;     /* is_degraded, for others to read */
	struct store_writer_status status;

	/* The thread's own. */
	struct store__segment_log log;
	int level;
	uint32_t idle_blocks;
	int64_t synced_ms, retry_ms, retry_pause_ms;
	bool is_degraded;               /* events are thrown away */
	char reason[200];               /* why */
	struct store_loss_counter loss; /* that no gap event tells of yet */
	uint64_t outage_messages;       /* lost since it became degraded */
	char trouble[200];              /* that was reported; "" = none */
	struct store_batch *gap;
};

int64_t store__monotonic_ms(void);

/* The thread: writes what is submitted until closing, then ends the segment. context: the writer. */
void *store__write_queue(void *context);

/* Copy the log's state to the status. */
void store__writer_update_status(struct store_writer *writer);

/* Called with the mutex: a batch is free again. */
void store__writer_give_back(struct store_writer *writer, struct store_batch *batch);

#endif
