#include "store/read/find_blocks.h"

#include <unistd.h>
#include <xxhash.h>

enum {
	SEARCH_BYTES = 1 << 16,
	/* Bytes that may be read to distinguish blocks from bytes that look like one, besides twice the file's size. It
	 * bounds the time that a malicious file can take. */
	PATIENCE_BYTES = 64 << 20,
};

/* A block that was found, and where. */
struct found {
	uint64_t offset;
	struct store_block_header header;
};

struct search {
	struct store_segment_reader *segment;
	uint64_t next_seq; /* the block begins with this number, or a later one */
	bool is_exact;     /* with this number and no other */
	uint64_t patience; /* bytes that may still be read */
};

int store__read_at(int fd, uint64_t offset, void *out, size_t len)
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

int store__add_damage(struct store_segment_reader *segment, uint64_t offset, uint64_t bytes, size_t before)
{
	struct store_damaged_range *list =
	    realloc(segment->damage, (segment->damage_count + 1) * sizeof *segment->damage);
	if (!list)
		return -ENOMEM;
	list[segment->damage_count++] =
	    (struct store_damaged_range){.offset = offset, .bytes = bytes, .before = before};
	segment->damage = list;
	return 0;
}

/* ---- is it a block? ---- */

/* The log's id; where the file header is damaged, the first block's. NULL when neither is known. */
static const uint8_t *log_id_of(const struct store_segment_reader *segment)
{
	if (!segment->header_is_damaged)
		return segment->header.log_id;
	return segment->index.count > 0 ? segment->index.entries[0].header.log_id : NULL;
}

static bool is_of_log(const struct store_segment_reader *segment, const struct store_block_header *header)
{
	const uint8_t *log_id = log_id_of(segment);
	return !log_id || memcmp(header->log_id, log_id, sizeof header->log_id) == 0;
}

static uint64_t end_of(const struct found *block)
{
	return block->offset + store_block_bytes(&block->header);
}

static uint64_t next_of(const struct store_block_header *header)
{
	return header->first_seq + header->events;
}

/* Read the block header at found->offset. 0; -ENODATA when the file ends within the header or, if that is valid, within the
 * block; STORE_EFORMAT or STORE_EDAMAGE when it is no header of this log that continues next_seq; or a negated errno. */
static int read_header(const struct store_segment_reader *segment, uint64_t next_seq, struct found *found)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	if (found->offset + sizeof bytes > segment->scan_end)
		return -ENODATA;
	int error = store__read_at(segment->fd, found->offset, bytes, sizeof bytes);
	error = error ? error : store_block_header_get(&found->header, bytes);
	if (error)
		return error;
	if (!is_of_log(segment, &found->header) || found->header.first_seq < next_seq)
		return STORE_EDAMAGE;
	return end_of(found) > segment->scan_end ? -ENODATA : 0;
}

/* Does the checksum of bytes in the file hold? */
static bool is_intact(const struct store_segment_reader *segment, uint64_t offset, uint64_t len,
		      uint64_t checksum)
{
	unsigned char bytes[4096];
	XXH3_state_t *state = XXH3_createState();
	bool done = state && XXH3_64bits_reset(state) == XXH_OK;
	while (done && len > 0) {
		size_t part = len < sizeof bytes ? (size_t)len : sizeof bytes;
		done = store__read_at(segment->fd, offset, bytes, part) == 0 &&
		       XXH3_64bits_update(state, bytes, part) == XXH_OK;
		offset += part;
		len -= part;
	}
	done = done && XXH3_64bits_digest(state) == checksum;
	XXH3_freeState(state);
	return done;
}

static bool has_intact_frames(struct search *search, const struct found *block)
{
	uint64_t offset = block->offset + STORE_BLOCK_HEADER_BYTES;
	uint64_t bytes = store_block_body_bytes(&block->header);
	if (bytes > search->patience)
		return false;
	search->patience -= bytes;
	for (int i = 0; i < STORE_FRAMES; i++) {
		const struct store_frame_header *frame = &block->header.frames[i];
		if (!is_intact(search->segment, offset, frame->stored_bytes, frame->checksum))
			return false;
		offset += frame->stored_bytes;
	}
	return true;
}

/* ---- the end of a segment ---- */

