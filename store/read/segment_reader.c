#include "store/read/segment_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* For ZSTD_createDDict_byReference. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "store/format/zstd_dictionary.h"
#include "store/read/find_blocks.h"
#include "store/read/log.h"

enum { FOOTER_BYTES_MAX = 64 << 20 };

static int update_size(struct store_segment_reader *segment)
{
	struct stat info;
	if (fstat(segment->fd, &info) != 0)
		return -errno;
	segment->file_bytes = segment->scan_end = (uint64_t)info.st_size;
	segment->modified_ns = store_log_time_ns(&info.st_mtim);
	return 0;
}

/* Bytes that the footer does not cover were damaged already when it was written. */
static int find_holes(struct store_segment_reader *segment)
{
	uint64_t end = segment->start;
	int error =
	    segment->header_is_damaged ? store__add_damage(segment, 0, STORE_FILE_HEADER_BYTES, 0) : 0;
	for (size_t i = 0; i < segment->index.count && !error; i++) {
		const struct store_index_entry *entry = &segment->index.entries[i];
		if (entry->offset > end)
			error = store__add_damage(segment, end, entry->offset - end, i);
		end = entry->offset + store_block_bytes(&entry->header);
	}
	if (!error && segment->end > end)
		error = store__add_damage(segment, end, segment->end - end, segment->index.count);
	return error;
}

/* Find the footer by the trailer at the end of the file. *placed: the offset that the trailer was written for, which is
 * another one where the segment lost or gained bytes since. False when there is no valid trailer. */
static bool find_footer(const struct store_segment_reader *segment, uint64_t *offset, uint64_t *len,
			uint64_t *placed)
{
	unsigned char trailer[STORE_TRAILER_BYTES];
	if (segment->file_bytes < STORE_FILE_HEADER_BYTES + STORE_TRAILER_BYTES ||
	    store__read_at(segment->fd, segment->file_bytes - STORE_TRAILER_BYTES, trailer, sizeof trailer) !=
		0 ||
	    !store_index_read_trailer(trailer, placed, len))
		return false;
	uint64_t footer_end = segment->file_bytes - STORE_TRAILER_BYTES;
	if (*len > FOOTER_BYTES_MAX || *len > footer_end - STORE_FILE_HEADER_BYTES)
		return false;
	*offset = footer_end - *len;
	return true;
}

/* The segment has no valid footer. Does it have a damaged one? Either its trailer is there, or its header with just room for
 * the rest. A footer that was not written to its end is none: a crash leaves it so. */
static void look_for_footer(struct store_segment_reader *segment)
{
	unsigned char header[STORE_FOOTER_HEADER_BYTES];
	uint64_t offset, len, placed;
	segment->has_bad_footer = find_footer(segment, &offset, &len, &placed) ||
				  (store__read_at(segment->fd, segment->end, header, sizeof header) == 0 &&
				   store_index_read_header(header, &len) &&
				   segment->end + len + STORE_TRAILER_BYTES == segment->file_bytes);
}

/* The segment lost or gained bytes since its footer was written. Blocks have to be searched for, up to the footer,
 * which gives the number that follows the last of them. */
static void use_misplaced(struct store_segment_reader *segment, struct store_index *index, uint64_t offset)
{
	segment->scan_end = offset;
	segment->footer_next_seq = store_index_next_seq(index);
	store_index_fini(index);
}

/* Take the index from the footer. 0; STORE_EDAMAGE when there is no valid one. */
static int read_footer(struct store_segment_reader *segment)
{
	uint64_t offset, len, placed;
	struct store_index index = {0};
	if (!find_footer(segment, &offset, &len, &placed))
		return STORE_EDAMAGE;
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, len))
		return -ENOMEM;
	int error = store__read_at(segment->fd, offset, segment->frame.bytes, len);
	error = error ? error : store_index_read(&index, segment->frame.bytes, len, placed);
	if (error)
		return error == -ENOMEM ? error : STORE_EDAMAGE;
	if (placed != offset) {
		use_misplaced(segment, &index, offset);
		return STORE_EDAMAGE;
	}
	store_index_fini(&segment->index);
	segment->index = index;
	segment->end = offset;
	segment->damage_count = 0;
	segment->has_damaged_tail = false;
	segment->is_closed = true;
	return find_holes(segment);
}

static int scan_all(struct store_segment_reader *segment)
{
	segment->end = segment->start;
	int error =
	    segment->header_is_damaged ? store__add_damage(segment, 0, STORE_FILE_HEADER_BYTES, 0) : 0;
	error = error ? error : store__find_blocks(segment);
	if (!error)
		look_for_footer(segment);
	return error;
}

