#include "store/care/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/care/damage_gap.h"
#include "store/care/quarantine.h"
#include "store/read/log.h"

struct recovering {
	const struct store_surroundings *surroundings;
	struct store_recovery *recovery;
	uint64_t
	    known_end_seq; /* the number after the last event by the headers of damaged blocks at the end; 0 = none */
	uint64_t known_messages; /* in those blocks */
	bool has_lost_end;       /* there was more after them, but unknown how much */
};

/* ---- blocks at the end ---- */

static void drop_last(struct store_segment_reader *segment, struct recovering *recovering)
{
	const struct store_block_header *last = &segment->index.entries[--segment->index.count].header;
	if (recovering->known_end_seq == 0)
		recovering->known_end_seq = last->first_seq + last->events;
	recovering->known_messages += last->messages;
	segment->end = store_index_end(&segment->index);
}

/* Blocks with a damaged frame that no whole block follows belong to the tail. */
static int drop_damaged_blocks(struct store_segment_reader *segment, struct recovering *recovering)
{
	struct store_block *block = store_block_open();
	int error = block ? STORE_EDAMAGE : -ENOMEM;
	while (segment->index.count > 0 && error == STORE_EDAMAGE) {
		error = store_segment_reader_load_block(segment, segment->index.count - 1,
							STORE_FRAME_PAYLOADS, block);
		if (error == STORE_EDAMAGE)
			drop_last(segment, recovering);
	}
	store_block_close(block);
	return error == STORE_EDAMAGE ? 0 : error;
}

/* ---- what was lost ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The number after the last event that may have been lost from first_seq on: by the next segment, by a footer, by the
 * headers of damaged blocks; else by the number of bytes. */
static uint64_t end_of_loss(const struct recovering *recovering, uint64_t first_seq, uint64_t bytes,
			    uint64_t footer_next_seq)
{
	uint64_t known = larger(recovering->known_end_seq, footer_next_seq);
	uint64_t after = recovering->surroundings->end_seq;
	if (after > 0)
		return after;
	if (known > 0 && (!recovering->has_lost_end || footer_next_seq > 0))
		return known;
	uint64_t most = store__damage_gap_max_events(bytes);
	return larger(known, first_seq > UINT64_MAX - 1 - most ? UINT64_MAX - 1 : first_seq + most);
}

static void note_loss(struct recovering *recovering, uint64_t first_seq, uint64_t end_seq)
{
	if (end_seq <= first_seq)
		return;
	recovering->recovery->from_seq = first_seq;
	recovering->recovery->to_seq = end_seq - 1;
}

static void describe_loss(char *text, size_t cap, const struct recovering *recovering, uint64_t bytes)
{
	const struct store_recovery *recovery = recovering->recovery;
	bool is_known = recovering->known_end_seq > 0 && !recovering->has_lost_end;
	snprintf(text, cap,
		 "%" PRIu64 " bytes of the log were damaged and removed: %s%" PRIu64 " events were lost",
		 bytes, is_known || recovering->surroundings->end_seq > 0 ? "" : "at most ",
		 recovery->to_seq - recovery->from_seq + 1);
}

/* The gap event for the loss that was noted. text: memory for its text. */
static struct store__damage_gap lost_of(const struct recovering *recovering, int64_t before_ns,
					uint64_t bytes, char text[200])
{
	int64_t after_ns = recovering->surroundings->after_ns;
	before_ns = before_ns ? before_ns : after_ns;
	describe_loss(text, 200, recovering, bytes);
	return (struct store__damage_gap){.from_seq = recovering->recovery->from_seq,
					  .to_seq = recovering->recovery->to_seq,
					  .messages = recovering->known_messages,
					  .from_ns = before_ns,
					  .to_ns = after_ns > before_ns ? after_ns : before_ns,
					  .text = text};
}

/* ---- a new tail ---- */

/* The bytes after the last whole block: a gap event when events were lost, and the footer. Owned; NULL when out of
 * memory. */
static unsigned char *make_tail(struct store_segment_reader *segment, const struct recovering *recovering,
				size_t *len)
{
	char text[200];
	size_t gap_len = 0, footer_len;
	unsigned char *gap = NULL;
	struct store_block_header header;
	if (recovering->recovery->from_seq > 0) {
		const struct store__damage_gap lost =
		    lost_of(recovering, segment->index.entries[segment->index.count - 1].header.max_time_ns,
			    segment->file_bytes - segment->end, text);
		gap = store__damage_gap_block(&lost, segment->header.log_id, &gap_len, &header);
		if (!gap || store_index_add(&segment->index, segment->end, &header) != 0) {
			free(gap);
			return NULL;
		}
	}
	unsigned char *footer = store_index_write(&segment->index, segment->end + gap_len, &footer_len);
	unsigned char *tail = footer ? realloc(gap, gap_len + footer_len) : NULL;
	if (tail)
		memcpy(tail + gap_len, footer, footer_len);
	else
		free(gap);
	free(footer);
	*len = gap_len + footer_len;
	return tail;
}

/* Overwrite the old tail before cutting it: if that is interrupted, the rest shows that there was something. */
static int replace_tail(int fd, uint64_t offset, const unsigned char *tail, size_t len)
{
	ssize_t done = pwrite(fd, tail, len, (off_t)offset);
	if (done != (ssize_t)len)
		return done < 0 ? -errno : -ENOSPC;
	if (ftruncate(fd, (off_t)(offset + len)) != 0)
		return -errno;
	return fsync(fd) != 0 ? -errno : 0;
}

