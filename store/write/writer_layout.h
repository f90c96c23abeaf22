/* writer_layout.h - what a writer and its producers are inside. Internal to store. */
#ifndef STORE_WRITE_WRITER_LAYOUT_H
#define STORE_WRITE_WRITER_LAYOUT_H

#include <pthread.h>

#include "store/write/loss_counter.h"
#include "store/write/segment_log.h"

/* Guarded by the writer's mutex. */
struct store_producer {
	struct store_writer *writer;
	struct store_producer *next; /* of the same writer */
	void (*wake)(void *context);
	void *context;
	uint32_t batches, spares; /* taken and not yet written; spare ones are given back first */
	bool is_starved;          /* was refused a batch and is to be woken */
	bool is_closed;           /* freed with the return of its last batch */
};

/* Submitted batches, linked by their `next`. */
struct store__batch_queue {
	struct store_batch *first, *last;
	uint32_t count;
};

/* Writing failed, and events are thrown away until it works again. Owned by the writer's thread. */
struct store__outage {
	bool is_on;
	char reason[200];               /* why writing failed last */
	struct store_loss_counter loss; /* no gap event states it yet */
	uint64_t messages;              /* lost since the outage began */
	int64_t retry_ms, retry_pause_ms;
	struct store_batch *gap; /* memory for the gap event */
};

struct store_writer {
	char *dir;
	struct store_writer_options options;
	pthread_t thread;
	uint64_t first_next_conn;

	pthread_mutex_t mutex; /* guards what follows, up to the thread's own */
	pthread_cond_t work;   /* the queue has something, a flush is wanted, or closing */
	pthread_cond_t done;   /* a batch was written, a sync was made, or a wake call returned */
	struct store_producer *producers;
	struct store_producer *waking;   /* its wake call is under way */
	struct store_batch *free;        /* a stack, linked by `next`: what was used last is in the caches */
	struct store__batch_queue queue; /* the first one is being written */
	uint32_t batches;                /* taken and not yet written, spare ones not counted */
	uint64_t submitted, handled;     /* batches, ever */
	bool is_closing;
	uint64_t flush_seq; /* store_writer_flush waits until events below are synced */
	bool is_losing;     /* outage.is_on, for other threads */
	struct store_writer_status status;

	/* The thread's own. */
	struct store__segment_log log;
	struct store__outage outage;
	int level;
	uint32_t idle_blocks;
	int64_t synced_ms;
	int64_t mark_ms;          /* when the mark box was looked into */
	struct store_batch *mark; /* memory for the mark in it */
	char trouble[200];        /* that was reported; "" = none */
};

#endif
