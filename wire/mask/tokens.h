/* tokens.h - mask tokens of subjects, alone and in texts that quote subjects. Internal to wire/mask. */
#ifndef WIRE_MASK_TOKENS_H
#define WIRE_MASK_TOKENS_H

#include "wire/mask/buffer.h"
#include "wire/mask/types.h"

/* Put the masked subject into *out; *out stays empty when no rule covers a token. A pattern, of a subscription, may stand for
 * a subject that a rule is about: its tokens that are not wildcards are covered likewise. False when out of memory. */
bool wire__mask_tokens(const struct wire_mask *mask, struct wire_slice subject, bool is_pattern,
		       struct wire__mask_buffer *out);

/* Likewise for every subject that a text for people quotes. */
bool wire__mask_quoted(const struct wire_mask *mask, struct wire_slice text, struct wire__mask_buffer *out);

#endif
