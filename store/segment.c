#include "store/segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEARCH_BYTES = 1 << 16, FOOTER_BYTES_MAX = 64 << 20 };

/* Exactly len bytes at offset. 0; -ENODATA at the end of the file; or a negated errno. */
static int read_at(int fd, uint64_t offset, void *out, size_t len)
{
	unsigned char *at = out;
	while (len > 0) {
		ssize_t got = pread(fd, at, len, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -ENODATA;
		at += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int update_size(struct store_segment *segment)
{
	struct stat info;
	if (fstat(segment->fd, &info) != 0)
		return -errno;
	segment->file_bytes = (uint64_t)info.st_size;
	return 0;
}

/* The log's id; where the file header is damaged, the first block's. NULL when neither is known. */
static const uint8_t *log_id_of(const struct store_segment *segment)
{
	if (!segment->header_is_damaged)
		return segment->header.log_id;
	return segment->index.count > 0 ? segment->index.entries[0].header.log_id : NULL;
}

/* A payload may hold bytes that look like a block: only one that names this log and continues its numbers is
 * one. */
static bool continues(const struct store_segment *segment, const struct store_block_header *header)
{
	const uint8_t *log_id = log_id_of(segment);
	return (!log_id || memcmp(header->log_id, log_id, sizeof header->log_id) == 0) &&
	       header->first_seq >= store_index_next_seq(&segment->index);
}

/* The header of a block that lies whole in the file at offset. 0, -ENODATA when it is not all there, or STORE_…. */
static int read_block_header(const struct store_segment *segment, uint64_t offset,
			     struct store_block_header *header)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	int error = read_at(segment->fd, offset, bytes, sizeof bytes);
	error = error ? error : store_block_header_get(header, bytes);
	if (error)
		return error;
	if (!continues(segment, header))
		return STORE_EDAMAGE;
	return offset + store_block_bytes(header) > segment->file_bytes ? -ENODATA : 0;
}

/* Is there a whole block in bytes[0..len), which lie at file offset `from`? */
static bool find_block_in(const struct store_segment *segment, uint64_t from, size_t len, uint64_t *found,
			  struct store_block_header *header)
{
	const unsigned char *bytes = segment->frame.bytes, *end = bytes + len, *at = bytes;
	while ((at = memmem(at, (size_t)(end - at), STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES)) != NULL) {
		*found = from + (uint64_t)(at - bytes);
		if (read_block_header(segment, *found, header) == 0)
			return true;
		at++;
	}
	return false;
}

/* The first offset from `from` on where a whole block begins. 0 with *found; -ENODATA when there is none. */
static int find_block(struct store_segment *segment, uint64_t from, uint64_t *found,
		      struct store_block_header *header)
{
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, SEARCH_BYTES))
		return -ENOMEM;
	while (from + STORE_BLOCK_HEADER_BYTES <= segment->file_bytes) {
		uint64_t left = segment->file_bytes - from;
		size_t len = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
		int error = read_at(segment->fd, from, segment->frame.bytes, len);
		if (error)
			return error;
		if (find_block_in(segment, from, len, found, header))
			return 0;
		from += len - STORE_MAGIC_BYTES + 1;
	}
	return -ENODATA;
}

static int add_damage(struct store_segment *segment, uint64_t offset, uint64_t bytes, size_t before)
{
	struct store_segment_damage *list =
	    realloc(segment->damage, (segment->damage_count + 1) * sizeof *segment->damage);
	if (!list)
		return -ENOMEM;
	list[segment->damage_count++] =
	    (struct store_segment_damage){.offset = offset, .bytes = bytes, .before = before};
	segment->damage = list;
	return 0;
}

/* Extend the index from `end` on by what the file holds. A block whose header is whole and whose body is not is the one
 * being written: nothing behind it is looked for. */
