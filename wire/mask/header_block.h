/* header_block.h - what the rules cover of a message's headers. Internal to wire/mask. */
#ifndef WIRE_MASK_HEADER_BLOCK_H
#define WIRE_MASK_HEADER_BLOCK_H

#include "wire/mask/matches.h"

/* Find what the rules of a plan cover of a header block, also of one that is not well-formed: a line whose name cannot be told is
 * covered whole where a rule asks for a name. `is_partial`: bytes are missing. False when a limit is exceeded; then the edits
 * cover every line. */
bool wire__header_block_judge(struct wire__matches *matches, const struct wire__mask_plan *plan,
			      struct wire_slice block, bool is_partial, struct wire__edits *edits);

#endif
