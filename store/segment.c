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

/* The header of a block that lies whole in the file at offset. 0, -ENODATA when it is not all there, or STORE_…. */
static int read_block_header(const struct store_segment *segment, uint64_t offset,
			     struct store_block_header *header)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	int error = read_at(segment->fd, offset, bytes, sizeof bytes);
	error = error ? error : store_block_header_get(header, bytes);
	if (error)
		return error;
	return offset + store_block_bytes(header) > segment->file_bytes ? -ENODATA : 0;
}

/* The first offset from `from` on where a whole block begins. 0 with *found; -ENODATA when there is none. */
static int find_block(struct store_segment *segment, uint64_t from, uint64_t *found,
		      struct store_block_header *header)
{
	if (store__buffer_reserve(&segment->frame, SEARCH_BYTES))
		return -ENOMEM;
	while (from + STORE_BLOCK_HEADER_BYTES <= segment->file_bytes) {
		uint64_t left = segment->file_bytes - from;
		size_t len = left < SEARCH_BYTES ? (size_t)left : SEARCH_BYTES;
		const unsigned char *bytes = segment->frame.bytes, *at = bytes;
		int error = read_at(segment->fd, from, segment->frame.bytes, len);
		if (error)
			return error;
		while ((at = memmem(at, len - (size_t)(at - bytes), STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES)) !=
		       NULL) {
			*found = from + (uint64_t)(at - bytes);
			if (read_block_header(segment, *found, header) == 0)
				return 0;
			at++;
		}
		from += len - STORE_MAGIC_BYTES + 1;
	}
	return -ENODATA;
}

static int add_damage(struct store_segment *segment, uint64_t offset, uint64_t bytes)
{
	struct store_segment_damage *list =
	    realloc(segment->damage, (segment->damage_count + 1) * sizeof *segment->damage);
	if (!list)
		return -ENOMEM;
	list[segment->damage_count++] =
	    (struct store_segment_damage){.offset = offset, .bytes = bytes, .before = segment->index.count};
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
		if (found > segment->end &&
		    (error = add_damage(segment, segment->end, found - segment->end)) != 0)
			return error;
		if (store_index_add(&segment->index, found, &header) != 0)
			return -ENOMEM;
		segment->end = found + store_block_bytes(&header);
	}
}

/* Take the index from the footer. 0; STORE_EDAMAGE when there is no valid one. */
static int read_footer(struct store_segment *segment)
{
	unsigned char trailer[STORE_TRAILER_BYTES];
	uint64_t offset, len;
	struct store_index index = {0};
	if (segment->file_bytes < STORE_FILE_HEADER_BYTES + STORE_TRAILER_BYTES ||
	    read_at(segment->fd, segment->file_bytes - STORE_TRAILER_BYTES, trailer, sizeof trailer) != 0 ||
	    !store_index_read_trailer(trailer, &offset, &len) || len > FOOTER_BYTES_MAX ||
	    offset + len + STORE_TRAILER_BYTES != segment->file_bytes)
		return STORE_EDAMAGE;
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, len))
		return -ENOMEM;
	int error = read_at(segment->fd, offset, segment->frame.bytes, len);
	error = error ? error : store_index_read(&index, segment->frame.bytes, len);
	if (error)
		return error == -ENOMEM ? error : STORE_EDAMAGE;
	store_index_fini(&segment->index);
	segment->index = index;
	segment->end = offset;
	segment->is_closed = true;
	return 0;
}

static int read_index(struct store_segment *segment)
{
	segment->end = STORE_FILE_HEADER_BYTES;
	int error = update_size(segment);
	error = error ? error : read_footer(segment);
	return error == STORE_EDAMAGE ? scan(segment) : error;
}

static int open_file(struct store_segment *segment, const char *path, struct wire_fault *fault)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	segment->path = strdup(path);
	if (!segment->path)
		return -ENOMEM;
	segment->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (segment->fd < 0)
		return wire_fault_set(fault, -errno, "%s: %s", path, strerror(errno));
	int error = read_at(segment->fd, 0, bytes, sizeof bytes);
	error = error == -ENODATA ? STORE_EFORMAT
		: error           ? error
				  : store_file_header_get(&segment->header, bytes);
	if (error == STORE_EVERSION)
		return wire_fault_set(
		    fault, error, "%s: written by a newer version of tapedeck; read it with that one", path);
	if (error == STORE_EDAMAGE)
		return wire_fault_set(fault, error, "%s: the file header is damaged; run \"tapedeck verify\"",
				      path);
	if (error == STORE_EFORMAT)
		return wire_fault_set(fault, error, "%s: not a segment of a tapedeck log", path);
	return error;
}

int store_segment_open(struct store_segment **segment, const char *path, struct wire_fault *fault)
{
	struct store_segment *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	opened->fd = -1;
	if (fault)
		fault->code = 0;
	int error = open_file(opened, path, fault);
	error = error ? error : read_index(opened);
	if (!error) {
		*segment = opened;
		return 0;
	}
	if (fault && fault->code == 0)
		wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
	store_segment_close(opened);
	return error;
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
	if (error == STORE_EDAMAGE)
		error = scan(segment);
	return error ? error : (int64_t)(segment->index.count - count);
}

uint64_t store_segment_torn_bytes(const struct store_segment *segment)
{
	return segment->is_closed || segment->file_bytes < segment->end ? 0
									: segment->file_bytes - segment->end;
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
