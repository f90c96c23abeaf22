/* connect_mask.h - find CONNECT in the bytes of a stream, and the parts of it that must be hidden. Internal to tap.
 *
 * Only a state is kept between calls, and a CONNECT may be split anywhere. Of its JSON the values are hidden whose keys
 * are not known to be harmless. `user` is harmless together with a password; without one it is a token. Each hidden byte
 * is replaced by another, so that lengths stay and the text stays JSON:
 *
 *	CONNECT {"verbose":false,"user":"ann","pass":"s3cr3t","lang":"go"}
 *	CONNECT {"verbose":false,"user":"ann","pass":"xxxxxx","lang":"go"}
 *
 * A line of a payload that looks like a CONNECT is treated as one. */
#ifndef TAP_CAPTURE_CONNECT_MASK_H
#define TAP_CAPTURE_CONNECT_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tap__connect_stage {
	TAP__CONNECT_LINE,   /* at the start of a line */
	TAP__CONNECT_OTHER,  /* inside a line that is not CONNECT */
	TAP__CONNECT_VERB,   /* inside the verb */
	TAP__CONNECT_BLANKS, /* after the verb */
	TAP__CONNECT_JSON,
	TAP__CONNECT_TAIL,   /* after the JSON: unknown, so it is hidden */
	TAP__CONNECT_UNSEEN, /* a line that was not seen whole and may be a CONNECT: hidden */
};

enum { TAP__CONNECT_KEY_MAX = 16 };

/* Zeroed at the start of a stream. */
struct tap__connect_mask {
	enum tap__connect_stage stage;
	uint8_t matched; /* of the verb */
	uint32_t depth;  /* of objects and arrays in the JSON */
	bool is_string, is_escaped;
	bool is_key;      /* the string is a key of the outermost object */
	bool awaits_key;  /* otherwise a value is expected */
	bool is_harmless; /* the current value need not be hidden */
	bool is_pass;     /* the current value is the password */
	bool has_pass;    /* there is a password that is not empty */
	bool has_looked;  /* the rest of the line was searched for a password */
	bool has_key;     /* a key was read, and no colon after it yet */
	uint8_t key_len;  /* TAP__CONNECT_KEY_MAX + 1: longer than any known key */
	char key[TAP__CONNECT_KEY_MAX];
};

/* Receives the replacement of a byte. */
struct tap__masker {
	void (*put)(struct tap__masker *masker, const char *at, char replacement);
};

/* Take the next bytes of the stream. True when some of them belong, or may belong, to a CONNECT. */
bool tap__connect_mask_take(struct tap__connect_mask *mask, const char *bytes, size_t len,
			    struct tap__masker *masker);

/* Did the bytes so far end inside a line that is, or may be, a CONNECT? */
static inline bool tap__connect_mask_is_inside(const struct tap__connect_mask *mask)
{
	return mask->stage != TAP__CONNECT_LINE && mask->stage != TAP__CONNECT_OTHER;
}

/* Does the first line of these bytes look like part of a CONNECT's JSON whose beginning is missing? An
 * operation does not. */
bool tap__connect_is_like(const char *bytes, size_t len);

#endif
