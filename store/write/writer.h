/* writer.h - the one writer of a log: a thread that encodes, compresses, writes, syncs, rotates, retains.
 *
 * It is opened once. Any number of producers (producer.h) fill batches and submit them whole; the writer numbers their
 * events in the order of submission.
 *
 * A failing disk or a removed directory never stops the caller: the writer reports itself degraded, counts the events that
 * it has to throw away, keeps trying, and begins again with a gap event. */
#ifndef STORE_WRITE_WRITER_H
#define STORE_WRITE_WRITER_H

#include "store/write/batch.h"

enum store_sync { STORE_SYNC_INTERVAL, STORE_SYNC_ALWAYS, STORE_SYNC_NONE };

enum { STORE_LEVEL_AUTO = 1000 };

struct store_writer_options {
	enum store_sync sync;
	int sync_interval_ms;
	int level;        /* zstd level, or STORE_LEVEL_AUTO */
	uint32_t threads; /* that encode: 1 or 2; 0 = a second one helps where there are processors for it */
	uint64_t segment_bytes; /* a new segment after so many bytes… */
	int64_t segment_age_ms; /* …or when it is so old; 0 = never */
	uint64_t retain_bytes; /* delete the oldest closed segments beyond so many bytes in total; 0 = keep */
	int64_t retain_age_ms; /* delete closed segments that were written to so long ago; 0 = keep */
	const char *written_by; /* the command that records: "broker"; a literal; NULL = unknown */
	bool
	    ends_at_loss; /* after the first failure nothing more is written: the log has no hole, but an end */
	uint32_t batches; /* in use at a time: the bound on memory, STORE_BATCHES_MIN or more */
	/* Called with a line for the operator (degraded, recovered): from the writer's thread, while opening from the
	 * caller's. May be NULL. */
	void (*report)(void *context, const char *line);
	void *context;
	/* Function pointers to inject failures in tests; NULL, or NULL in one of them, = the system's. */
	const struct store_io *io;
};

/* The system calls of the writer's thread that can fail for outside reasons. They return what the system's return. */
struct store_io {
	int64_t (*write)(int fd, const void *bytes, size_t len);
	int (*sync)(int fd);
	int (*sync_directory)(int fd);
	int (*open)(const char *path, int flags, unsigned mode);
	int (*truncate)(int fd, int64_t len);
	int (*close)(int fd);
	int (*unlink)(const char *path);
	int64_t (*realtime_ns)(void);
};

/* The defaults, as in --help. */
void store_writer_options_init(struct store_writer_options *options);

struct store_writer;

/* Open or create the log in dir, recover its last segment if a crash left it open, take the lock, start the
 * thread. 0, or a negative code with *fault (see store_log_lock). */
int store_writer_open(struct store_writer **writer, const char *dir,
		      const struct store_writer_options *options, struct wire_fault *fault);

/* Write what was submitted, close the segment with its footer, stop the thread, release the lock. All producers must have
 * been closed. NULL is allowed. */
void store_writer_close(struct store_writer *writer);

/* Wait until everything submitted before the call is written and synced, or thrown away and counted. Thread-safe. */
void store_writer_flush(struct store_writer *writer);

/* The first connection number that this log has never used. Constant after opening. */
uint64_t store_writer_next_conn(const struct store_writer *writer);

struct store_writer_status {
	bool degraded;    /* events are lost, or something else is wrong that needs attention; see reason */
	char reason[300]; /* "" when not degraded */
	uint64_t next_seq;
	/* Every event numbered below is on stable storage (with sync none: was written). Where a sync failed, `reason`
	 * and a gap event name the events in question. */
	uint64_t synced_seq;
	uint64_t final_seq; /* segments that begin below are closed, and this writer rewrites them no more */
	uint64_t events, messages;
	uint64_t lost_events, lost_messages;
	uint64_t written_bytes; /* since opening */
	uint64_t log_bytes;     /* all segments together */
	uint64_t queued_bytes;  /* memory of submitted batches not yet written */
	uint32_t segments;
	int level; /* zstd level in use */
};

/* Thread-safe. */
void store_writer_status(struct store_writer *writer, struct store_writer_status *status);

#endif
