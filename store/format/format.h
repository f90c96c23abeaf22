/* format.h - the bytes of a log: sizes, magics, headers. The normative text is docs/format.md.
 *
 * All numbers are little-endian with explicit widths; nothing is cast over bytes. A log is a directory:
 *
 *   0000000000000000001.seg      segments, named by their first sequence number (20 digits)
 *   00000000000004711.seg.torn   an unfinished or damaged tail that recovery took out
 *   lock                         pid of the writer, held by an advisory lock
 *
 * A segment:  file header · block · block · … · [footer · trailer]     footer and trailer only once closed
 * A block:    block header · dictionary frame · columns frame · payload frame
 *
 * A block is valid iff its magic, its lengths (within the file and the limits below) and its checksums hold:
 * one XXH3-64 over the header, one over each frame as stored, so that a scan checks just what it reads. */
#ifndef STORE_FORMAT_FORMAT_H
#define STORE_FORMAT_FORMAT_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/event.h"

#define STORE_VERSION_MAJOR 2
#define STORE_VERSION_MINOR 2 /* a reader ignores what a larger one added */
/* Of a segment with a dictionary, which readers of version 2 cannot read. */
#define STORE_VERSION_MAJOR_ZSTD_DICTIONARY 3
#define STORE_VERSION_MINOR_ZSTD_DICTIONARY 0
#define STORE_VERSION_MAJOR_MAX             3 /* a reader refuses a larger one */

/* The first bytes of files and blocks. A reader searches a damaged log for the next block by it. */
#define STORE_FILE_MAGIC  "TAPEDECK"
#define STORE_BLOCK_MAGIC "TDBLOCK\n"

enum {
	STORE_MAGIC_BYTES = 8,
	STORE_FILE_HEADER_BYTES = 128,
	STORE_BLOCK_HEADER_BYTES = 144,
	STORE_TRAILER_BYTES = 32,
	STORE_WRITTEN_BY = 16,               /* bytes of the writer's name in a file header */
	STORE_FIELDS_HEADER_BYTES = 4,       /* before payloads that are cut into fields */
	STORE_BLOCK_EVENTS_MAX = 65536,      /* events in one block */
	STORE_BLOCK_PAYLOAD_BYTES = 1 << 20, /* a block is full when its payload frame reaches this */
	STORE_FRAME_RAW_MAX = 256 << 20,     /* no frame unpacks to more: a bound on a reader's memory */
};

struct store_file_header {
	uint16_t major, minor;
	uint8_t log_id[16]; /* random, the same in every segment of a log */
	uint64_t first_seq; /* of the first event in the segment */
	int64_t created_ns;
	uint64_t
	    next_conn; /* every connection numbered here or above is first described in this segment or later */
	char written_by[STORE_WRITTEN_BY]; /* "broker", NUL-terminated; "": unknown */
	uint8_t packed_level; /* it was packed (store/care/pack.h) at this zstd level; 0: it was not */
};

enum store_frame { STORE_FRAME_DICTIONARY, STORE_FRAME_COLUMNS, STORE_FRAME_PAYLOADS, STORE_FRAMES };

struct store_frame_header {
	uint32_t stored_bytes;
	uint32_t raw_bytes; /* equal to stored_bytes: not compressed */
	uint64_t checksum;  /* XXH3-64 of the stored bytes */
};

/* How the payload frame is packed. Blocks of version 1 are all plain. */
enum store_payload_form {
	STORE_PAYLOADS_PLAIN,  /* compressed as they are */
	STORE_PAYLOADS_FIELDS, /* cut into templates and fields first: store/format/fields.h */
	STORE_PAYLOAD_FORMS
};

struct store_block_header {
	uint64_t first_seq;
	uint32_t events;
	uint32_t messages; /* events of kind message */
	int64_t min_time_ns, max_time_ns;
	uint32_t kinds;         /* bit (1 << kind) for every kind present */
	uint32_t payload_form;  /* enum store_payload_form */
	uint64_t payload_bytes; /* true sizes of the messages' payloads and headers, cut or not */
	uint64_t
	    deliveries;    /* receivers that got a message, summed over messages, plus delivery events sent */
	uint64_t max_conn; /* largest connection number in the block */
	uint8_t log_id[16]; /* the file header's; a payload that looks like a block does not have it */
	struct store_frame_header frames[STORE_FRAMES];
};

/* The bytes of a block after its header, and with it. */
uint64_t store_block_body_bytes(const struct store_block_header *header);
uint64_t store_block_bytes(const struct store_block_header *header);

/* Write a header with its checksum; out has room for STORE_…_HEADER_BYTES. */
void store_file_header_put(unsigned char *out, const struct store_file_header *header);
void store_block_header_put(unsigned char *out, const struct store_block_header *header);

/* Read a header of exactly STORE_…_HEADER_BYTES bytes. 0; STORE_EFORMAT (magic), STORE_EVERSION (major newer
 * than ours), STORE_EDAMAGE (checksum, or a length or count beyond its limit). *header is set only on 0. */
int store_file_header_get(struct store_file_header *header, const unsigned char *in);
int store_block_header_get(struct store_block_header *header, const unsigned char *in);

#endif
