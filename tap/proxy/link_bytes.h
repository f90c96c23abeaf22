/* link_bytes.h - bytes of a link: to the other side, and to whoever decodes them. Internal to tap. */
#ifndef TAP_PROXY_LINK_BYTES_H
#define TAP_PROXY_LINK_BYTES_H

#include "tap/proxy/proxy_state.h"

/* Pass on bytes of one side, as they lie in the read buffer: through the filter of INFO, or that of CONNECT when it is to be
 * signed. */
void tap__link_pass(struct tap__link *link, bool is_client, struct wire_slice bytes);

/* Likewise bytes that lie elsewhere. */
void tap__link_pass_copy(struct tap__link *link, bool is_client, struct wire_slice bytes);

/* One side has sent its last byte. */
void tap__link_pass_end(struct tap__link *link, bool is_client);

/* Begin to decode what passes, if it is recorded. Both sides are connected. */
void tap__link_open_flow(struct tap__link *link);

/* When bytes that are read now were read, for tap__link_observe. To be called before they are passed on. */
int64_t tap__link_now(const struct tap__link *link);

/* Decode bytes of one side that were read at that time. */
void tap__link_observe(struct tap__link *link, bool is_client, int64_t read_ns, struct wire_slice bytes);

#endif
