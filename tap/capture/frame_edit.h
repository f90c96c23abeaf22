/* frame_edit.h - a frame of which some bytes of the TCP payload are replaced, its checksum kept as right or wrong as it
 * was. Internal to tap.
 *
 * The frame is copied when the first byte is replaced. */
#ifndef TAP_CAPTURE_FRAME_EDIT_H
#define TAP_CAPTURE_FRAME_EDIT_H

#include "tap/capture/connect_mask.h"
#include "tap/packet/packet.h"

struct tap__frame_edit {
	struct tap__masker masker; /* first: the editor is its masker */
	const struct tap_frame *frame;
	const struct tap_segment *segment; /* NULL: no TCP header in this frame */
	unsigned char *copy;               /* of the frame, when it was changed */
	size_t copy_cap;
	bool is_changed, has_failed;
	bool corrects; /* the checksum */
};

/* Begin with a frame and the segment in it (NULL: it is a fragment without TCP header). Borrows both until the next
 * call. The struct is zeroed before its first use, and may be used again. */
void tap__frame_edit_begin(struct tap__frame_edit *edit, const struct tap_frame *frame,
			   const struct tap_segment *segment);

/* The frame as it is now: its own bytes, or the copy, which lives until the next begin. NULL: there was no memory to
 * change it. */
const unsigned char *tap__frame_edit_bytes(const struct tap__frame_edit *edit);

void tap__frame_edit_fini(struct tap__frame_edit *edit);

#endif
