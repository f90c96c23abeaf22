#include "tap/capture/frame_edit.h"

#include <stdlib.h>
#include <string.h>

enum { CHECKSUM_AT = 16 /* in the TCP header */, PROTOCOL_TCP = 6 };

/* ---- the checksum (RFC 1071, RFC 1624) ---- */

static uint32_t add_bytes(uint32_t sum, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* The sum over the pseudo header and the segment. */
static uint32_t sum_of(const struct tap_segment *segment, size_t len)
{
	size_t address_len = segment->from.is_v6 ? 16 : 4;
	uint32_t sum = (uint32_t)(len & 0xffff) + (uint32_t)(len >> 16) + PROTOCOL_TCP;
	sum = add_bytes(sum, segment->from.address, address_len);
	sum = add_bytes(sum, segment->to.address, address_len);
	return add_bytes(sum, segment->header, len);
}

/* Must the checksum be corrected? Not if it is wrong, because the sending network card would have computed it.
 * A checksum that cannot be verified, of a cut or fragmented segment, is assumed to be right. */
static bool is_to_be_corrected(const struct tap_segment *segment)
{
	if (!segment)
		return false;
	if (segment->missing_bytes > 0)
		return true;
	const unsigned char *end = (const unsigned char *)segment->payload.data + segment->payload.len;
	return sum_of(segment, (size_t)(end - segment->header)) == 0xffff;
}

/* Correct the checksum for a changed byte: HC' = ~(~HC + ~m + m') [RFC 1624, 3]. */
static void correct(struct tap__frame_edit *edit, size_t at_in_segment, unsigned char before,
		    unsigned char after)
{
	unsigned char *field = edit->copy + (edit->segment->header - edit->frame->bytes) + CHECKSUM_AT;
	unsigned shift = at_in_segment % 2 ? 0 : 8;
	uint32_t sum = (uint32_t) ~(field[0] << 8 | field[1]) & 0xffff;
	sum += (~((uint32_t)before << shift) & 0xffff) + ((uint32_t)after << shift);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	field[0] = (unsigned char)(~sum >> 8);
	field[1] = (unsigned char)~sum;
}

/* ---- the copy ---- */

static bool copy_frame(struct tap__frame_edit *edit)
{
	size_t len = edit->frame->captured_bytes;
	if (len > edit->copy_cap) {
		unsigned char *grown = realloc(edit->copy, len);
		if (!grown)
			return false;
		edit->copy = grown;
		edit->copy_cap = len;
	}
	memcpy(edit->copy, edit->frame->bytes, len);
	edit->is_changed = true;
	edit->corrects = is_to_be_corrected(edit->segment);
	return true;
}

static void put(struct tap__masker *masker, const char *at, char replacement)
{
	struct tap__frame_edit *edit = (struct tap__frame_edit *)masker;
	const unsigned char *place = (const unsigned char *)at;
	if (edit->has_failed || (!edit->is_changed && !copy_frame(edit))) {
		edit->has_failed = true;
		return;
	}
	if (edit->corrects)
		correct(edit, (size_t)(place - edit->segment->header), *place, (unsigned char)replacement);
	edit->copy[place - edit->frame->bytes] = (unsigned char)replacement;
}

void tap__frame_edit_begin(struct tap__frame_edit *edit, const struct tap_frame *frame,
			   const struct tap_segment *segment)
{
	edit->masker.put = put;
	edit->frame = frame;
	edit->segment = segment;
	edit->is_changed = edit->has_failed = false;
}

const unsigned char *tap__frame_edit_bytes(const struct tap__frame_edit *edit)
{
	if (edit->has_failed)
		return NULL;
	return edit->is_changed ? edit->copy : edit->frame->bytes;
}

void tap__frame_edit_fini(struct tap__frame_edit *edit)
{
	free(edit->copy);
	*edit = (struct tap__frame_edit){0};
}