static int read_index(struct store_segment_reader *segment)
{
	int error = update_size(segment);
	error = error ? error : read_footer(segment);
	return error == STORE_EDAMAGE ? scan_all(segment) : error;
}

/* 0 also when the header is damaged. */
static int read_file_header(struct store_segment_reader *segment)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	int error = store__read_at(segment->fd, 0, bytes, sizeof bytes);
	if (error)
		return error == -ENODATA ? STORE_EFORMAT : error;
	error = store_file_header_get(&segment->header, bytes);
	segment->header_is_damaged = error == STORE_EDAMAGE || error == STORE_EFORMAT;
	return segment->header_is_damaged ? 0 : error;
}

/* A dictionary that cannot be read costs the blocks that need it, which are damaged then. */
static int load_dictionary(struct store_segment_reader *segment,
			   const struct store_zstd_dictionary_header *header)
{
	unsigned char *bytes = malloc(header->bytes);
	int error = bytes ? store__read_at(segment->fd, segment->start, bytes, header->bytes) : -ENOMEM;
	if (error || !store_zstd_dictionary_is_whole(header, bytes)) {
		free(bytes);
		return error == -ENODATA ? 0 : error;
	}
	segment->dictionary_bytes = bytes;
	segment->dictionary_len = header->bytes;
	segment->start += header->bytes;
	segment->dictionary = ZSTD_createDDict_byReference(bytes, header->bytes);
	return segment->dictionary ? 0 : -ENOMEM;
}

static int read_dictionary(struct store_segment_reader *segment)
{
	unsigned char bytes[STORE_ZSTD_DICTIONARY_HEADER_BYTES];
	struct store_zstd_dictionary_header header;
	segment->start = STORE_FILE_HEADER_BYTES;
	if (!segment->header_is_damaged && segment->header.major < STORE_VERSION_MAJOR_ZSTD_DICTIONARY)
		return 0;
	int error = store__read_at(segment->fd, segment->start, bytes, sizeof bytes);
	if (error || !store_zstd_dictionary_header_get(&header, bytes))
		return error == -ENODATA ? 0 : error;
	segment->start += sizeof bytes;
	error = load_dictionary(segment, &header);
	if (!error && segment->dictionary_len == 0)
		segment->start = STORE_FILE_HEADER_BYTES; /* damage before the first block */
	return error;
}

/* The first number is in the file's name, too, unless the file was renamed. */
static uint64_t first_seq_of(const struct store_segment_reader *segment)
{
	uint64_t named, first = segment->index.entries[0].header.first_seq;
	return store_log_segment_seq(segment->path, &named) && named > 0 && named < first ? named : first;
}

static void make_up_header(struct store_segment_reader *segment)
{
	const struct store_block_header *first = &segment->index.entries[0].header;
	bool has_dictionary = segment->dictionary_len > 0;
	segment->header = (struct store_file_header){
	    .major = has_dictionary ? STORE_VERSION_MAJOR_ZSTD_DICTIONARY : STORE_VERSION_MAJOR,
	    .minor = has_dictionary ? STORE_VERSION_MINOR_ZSTD_DICTIONARY : STORE_VERSION_MINOR,
	    .first_seq = first_seq_of(segment),
	    .created_ns = first->min_time_ns};
	memcpy(segment->header.log_id, first->log_id, sizeof first->log_id);
	for (size_t i = 0; i < segment->index.count; i++)
		if (segment->index.entries[i].header.max_conn >= segment->header.next_conn)
			segment->header.next_conn = segment->index.entries[i].header.max_conn + 1;
}

static int open_file(struct store_segment_reader *segment, const char *path)
{
	segment->path = strdup(path);
	if (!segment->path)
		return -ENOMEM;
	segment->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (segment->fd < 0)
		return -errno;
	int error = read_file_header(segment);
	error = error ? error : read_dictionary(segment);
	error = error ? error : read_index(segment);
	if (error || !segment->header_is_damaged)
		return error;
	if (segment->index.count == 0)
		return STORE_EFORMAT;
	make_up_header(segment);
	return 0;
}

static int say_why(int error, const char *path, struct wire_fault *fault)
{
	if (error == STORE_EVERSION)
		return wire_fault_set(
		    fault, error, "%s: written by a newer version of tapedeck; read it with that one", path);
	if (error == STORE_EFORMAT)
		return wire_fault_set(fault, error, "%s: not a segment of a tapedeck log", path);
	return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
}