/* Does a block or a footer begin at offset and the file end within it, as an interrupted writer leaves it? When the header of
 * the block is whole, it is copied to *beyond (may be NULL). */
static bool is_unfinished(const struct store_segment_reader *segment, uint64_t offset, uint64_t next_seq,
			  struct found *beyond)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	uint64_t left = segment->file_bytes - offset, footer_bytes;
	size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;
	size_t magic = len < STORE_MAGIC_BYTES ? len : STORE_MAGIC_BYTES;
	struct found found = {.offset = offset};
	if (store__read_at(segment->fd, offset, bytes, len) != 0)
		return false;
	if (memcmp(bytes, STORE_FOOTER_MAGIC, magic) == 0)
		return len < STORE_FOOTER_HEADER_BYTES || store_index_read_header(bytes, &footer_bytes);
	if (len < sizeof bytes)
		return memcmp(bytes, STORE_BLOCK_MAGIC, magic) == 0;
	if (read_header(segment, next_seq, &found) != -ENODATA)
		return false;
	if (beyond)
		*beyond = found;
	return true;
}

/* A footer, which may be damaged, begins where the last block ends. */
static bool is_footer(const struct store_segment_reader *segment)
{
	unsigned char trailer[STORE_TRAILER_BYTES];
	uint64_t offset, len;
	return segment->file_bytes >= STORE_TRAILER_BYTES &&
	       store__read_at(segment->fd, segment->file_bytes - sizeof trailer, trailer, sizeof trailer) ==
		   0 &&
	       store_index_read_trailer(trailer, &offset, &len) && offset == segment->end;
}

static int judge_tail(struct store_segment_reader *segment)
{
	uint64_t left = segment->scan_end - segment->end;
	bool is_shut = segment->scan_end < segment->file_bytes; /* a footer follows */
	if (left == 0 || is_footer(segment) ||
	    (!is_shut && is_unfinished(segment, segment->end, store_index_next_seq(&segment->index), NULL)))
		return 0;
	segment->has_damaged_tail = true;
	return store__add_damage(segment, segment->end, left, segment->index.count);
}

/* ---- finding the next block after damage ---- */

/* Does another block, the footer or the end follow where this one ends? */
static bool leads_on(const struct search *search, const struct found *block)
{
	const struct store_segment_reader *segment = search->segment;
	struct found next = {.offset = end_of(block)};
	if (next.offset == segment->scan_end)
		return true;
	return read_header(segment, next_of(&block->header), &next) == 0 ||
	       is_unfinished(segment, next.offset, next_of(&block->header), NULL);
}

/* The candidates of a search, which tries each place that holds the magic number of a block. */
struct choice {
	bool has_anchor, has_lone;
	struct found anchor; /* another block, the footer or the end follows it */
	struct found lone;   /* the first with intact frames, though nothing follows it */
};

/* True when the choice is made. */
static bool consider(struct search *search, uint64_t offset, struct choice *choice)
{
	struct found found = {.offset = offset};
	if (read_header(search->segment, search->next_seq, &found) != 0 ||
	    (search->is_exact && found.header.first_seq != search->next_seq))
		return false;
	bool leads = leads_on(search, &found);
	bool is_intact_block = (search->is_exact || !leads) && has_intact_frames(search, &found);
	if (leads && (!search->is_exact || is_intact_block)) {
		choice->anchor = found;
		return choice->has_anchor = true;
	}
	if (is_intact_block && !choice->has_lone) {
		choice->lone = found;
		choice->has_lone = true;
	}
	return false;
}

/* Take the lone block unless the anchor contradicts it. */
static bool choose(const struct choice *choice, struct found *found)
{
	bool takes_lone =
	    choice->has_lone &&
	    (!choice->has_anchor || (next_of(&choice->lone.header) <= choice->anchor.header.first_seq &&
				     end_of(&choice->lone) <= choice->anchor.offset));
	*found = takes_lone ? choice->lone : choice->anchor;
	return takes_lone || choice->has_anchor;
}

static bool consider_all(struct search *search, uint64_t from, size_t len, struct choice *choice)
{
	const unsigned char *bytes = search->segment->frame.bytes, *end = bytes + len, *at = bytes;
	while ((at = memmem(at, (size_t)(end - at), STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES)) != NULL) {
		if (consider(search, from + (uint64_t)(at - bytes), choice))
			return true;
		at++;
	}
	return false;
}