static int scan(struct store_segment *segment)
{
	struct store_block_header header;
	for (;;) {
		uint64_t found = segment->end;
		int error = read_block_header(segment, found, &header);
		if (error == STORE_EFORMAT || error == STORE_EDAMAGE)
			error = find_block(segment, found + 1, &found, &header);
		if (error)
			return error == -ENODATA ? 0 : error;
		if (found > segment->end && (error = add_damage(segment, segment->end, found - segment->end,
								segment->index.count)) != 0)
			return error;
		if (store_index_add(&segment->index, found, &header) != 0)
			return -ENOMEM;
		segment->end = found + store_block_bytes(&header);
	}
}

/* What the footer leaves out between two blocks was damaged when the footer was made. */
static int find_holes(struct store_segment *segment)
{
	uint64_t end = STORE_FILE_HEADER_BYTES;
	int error = segment->header_is_damaged ? add_damage(segment, 0, STORE_FILE_HEADER_BYTES, 0) : 0;
	for (size_t i = 0; i < segment->index.count && !error; i++) {
		const struct store_index_entry *entry = &segment->index.entries[i];
		if (entry->offset > end)
			error = add_damage(segment, end, entry->offset - end, i);
		end = entry->offset + store_block_bytes(&entry->header);
	}
	if (!error && segment->end > end)
		error = add_damage(segment, end, segment->end - end, segment->index.count);
	return error;
}

/* Where the footer lies. False when there is no valid trailer. */
static bool find_footer(const struct store_segment *segment, uint64_t *offset, uint64_t *len)
{
	unsigned char trailer[STORE_TRAILER_BYTES];
	if (segment->file_bytes < STORE_FILE_HEADER_BYTES + STORE_TRAILER_BYTES ||
	    read_at(segment->fd, segment->file_bytes - STORE_TRAILER_BYTES, trailer, sizeof trailer) != 0 ||
	    !store_index_read_trailer(trailer, offset, len))
		return false;
	uint64_t footer_end = segment->file_bytes - STORE_TRAILER_BYTES;
	return *len <= FOOTER_BYTES_MAX && *len <= footer_end && *offset == footer_end - *len;
}

/* Without a valid footer: has it one nevertheless? Either the trailer is there, or the footer with just room for it behind. A
 * footer that was not written to its end is none: that is how a crash leaves it. */
static void look_for_footer(struct store_segment *segment)
{
	unsigned char header[STORE_FOOTER_HEADER_BYTES];
	uint64_t offset, len;
	segment->has_bad_footer = find_footer(segment, &offset, &len) ||
				  (read_at(segment->fd, segment->end, header, sizeof header) == 0 &&
				   store_index_read_header(header, &len) &&
				   segment->end + len + STORE_TRAILER_BYTES == segment->file_bytes);
}

/* Take the index from the footer. 0; STORE_EDAMAGE when there is no valid one. */
static int read_footer(struct store_segment *segment)
{
	uint64_t offset, len;
	struct store_index index = {0};
	if (!find_footer(segment, &offset, &len))
		return STORE_EDAMAGE;
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, len))
		return -ENOMEM;
	int error = read_at(segment->fd, offset, segment->frame.bytes, len);
	error = error ? error : store_index_read(&index, segment->frame.bytes, len, offset);
	if (error)
		return error == -ENOMEM ? error : STORE_EDAMAGE;
	store_index_fini(&segment->index);
	segment->index = index;
	segment->end = offset;
	segment->damage_count = 0;
	segment->is_closed = true;
	return find_holes(segment);
}

static int scan_all(struct store_segment *segment)
{
	segment->end = STORE_FILE_HEADER_BYTES;
	int error = segment->header_is_damaged ? add_damage(segment, 0, STORE_FILE_HEADER_BYTES, 0) : 0;
	error = error ? error : scan(segment);
	if (!error)
		look_for_footer(segment);
	return error;
}

static int read_index(struct store_segment *segment)
{
	int error = update_size(segment);
	error = error ? error : read_footer(segment);
	return error == STORE_EDAMAGE ? scan_all(segment) : error;
}

