/* edits.h - what is to be replaced in a text, and the text with that replaced. Internal to wire/mask. */
#ifndef WIRE_MASK_EDITS_H
#define WIRE_MASK_EDITS_H

#include "wire/mask/buffer.h"
#include "wire/mask/types.h"

/* A payload with more is redacted whole. */
enum { WIRE__EDITS_MAX = 1 << 16 };

/* What comes in place of the bytes. All up to WIRE__EDIT_WHOLE are as long as they are. */
enum wire__edit_form {
	WIRE__EDIT_STARS,      /* "***" without quotes: text, or the inside of a JSON string */
	WIRE__EDIT_NUMBER,     /* 0 and blanks */
	WIRE__EDIT_NULL,       /* null and blanks; at least 4 bytes */
	WIRE__EDIT_OBJECT,     /* { }, blanks inside */
	WIRE__EDIT_ARRAY,      /* [ ], blanks inside */
	WIRE__EDIT_WHOLE,      /* "***" with quotes, so that it is JSON; one byte: 0 */
	WIRE__EDIT_HASH,       /* the hash of the bytes */
	WIRE__EDIT_TEXT_HASH,  /* likewise, as a JSON string */
	WIRE__EDIT_VALUE_HASH, /* the hash of a JSON value, which the bytes must be, as a JSON string */
	WIRE__EDIT_SHORT,      /* _ which keeps what is before and after it apart */
	WIRE__EDIT_REMOVE,     /* nothing */
	WIRE__EDIT_REMOVE_MEMBER /* nothing, with one comma: the member of an object or the element of an array */
};

struct wire__edit {
	size_t start, end;
	uint16_t form; /* enum wire__edit_form */
	uint16_t rule; /* WIRE__MASK_NO_RULE: a limit, or a text that is not what a rule asks for */
};

/* Zeroed: none; it must not be moved. In order of their places, without overlaps, when they are applied. */
struct wire__edits {
	struct wire__edit *list; /* owned, or `first` */
	size_t count, cap;
	struct wire__edit first[4];
};

void wire__edits_fini(struct wire__edits *edits);

/* False when there are too many, or when out of memory. */
bool wire__edits_add(struct wire__edits *edits, const struct wire__edit *edit);

/* Replace the whole text instead of all that was added; never fails. */
void wire__edits_cover(struct wire__edits *edits, size_t len, enum wire__edit_form form, unsigned rule);

/* Put them in order, and cut off what one has in common with the one before it. */
void wire__edits_sort(struct wire__edits *edits);

/* Overwrite the places in `copy`, a copy of the text. Every form keeps its length. */
void wire__edits_patch(const struct wire__edits *edits, char *copy);

/* Append the edited text to *out. False when out of memory. */
bool wire__edits_apply(const struct wire__edits *edits, struct wire_slice text,
		       const struct wire__mask_key *key, struct wire__mask_buffer *out);

#endif