/* Look for a block from `from` up to `to`. 0 with *found; -ENODATA when there is none; -ENOMEM or another negated errno. */
static int find_block(struct search *search, uint64_t from, uint64_t to, struct found *found)
{
	struct store_segment_reader *segment = search->segment;
	struct choice choice = {0};
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, SEARCH_BYTES))
		return -ENOMEM;
	while (from + STORE_BLOCK_HEADER_BYTES <= to && !(choice.has_lone && search->patience == 0)) {
		size_t len = to - from < SEARCH_BYTES ? (size_t)(to - from) : SEARCH_BYTES;
		int error = store__read_at(segment->fd, from, segment->frame.bytes, len);
		if (error)
			return error;
		if (consider_all(search, from, len, &choice))
			break;
		if (choice.has_lone)
			search->patience -= len < search->patience ? len : search->patience;
		from += len - STORE_MAGIC_BYTES + 1;
	}
	return choose(&choice, found) ? 0 : -ENODATA;
}

/* The last block lost bytes, so that the next one begins before the end that its header states. */
static int find_within_last(struct search *search, struct found *found)
{
	const struct store_index *index = &search->segment->index;
	const struct store_index_entry *last = &index->entries[index->count - 1];
	const struct found block = {.offset = last->offset, .header = last->header};
	if (has_intact_frames(search, &block))
		return -ENODATA;
	struct search inside = *search;
	inside.is_exact = true;
	int error =
	    find_block(&inside, block.offset + STORE_BLOCK_HEADER_BYTES, search->segment->scan_end, found);
	search->patience = inside.patience;
	return error == 0 && found->offset >= end_of(&block) ? -ENODATA : error;
}

/* No block begins at segment->end. Find the next one. kept: entries of the index that must stay. 0 with *found, -ENODATA
 * when there is none, -ENOMEM or another negated errno. */
static int resync(struct search *search, size_t kept, struct found *found)
{
	struct store_segment_reader *segment = search->segment;
	struct found beyond = {0};
	search->next_seq = store_index_next_seq(&segment->index);
	if (is_unfinished(segment, segment->end, search->next_seq, &beyond)) {
		if (beyond.offset == 0)
			return -ENODATA;
		struct search inside = {.segment = segment,
					.next_seq = next_of(&beyond.header),
					.is_exact = true,
					.patience = search->patience};
		return find_block(&inside, segment->end + STORE_BLOCK_HEADER_BYTES, segment->scan_end, found);
	}
	int error = segment->index.count > kept ? find_within_last(search, found) : -ENODATA;
	return error == -ENODATA ? find_block(search, segment->end + 1, segment->scan_end, found) : error;
}

/* ---- scanning ---- */

/* The block that was found begins within the last one, which therefore is no block. */
static void drop_last(struct store_segment_reader *segment)
{
	segment->index.count--;
	segment->end = segment->index.entries[segment->index.count].offset;
}

static int take(struct store_segment_reader *segment, const struct found *found)
{
	int error = 0;
	if (found->offset < segment->end)
		drop_last(segment);
	if (found->offset > segment->end)
		error = store__add_damage(segment, segment->end, found->offset - segment->end,
					  segment->index.count);
	error = error ? error : store_index_add(&segment->index, found->offset, &found->header);
	if (!error)
		segment->end = end_of(found);
	return error;
}

int store__find_blocks(struct store_segment_reader *segment)
{
	size_t kept = segment->index.count;
	struct search search = {.segment = segment, .patience = 2 * segment->file_bytes + PATIENCE_BYTES};
	segment->damage_count -= segment->has_damaged_tail;
	segment->has_damaged_tail = false;
	for (;;) {
		struct found found = {.offset = segment->end};
		int error = read_header(segment, store_index_next_seq(&segment->index), &found);
		if (error == -ENODATA || error == STORE_EFORMAT || error == STORE_EDAMAGE)
			error = resync(&search, kept, &found);
		if (error == -ENODATA)
			return judge_tail(segment);
		error = error ? error : take(segment, &found);
		if (error)
			return error;
	}
}