static int write_tail(struct store_segment_reader *segment, const struct recovering *recovering)
{
	size_t len;
	uint64_t offset = segment->end;
	int64_t modified_ns = segment->modified_ns;
	unsigned char *tail = make_tail(segment, recovering, &len);
	int fd = tail ? open(segment->path, O_WRONLY | O_CLOEXEC) : -1;
	int error = !tail ? -ENOMEM : fd < 0 ? -errno : replace_tail(fd, offset, tail, len);
	if (fd >= 0)
		close(fd);
	if (!error)
		store__set_file_time(segment->path, modified_ns);
	free(tail);
	return error;
}

/* ---- a segment with nothing to keep ---- */

static int write_stand_in(const char *temporary, struct recovering *recovering, uint64_t bytes)
{
	const struct store_surroundings *surroundings = recovering->surroundings;
	char text[200];
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = recovering->recovery->from_seq,
					   .created_ns = surroundings->after_ns,
					   .next_conn = surroundings->next_conn};
	memcpy(header.log_id, surroundings->log_id, sizeof header.log_id);
	const struct store__damage_gap lost = lost_of(recovering, surroundings->before_ns, bytes, text);
	return store__damage_gap_segment(temporary, &header, &lost);
}

static bool is_named(const char *path, uint64_t first_seq)
{
	uint64_t named;
	return store_log_segment_seq(path, &named) && named == first_seq;
}

/* Nothing in the file can be read: put a segment of one gap event in its place, unless other segments have all its
 * numbers. */
static int replace(const char *path, struct recovering *recovering, uint64_t bytes)
{
	char *temporary, **kept_as = &recovering->recovery->kept_as;
	uint64_t first_seq = recovering->surroundings->first_seq;
	note_loss(recovering, first_seq, end_of_loss(recovering, first_seq, bytes, 0));
	if (recovering->recovery->from_seq == 0 || !is_named(path, first_seq))
		return store__quarantine_file(path, "torn", kept_as);
	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return -ENOMEM;
	int error = write_stand_in(temporary, recovering, bytes);
	error = error ? error : store__quarantine_swap(path, temporary, "torn", kept_as);
	if (error)
		unlink(temporary);
	free(temporary);
	return error;
}

/* No block was ever written to the segment. */
static int remove_empty(struct store_segment_reader *segment, struct recovering *recovering)
{
	int error = store__quarantine_tail(segment, STORE_FILE_HEADER_BYTES, &recovering->recovery->kept_as);
	return error ? error : unlink(segment->path) != 0 ? -errno : 0;
}

/* ---- one segment ---- */

static int close_segment(struct store_segment_reader *segment, struct recovering *recovering)
{
	recovering->has_lost_end = store_segment_reader_lost_end(segment);
	int error = drop_damaged_blocks(segment, recovering);
	if (error)
		return error;
	bool is_lost = recovering->has_lost_end || recovering->known_end_seq > 0;
	if (segment->index.count == 0)
		return is_lost ? replace(segment->path, recovering, segment->file_bytes)
			       : remove_empty(segment, recovering);
	uint64_t next_seq = store_index_next_seq(&segment->index);
	if (is_lost)
		note_loss(recovering, next_seq,
			  end_of_loss(recovering, next_seq, segment->file_bytes - segment->end,
				      segment->footer_next_seq));
	error = store__quarantine_tail(segment, segment->end, &recovering->recovery->kept_as);
	return error ? error : write_tail(segment, recovering);
}

/* Shorter than a file header: it holds no event. */
static bool is_stump(const char *path, uint64_t *bytes)
{
	struct stat info;
	*bytes = 0;
	if (stat(path, &info) != 0)
		return false;
	*bytes = (uint64_t)info.st_size;
	return info.st_size < STORE_FILE_HEADER_BYTES;
}

static int remove_stump(const char *path, uint64_t bytes, struct recovering *recovering)
{
	if (bytes > 0)
		return store__quarantine_file(path, "torn", &recovering->recovery->kept_as);
	return unlink(path) == 0 ? 0 : -errno;
}

/* 0 when something was done, 1 when there was nothing to do, or a negative code. */
static int recover(const char *path, struct recovering *recovering, struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	uint64_t bytes;
	if (is_stump(path, &bytes))
		return remove_stump(path, bytes, recovering);
	int status = store_segment_reader_open(&segment, path, fault);
	if (status == STORE_EFORMAT || status == STORE_EDAMAGE) {
		recovering->has_lost_end = true;
		return replace(path, recovering, bytes);
	}
	if (status)
		return status;
	status = segment->is_closed ? 1 : close_segment(segment, recovering);
	store_segment_reader_close(segment);
	return status;
}

int store_recover_segment(const char *path, const struct store_surroundings *surroundings,
			  struct store_recovery *recovery, struct wire_fault *fault)
{
	struct recovering recovering = {.surroundings = surroundings, .recovery = recovery};
	*recovery = (struct store_recovery){0};
	int status = recover(path, &recovering, fault);
	if (status >= 0)
		return status == 0;
	if (status == STORE_EVERSION)
		return status;
	return wire_fault_set(fault, status, "%s: cannot recover it after a crash: %s", path,
			      wire_error_text(status));
}
