/* link_end.h - the end of a link, and what is freed after it. Internal to tap. */
#ifndef TAP_PROXY_LINK_END_H
#define TAP_PROXY_LINK_END_H

#include "tap/proxy/proxy_state.h"

/* End it: close both streams, by a reset if is_abort. A second call does nothing. */
void tap__link_finish(struct tap__link *link, enum tap_end why, bool is_abort);

/* End it once both directions have passed on everything. */
void tap__link_finish_if_done(struct tap__link *link);

/* End it because no server serves it: to the client this looks like a server that was stopped. */
void tap__link_refuse(struct tap__link *link, const char *why);

/* One of its handles is closed: the last one frees it. */
void tap__link_release(struct tap__link *link);

/* Report that TLS has failed. where: "handshake error", "with the server". */
void tap__link_report_failure(const struct tap__link *link, const char *where, const char *why);

#endif
