/* connect_mask.h - find CONNECT in the bytes of a stream, and what of it must be hidden. Internal to tap.
 *
 * A stream comes piece by piece, and nothing is kept of it but a state: a CONNECT may be split anywhere. Of its JSON the
 * values are hidden whose keys are not known to be harmless; `user` is harmless with a password beside it, without one
 * it is a token. Hidden bytes are replaced one by one, so that lengths stay, and so that the text stays JSON:
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
	TAP__CONNECT_LINE,   /* a line begins */
	TAP__CONNECT_OTHER,  /* inside a line that is no CONNECT */
	TAP__CONNECT_VERB,   /* inside the verb */
	TAP__CONNECT_BLANKS, /* behind it */
	TAP__CONNECT_JSON,
	TAP__CONNECT_TAIL,   /* behind the JSON: nothing that is known, and hidden */
	TAP__CONNECT_UNSEEN, /* a line of which not all was seen, and that may be a CONNECT: hidden */
};

enum { TAP__CONNECT_KEY_MAX = 16 };

/* A zeroed state is that at the beginning of a stream. */
struct tap__connect_mask {
	enum tap__connect_stage stage;
	uint8_t matched; /* bytes of the verb */
	uint32_t depth;  /* of objects and arrays in the JSON */
	bool is_string, is_escaped;
	bool is_key;      /* the string is a key of the outermost object */
	bool awaits_key;  /* rather than a value */
	bool is_harmless; /* the value's key is */
	bool is_pass;     /* the value is the password's */
	bool has_pass;    /* and that is not empty */
	bool has_looked;  /* for a password, in what was at hand */
	bool has_key;     /* the key was read, and no colon yet */
	uint8_t key_len;  /* TAP__CONNECT_KEY_MAX + 1: too long for any that is known */
	char key[TAP__CONNECT_KEY_MAX];
};

/* Where to put what replaces a byte. */
struct tap__masker {
	void (*put)(struct tap__masker *masker, const char *at, char replacement);
};

/* Go on with some bytes of the stream. True when some of them are, or may be, of a CONNECT. */
bool tap__connect_mask_take(struct tap__connect_mask *mask, const char *bytes, size_t len,
			    struct tap__masker *masker);

/* Is it inside a line that is, or may be, a CONNECT? */
static inline bool tap__connect_mask_is_inside(const struct tap__connect_mask *mask)
{
	return mask->stage != TAP__CONNECT_LINE && mask->stage != TAP__CONNECT_OTHER;
}

/* Does the first line of these bytes, which is no operation, look like a part of a CONNECT's JSON whose beginning is
 * not there? */
bool tap__connect_is_like(const char *bytes, size_t len);

#endif
