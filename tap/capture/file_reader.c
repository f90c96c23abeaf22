#include "tap/capture/file_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/capture/file_window.h"
#include "tap/capture/link_type.h"
#include "tap/capture/pcap_format.h"
#include "tap/capture/pcapng_sections.h"

enum {
	CLASSIC_BYTES_MIN = 262144, /* a record may have so many, even if the file's snaplen is less */
	BLOCK_BYTES_MAX = TAP__PACKET_BYTES_MAX + (1 << 20), /* of a block that is read, with its options */
};

struct tap__file_reader {
	char *name; /* for messages */
	struct tap__file_window window;
	bool is_classic;
	struct tap__pcap pcap;         /* of a classic file */
	struct tap__sections sections; /* of a pcapng file */
	uint64_t frames;               /* given so far */
	uint64_t offset;               /* of the record or block read last */
	uint32_t unused;               /* bytes at the window's start that still belong to it */
	tap_drops_taker take_drops;    /* may be NULL */
	void *drops_context;
};

/* ---- errors ---- */

/* The file ends inside a record or block. */
static int cut(const struct tap__file_reader *reader, struct wire_fault *fault)
{
	const struct tap__packed_file *file = reader->window.file;
	int error = tap__packed_file_error(file);
	if (reader->window.is_short_of_memory)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", reader->name);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", reader->name, wire_error_text(error));
	if (tap__packed_file_state(file) == TAP__PACKED_FILE_DAMAGED)
		return wire_fault_set(fault, TAP_ECAPTURE,
				      "%s: after %llu frames: the compressed data is damaged", reader->name,
				      (unsigned long long)reader->frames);
	return wire_fault_set(fault, TAP_ECUT, "%s: cut off after %llu frames", reader->name,
			      (unsigned long long)reader->frames);
}

/* The record or block at reader->offset is invalid. The cause may be damage in compressed data. */
static int damaged(const struct tap__file_reader *reader, const char *reason, struct wire_fault *fault)
{
	if (tap__packed_file_state(reader->window.file) == TAP__PACKED_FILE_DAMAGED)
		return cut(reader, fault);
	return wire_fault_set(
	    fault, TAP_ECAPTURE, "%s: after %llu frames, at offset %llu%s: %s", reader->name,
	    (unsigned long long)reader->frames, (unsigned long long)reader->offset,
	    tap__packed_file_is_packed(reader->window.file) ? " of the unpacked data" : "", reason);
}

/* No record or block header follows. 0 when the file ends properly. */
static int ended(const struct tap__file_reader *reader, struct wire_fault *fault)
{
	bool is_whole = tap__packed_file_state(reader->window.file) == TAP__PACKED_FILE_GOOD &&
			tap__file_window_left(&reader->window) == 0 && !reader->window.is_short_of_memory;
	return is_whole ? 0 : cut(reader, fault);
}

static int not_a_capture(const struct tap__file_reader *reader, const char *reason, struct wire_fault *fault)
{
	int error = tap__packed_file_error(reader->window.file);
	if (error)
		return wire_fault_set(fault, error, "%s: %s", reader->name, wire_error_text(error));
	return wire_fault_set(fault, TAP_ECAPTURE, "%s: not a packet capture (pcap or pcapng): %s",
			      reader->name, reason);
}

/* Move past the record or block read last. */
static void advance(struct tap__file_reader *reader)
{
	tap__file_window_skip(&reader->window, reader->unused);
	reader->unused = 0;
	reader->offset = reader->window.offset;
}

/* ---- classic files ---- */

static uint32_t captured_max(const struct tap__pcap *pcap)
{
	if (pcap->snaplen > TAP__PACKET_BYTES_MAX)
		return TAP__PACKET_BYTES_MAX;
	return pcap->snaplen > CLASSIC_BYTES_MIN ? pcap->snaplen : CLASSIC_BYTES_MIN;
}

/* Hot: runs once per frame. */
static int next_record(struct tap__file_reader *reader, struct tap_frame *frame, struct wire_fault *fault)
{
	uint32_t header_bytes = reader->pcap.record_bytes;
	struct tap__record record;
	advance(reader);
	const unsigned char *bytes = tap__file_window_want(&reader->window, header_bytes);
	if (!bytes)
		return ended(reader, fault);
	tap__pcap_record(&reader->pcap, bytes, &record);
	if (record.captured_bytes > captured_max(&reader->pcap))
		return damaged(reader, "a packet exceeds the maximum length", fault);
	bytes = tap__file_window_want(&reader->window, header_bytes + (size_t)record.captured_bytes);
	if (!bytes)
		return cut(reader, fault);
	reader->unused = header_bytes + record.captured_bytes;
	*frame = (struct tap_frame){.time_ns = record.time_ns,
				    .bytes = bytes + header_bytes,
				    .captured_bytes = record.captured_bytes,
				    .wire_bytes = record.wire_bytes,
				    .link_type = tap__link_type(reader->pcap.link_type)};
	tap__frame_trim(frame, reader->pcap.fcs_bytes);
	return 1;
}

/* ---- pcapng files ---- */

static int skip_block(struct tap__file_reader *reader, const struct tap__pcapng_block *block,
		      struct wire_fault *fault)
{
	struct tap__file_window *window = &reader->window;
	bool is_there = tap__file_window_skip(window, block->total_bytes - TAP__PCAPNG_END_BYTES);
	const unsigned char *end = is_there ? tap__file_window_want(window, TAP__PCAPNG_END_BYTES) : NULL;
	if (!end)
		return cut(reader, fault);
	reader->unused = TAP__PCAPNG_END_BYTES;
	const char *wrong = tap__pcapng_check_end(end, block);
	return wrong ? damaged(reader, wrong, fault) : 1;
}

