/* segment_reader.h - read one segment file. It may have any number of readers, also while it is being written.
 *
 * The index comes from the footer of a closed segment, else from a search for blocks (store/read/find_blocks.h). Bytes
 * between blocks are damage. Bytes after the last whole block of an open segment are its unfinished tail when they begin like a
 * block or a footer; else they are damage. Reads use pread, so that a file that shrinks is an error code and not a signal. A
 * file that was replaced by a repack, or deleted, can be read as long as it is open. */
#ifndef STORE_READ_SEGMENT_READER_H
#define STORE_READ_SEGMENT_READER_H

#include "store/format/bytes.h"
#include "store/format/index.h"
#include "store/read/decode.h"

/* Bytes that should have been blocks, or the file header (offset 0). */
struct store_damaged_range {
	uint64_t offset, bytes;
	size_t before; /* the entry of the index that comes next; index.count: none */
};

struct store_segment_reader {
	uint32_t holds;
	char *path; /* owned */
	int fd;
	struct store_file_header header;
	struct ZSTD_DDict_s *dictionary; /* owned; NULL: its blocks need none */
	unsigned char *dictionary_bytes; /* owned, dictionary_len of them */
	size_t dictionary_len;
	uint64_t start;         /* of the blocks: after the header and the dictionary */
	bool header_is_damaged; /* then `header` is made up from the blocks */
	struct store_index index;
	struct store_damaged_range *damage; /* owned; by rising offset */
	size_t damage_count;
	bool has_damaged_tail;      /* the last damage is what lies after the last block */
	uint64_t end;               /* after the last whole block */
	uint64_t file_bytes;        /* when last looked at */
	int64_t modified_ns;        /* when it was last written to */
	uint64_t scan_end;          /* blocks lie before this: the end of the file, or a misplaced footer */
	uint64_t footer_next_seq;   /* the number after the last event, by a misplaced footer; 0 = unknown */
	bool is_closed;             /* it has a valid footer */
	bool has_bad_footer;        /* it was closed, but its footer or trailer is damaged */
	struct store__buffer frame; /* the last frame that was read */
};

/* Open the segment at path. A damaged file header is damage like any other as long as a block is found.
 * 0, or a negative code with *fault (which may be NULL): STORE_EFORMAT, STORE_EVERSION, STORE_EDAMAGE (nothing
 * in it can be read), or a negated errno. */
int store_segment_reader_open(struct store_segment_reader **segment, const char *path,
			      struct wire_fault *fault);
/* Keep it open until one more store_segment_reader_close. Returns it. */
struct store_segment_reader *store_segment_reader_hold(struct store_segment_reader *segment);
void store_segment_reader_close(struct store_segment_reader *segment);

/* Look for blocks that were appended since, and for the footer that closes the segment. Returns the number of
 * new entries, or a negative code. Reads the file that was opened, even if its name was given to another since. */
int64_t store_segment_reader_refresh(struct store_segment_reader *segment);

/* Bytes after the last whole block of a segment that is not closed. */
uint64_t store_segment_reader_torn_bytes(const struct store_segment_reader *segment);

/* Bytes of entry number `entry` and of what lies between it and the next one. */
uint64_t store_segment_reader_block_bytes(const struct store_segment_reader *segment, size_t entry);

/* Damage after the last block may have been events. */
bool store_segment_reader_lost_end(const struct store_segment_reader *segment);

/* How many events are missing between entry number `before` and the one before it, or the beginning or end of the segment, where
 * its bytes are damaged. At its end, where that is not known, at least one is. 0 = none. */
uint64_t store_segment_reader_missing(const struct store_segment_reader *segment, size_t before);

/* The header of entry number `entry` is whole in the file, too, and not only in the footer that the index comes from. 0, STORE_EDAMAGE or
 * another negated errno. */
int store_segment_reader_check_header(const struct store_segment_reader *segment, size_t entry);

/* Read one frame of entry number `entry` into the block (see store_block_load), which must have been begun with the
 * entry's header. 0, STORE_EDAMAGE, -ENOMEM or another negated errno. */
int store_segment_reader_load(struct store_segment_reader *segment, size_t entry, enum store_frame frame,
			      struct store_block *block);

/* Begin the block and load frames up to and including `last`. As store_segment_reader_load. */
int store_segment_reader_load_block(struct store_segment_reader *segment, size_t entry, enum store_frame last,
				    struct store_block *block);

#endif
