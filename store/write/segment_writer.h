/* segment_writer.h - write a segment file: its header, block by block, its footer. Internal to store. */
#ifndef STORE_WRITE_SEGMENT_WRITER_H
#define STORE_WRITE_SEGMENT_WRITER_H

#include "store/format/index.h"
#include "store/write/writer.h"

extern const struct store_io store__system_io;

/* The system's calls, replaced by those that io (may be NULL) has. */
struct store_io store__io_of(const struct store_io *io);

/* Zeroed and fd = -1: none. */
struct store__segment_writer {
	const struct store_io *io;
	int fd;
	char *path;               /* owned */
	struct store_index index; /* of what was written whole */
	uint64_t end;             /* offset after the last whole block */
	uint64_t started;         /* the kernel was asked to write the bytes before this offset */
	bool is_broken;           /* the rest of a failed write could not be cut off: nothing may follow it */
};

/* Create the file (0600, must not exist) with its header. Takes path in any case. 0, -ENOMEM or a negated errno;
 * on failure there is no such file. */
int store__segment_writer_open(struct store__segment_writer *segment, const struct store_io *io, char *path,
			       const struct store_file_header *header);

/* Before the first block: write the dictionary that blocks are compressed with. 0 or a negated errno. */
int store__segment_writer_put_dictionary(struct store__segment_writer *segment,
					 const unsigned char *dictionary, size_t len);

/* Append one block. 0 or a negated errno; then the file is cut back to its last whole block. */
int store__segment_writer_append(struct store__segment_writer *segment, const unsigned char *bytes,
				 size_t len, const struct store_block_header *header);

/* Ask the kernel to begin to write what was appended, once there is enough, so that the next sync has little to wait for.
 * A hint that cannot fail. */
void store__segment_writer_start_sync(struct store__segment_writer *segment);

/* Sync to stable storage. 0 or a negated errno; then what was written since the last sync may be lost, and no later sync
 * of this file reports it. */
int store__segment_writer_sync(struct store__segment_writer *segment);

/* How a segment file was left. */
struct store__segment_end {
	uint64_t bytes;
	bool is_closed; /* it has its footer; otherwise the next opening of the log makes one */
	int error;      /* 0, or the negated errno of a sync or a close that failed */
};

/* Write the footer, sync if asked to, close. */
struct store__segment_end store__segment_writer_finish(struct store__segment_writer *segment, bool sync);

/* Close without a footer. */
void store__segment_writer_abandon(struct store__segment_writer *segment);

/* Close and remove the file. */
void store__segment_writer_remove(struct store__segment_writer *segment);

/* Whether the file is still there under its name: false when it was removed, moved or replaced. */
bool store__segment_writer_is_there(const struct store__segment_writer *segment);

/* Sync a directory, so that a file that was made or renamed in it stays. 0 or a negated errno. */
int store__sync_directory(const char *dir);
int store__sync_directory_by(const struct store_io *io, const char *dir);

#endif
