/* answer.h - where the answer of a command ends, in either framing. Pure. */
#ifndef EXPORT_DECODE_ANSWER_H
#define EXPORT_DECODE_ANSWER_H

#include "export/decode/child.h"

/* How far an answer was looked at. Zeroed before its first byte. */
struct export__answer {
	size_t at;      /* bytes looked at */
	int64_t depth;  /* lines: brackets that are open */
	bool is_json;   /* lines: it begins with one */
	bool is_string; /* lines: within a string of JSON */
	bool is_escaped;
};

/* Look at what has arrived so far. True with *text (its bytes, borrowed) and *used (with the framing) when the answer is whole. */
bool export__answer_is_whole(struct export__answer *answer, enum export__framing framing,
			     struct wire_slice arrived, struct wire_slice *text, size_t *used);

/* Frames: the answer says that it is larger than EXPORT_DECODE_BYTES_MAX. */
bool export__answer_is_too_large(enum export__framing framing, struct wire_slice arrived);

#endif
