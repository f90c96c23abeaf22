/* masker_layout.h - what a masker is inside. Internal to wire/mask. */
#ifndef WIRE_MASK_MASKER_LAYOUT_H
#define WIRE_MASK_MASKER_LAYOUT_H

#include "wire/mask/masker.h"
#include "wire/mask/payload.h"

/* The parts of an event that are replaced; each has memory of its own. */
enum wire__masker_part {
	WIRE__MASKER_HEADERS,
	WIRE__MASKER_PAYLOAD,
	WIRE__MASKER_SUBJECT,
	WIRE__MASKER_REPLY,
	WIRE__MASKER_TEXT,
	WIRE__MASKER_REMARK,
	WIRE__MASKER_PARTS
};

struct wire_masker {
	struct wire_mask *mask; /* borrowed */
	bool is_counted;
	struct wire__plans plans;
	struct wire__matches matches;
	struct wire__edits edits; /* of the part that is being masked */
	struct wire__scan scan;
	struct wire__mask_buffer parts[WIRE__MASKER_PARTS];
};

#endif