static int take_block(struct tap__file_reader *reader, const struct tap__pcapng_block *block,
		      struct tap__pcapng_news *news, struct wire_fault *fault)
{
	if (block->total_bytes > BLOCK_BYTES_MAX)
		return damaged(reader, "a block is longer than 17 MiB", fault);
	const unsigned char *bytes = tap__file_window_want(&reader->window, (size_t)block->total_bytes);
	if (!bytes)
		return cut(reader, fault);
	reader->unused = (uint32_t)block->total_bytes;
	const char *wrong = tap__pcapng_check_end(bytes + block->total_bytes - TAP__PCAPNG_END_BYTES, block);
	const struct tap__pcapng_body body = {.bytes = bytes + TAP__PCAPNG_BODY_AT,
					      .len = (uint32_t)block->total_bytes - TAP__PCAPNG_START_BYTES,
					      .is_big_endian = block->is_big_endian};
	wrong = wrong ? wrong : tap__sections_take(&reader->sections, block, &body, news);
	return wrong ? damaged(reader, wrong, fault) : 1;
}

/* Read the next block. 1 with *news, 0 at the end, or a negative code with *fault. */
static int next_block(struct tap__file_reader *reader, struct tap__pcapng_news *news,
		      struct wire_fault *fault)
{
	struct tap__pcapng_block block;
	advance(reader);
	news->has_frame = news->has_drops = false;
	const unsigned char *bytes = tap__file_window_want(&reader->window, TAP__PCAPNG_START_BYTES);
	if (!bytes)
		return ended(reader, fault);
	const char *wrong = tap__pcapng_parse_start(bytes, reader->sections.is_big_endian, &block);
	if (wrong)
		return damaged(reader, wrong, fault);
	return tap__sections_want(block.type) ? take_block(reader, &block, news, fault)
					      : skip_block(reader, &block, fault);
}

static int next_packet(struct tap__file_reader *reader, struct tap_frame *frame, struct wire_fault *fault)
{
	struct tap__pcapng_news news;
	int status;
	do {
		status = next_block(reader, &news, fault);
		if (status > 0 && news.has_drops && reader->take_drops)
			reader->take_drops(reader->drops_context, &news.drops);
	} while (status > 0 && !news.has_frame);
	if (status > 0)
		*frame = news.frame;
	return status;
}

/* ---- opening and closing ---- */

static int begin_classic(struct tap__file_reader *reader, struct wire_fault *fault)
{
	const unsigned char *bytes = tap__file_window_want(&reader->window, TAP__PCAP_HEADER_BYTES);
	const char *wrong = bytes ? tap__pcap_header(bytes, &reader->pcap) : "the file is too short";
	if (wrong)
		return not_a_capture(reader, wrong, fault);
	reader->is_classic = true;
	reader->unused = TAP__PCAP_HEADER_BYTES;
	return 0;
}

/* Read up to the first interface, so that its link type is known. */
static int begin_sections(struct tap__file_reader *reader, struct wire_fault *fault)
{
	struct tap__pcapng_news news;
	int status = 1;
	while (status > 0 && reader->sections.len == 0)
		status = next_block(reader, &news, fault);
	return status < 0 ? status : 0;
}

static int begin(struct tap__file_reader *reader, struct wire_fault *fault)
{
	static const unsigned char section[] = {0x0a, 0x0d, 0x0d, 0x0a};
	const unsigned char *bytes = tap__file_window_want(&reader->window, sizeof section);
	if (bytes && memcmp(bytes, section, sizeof section) == 0)
		return begin_sections(reader, fault);
	return begin_classic(reader, fault);
}

int tap__file_reader_open(struct tap__file_reader **reader, const char *path, struct wire_fault *fault)
{
	struct tap__packed_file *file;
	int error = tap__packed_file_open(&file, path, fault);
	if (error)
		return error;
	struct tap__file_reader *opened = calloc(1, sizeof *opened);
	if (!opened) {
		tap__packed_file_close(file);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	opened->name = strdup(path);
	error = tap__file_window_init(&opened->window, file);
	error =
	    !error && opened->name ? begin(opened, fault) : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error)
		tap__file_reader_close(opened);
	else
		*reader = opened;
	return error;
}

void tap__file_reader_close(struct tap__file_reader *reader)
{
	if (!reader)
		return;
	tap__sections_fini(&reader->sections);
	tap__file_window_fini(&reader->window);
	free(reader->name);
	free(reader);
}

int tap__file_reader_link_type(const struct tap__file_reader *reader)
{
	return reader->is_classic ? tap__link_type(reader->pcap.link_type)
				  : tap__sections_link_type(&reader->sections);
}

bool tap__file_reader_is_classic(const struct tap__file_reader *reader)
{
	return reader->is_classic;
}

void tap__file_reader_report(struct tap__file_reader *reader, struct wire_progress *progress)
{
	tap__packed_file_report(reader->window.file, progress);
}

void tap__file_reader_on_drops(struct tap__file_reader *reader, tap_drops_taker take, void *context)
{
	reader->take_drops = take;
	reader->drops_context = context;
}

int tap__file_reader_next(struct tap__file_reader *reader, struct tap_frame *frame, struct wire_fault *fault)
{
	int status =
	    reader->is_classic ? next_record(reader, frame, fault) : next_packet(reader, frame, fault);
	reader->frames += status > 0;
	return status;
}