int store_segment_reader_open(struct store_segment_reader **segment, const char *path,
			      struct wire_fault *fault)
{
	struct store_segment_reader *opened = calloc(1, sizeof *opened);
	if (!opened)
		return say_why(-ENOMEM, path, fault);
	opened->fd = -1;
	opened->holds = 1;
	int error = open_file(opened, path);
	if (error) {
		store_segment_reader_close(opened);
		return say_why(error, path, fault);
	}
	*segment = opened;
	return 0;
}

struct store_segment_reader *store_segment_reader_hold(struct store_segment_reader *segment)
{
	segment->holds++;
	return segment;
}

void store_segment_reader_close(struct store_segment_reader *segment)
{
	if (!segment || --segment->holds > 0)
		return;
	if (segment->fd >= 0)
		close(segment->fd);
	store_index_fini(&segment->index);
	store__buffer_fini(&segment->frame);
	ZSTD_freeDDict(segment->dictionary);
	free(segment->dictionary_bytes);
	free(segment->damage);
	free(segment->path);
	free(segment);
}

int64_t store_segment_reader_refresh(struct store_segment_reader *segment)
{
	uint64_t before = segment->file_bytes;
	size_t count = segment->index.count;
	if (segment->is_closed)
		return 0;
	int error = update_size(segment);
	if (error || segment->file_bytes == before)
		return error;
	error = read_footer(segment);
	if (error == STORE_EDAMAGE && (error = store__find_blocks(segment)) == 0)
		look_for_footer(segment);
	return error ? error : (int64_t)segment->index.count - (int64_t)count;
}

uint64_t store_segment_reader_block_bytes(const struct store_segment_reader *segment, size_t entry)
{
	const struct store_index *index = &segment->index;
	uint64_t end = entry + 1 < index->count ? index->entries[entry + 1].offset : segment->end;
	return end - index->entries[entry].offset;
}

uint64_t store_segment_reader_torn_bytes(const struct store_segment_reader *segment)
{
	return segment->is_closed || segment->file_bytes < segment->end ? 0
									: segment->file_bytes - segment->end;
}

bool store_segment_reader_lost_end(const struct store_segment_reader *segment)
{
	return segment->has_damaged_tail && segment->footer_next_seq != store_index_next_seq(&segment->index);
}

static bool is_damaged_before(const struct store_segment_reader *segment, size_t before)
{
	for (size_t i = 0; i < segment->damage_count; i++)
		if (segment->damage[i].before == before && segment->damage[i].offset > 0)
			return true;
	return false;
}

uint64_t store_segment_reader_missing(const struct store_segment_reader *segment, size_t before)
{
	const struct store_index_entry *entries = segment->index.entries;
	const size_t count = segment->index.count;
	if (!is_damaged_before(segment, before))
		return 0;
	if (before == count && !store_segment_reader_lost_end(segment))
		return 0;
	uint64_t from = before > 0 ? entries[before - 1].header.first_seq + entries[before - 1].header.events
				   : segment->header.first_seq;
	uint64_t to = before < count ? entries[before].header.first_seq : segment->footer_next_seq;
	return to > from ? to - from : before == count;
}

int store_segment_reader_check_header(const struct store_segment_reader *segment, size_t entry)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	struct store_block_header found;
	const struct store_index_entry *indexed = &segment->index.entries[entry];
	int error = store__read_at(segment->fd, indexed->offset, bytes, sizeof bytes);
	if (error < 0 && error != -ENODATA)
		return error;
	if (error || store_block_header_get(&found, bytes) != 0 ||
	    found.first_seq != indexed->header.first_seq ||
	    memcmp(found.frames, indexed->header.frames, sizeof found.frames) != 0)
		return STORE_EDAMAGE;
	return 0;
}

int store_segment_reader_load(struct store_segment_reader *segment, size_t entry, enum store_frame frame,
			      struct store_block *block)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	uint64_t offset = found->offset + STORE_BLOCK_HEADER_BYTES;
	size_t len = found->header.frames[frame].stored_bytes;
	for (int i = 0; i < (int)frame; i++)
		offset += found->header.frames[i].stored_bytes;
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, len + 1))
		return -ENOMEM;
	store_block_set_zstd_dictionary(block, segment->dictionary);
	int error = store__read_at(segment->fd, offset, segment->frame.bytes, len);
	return error == -ENODATA ? STORE_EDAMAGE
	       : error           ? error
				 : store_block_load(block, frame, segment->frame.bytes);
}

int store_segment_reader_load_block(struct store_segment_reader *segment, size_t entry, enum store_frame last,
				    struct store_block *block)
{
	store_block_begin(block, &segment->index.entries[entry].header);
	for (int frame = 0; frame <= (int)last; frame++) {
		int error = store_segment_reader_load(segment, entry, (enum store_frame)frame, block);
		if (error)
			return error;
	}
	return 0;
}
