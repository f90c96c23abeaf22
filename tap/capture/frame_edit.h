/* frame_edit.h - replace bytes of the TCP payload in a frame; its checksum stays right, or wrong. Internal to
 * tap.
 *
 * The frame is copied when the first byte is replaced. */
#ifndef TAP_CAPTURE_FRAME_EDIT_H
#define TAP_CAPTURE_FRAME_EDIT_H

#include "tap/capture/connect_mask.h"
#include "tap/packet/packet.h"

struct tap__frame_edit {
	struct tap__masker masker; /* first: the edit is its masker */
	const struct tap_frame *frame;
	const struct tap_segment *segment; /* NULL: no TCP header in this frame */
	unsigned char *copy;               /* of the frame, once it is changed */
	size_t copy_cap;
	bool is_changed, has_failed;
	bool corrects; /* it corrects the checksum */
};

/* Begin to edit a frame. segment: the one in it; NULL for a fragment without a TCP header. Borrows both until
 * the next call. The struct must be zeroed before its first use and can be reused. */
void tap__frame_edit_begin(struct tap__frame_edit *edit, const struct tap_frame *frame,
			   const struct tap_segment *segment);

/* The edited frame: the original bytes, or a copy, valid until the next begin. NULL when there was no memory
 * for the copy. */
const unsigned char *tap__frame_edit_bytes(const struct tap__frame_edit *edit);

void tap__frame_edit_fini(struct tap__frame_edit *edit);

#endif