/* 0 also when the header is damaged. */
static int read_file_header(struct store_segment *segment)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	int error = read_at(segment->fd, 0, bytes, sizeof bytes);
	if (error)
		return error == -ENODATA ? STORE_EFORMAT : error;
	error = store_file_header_get(&segment->header, bytes);
	segment->header_is_damaged = error == STORE_EDAMAGE || error == STORE_EFORMAT;
	return segment->header_is_damaged ? 0 : error;
}

static void make_up_header(struct store_segment *segment)
{
	const struct store_block_header *first = &segment->index.entries[0].header;
	segment->header = (struct store_file_header){.major = STORE_VERSION_MAJOR,
						     .minor = STORE_VERSION_MINOR,
						     .first_seq = first->first_seq,
						     .created_ns = first->min_time_ns};
	memcpy(segment->header.log_id, first->log_id, sizeof first->log_id);
	for (size_t i = 0; i < segment->index.count; i++)
		if (segment->index.entries[i].header.max_conn >= segment->header.next_conn)
			segment->header.next_conn = segment->index.entries[i].header.max_conn + 1;
}

static int open_file(struct store_segment *segment, const char *path)
{
	segment->path = strdup(path);
	if (!segment->path)
		return -ENOMEM;
	segment->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (segment->fd < 0)
		return -errno;
	int error = read_file_header(segment);
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

int store_segment_open(struct store_segment **segment, const char *path, struct wire_fault *fault)
{
	struct store_segment *opened = calloc(1, sizeof *opened);
	if (!opened)
		return say_why(-ENOMEM, path, fault);
	opened->fd = -1;
	int error = open_file(opened, path);
	if (error) {
		store_segment_close(opened);
		return say_why(error, path, fault);
	}
	*segment = opened;
	return 0;
}

void store_segment_close(struct store_segment *segment)
{
	if (!segment)
		return;
	if (segment->fd >= 0)
		close(segment->fd);
	store_index_fini(&segment->index);
	store__buffer_fini(&segment->frame);
	free(segment->damage);
	free(segment->path);
	free(segment);
}

int64_t store_segment_refresh(struct store_segment *segment)
{
	uint64_t before = segment->file_bytes;
	size_t count = segment->index.count;
	if (segment->is_closed)
		return 0;
	int error = update_size(segment);
	if (error || segment->file_bytes == before)
		return error;
	error = read_footer(segment);
	if (error == STORE_EDAMAGE && (error = scan(segment)) == 0)
		look_for_footer(segment);
	return error ? error : (int64_t)segment->index.count - (int64_t)count;
}

uint64_t store_segment_torn_bytes(const struct store_segment *segment)
{
	return segment->is_closed || segment->file_bytes < segment->end ? 0
									: segment->file_bytes - segment->end;
}

int store_segment_check_header(const struct store_segment *segment, size_t entry)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	struct store_block_header found;
	const struct store_index_entry *indexed = &segment->index.entries[entry];
	int error = read_at(segment->fd, indexed->offset, bytes, sizeof bytes);
	if (error < 0 && error != -ENODATA)
		return error;
	if (error || store_block_header_get(&found, bytes) != 0 ||
	    found.first_seq != indexed->header.first_seq ||
	    memcmp(found.frames, indexed->header.frames, sizeof found.frames) != 0)
		return STORE_EDAMAGE;
	return 0;
}

int store_segment_load(struct store_segment *segment, size_t entry, enum store_frame frame,
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
	int error = read_at(segment->fd, offset, segment->frame.bytes, len);
	return error == -ENODATA ? STORE_EDAMAGE
	       : error           ? error
				 : store_block_load(block, frame, segment->frame.bytes);
}

int store_segment_load_block(struct store_segment *segment, size_t entry, enum store_frame last,
			     struct store_block *block)
{
	store_block_begin(block, &segment->index.entries[entry].header);
	for (int frame = 0; frame <= (int)last; frame++) {
		int error = store_segment_load(segment, entry, (enum store_frame)frame, block);
		if (error)
			return error;
	}
	return 0;
}
