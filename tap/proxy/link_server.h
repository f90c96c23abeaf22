/* link_server.h - which server a link is with. Internal to tap.
 *
 * Until the first byte has passed another server may be tried: each once, in the order of the upstreams. */
#ifndef TAP_PROXY_LINK_SERVER_H
#define TAP_PROXY_LINK_SERVER_H

#include "tap/proxy/proxy_state.h"

/* Connect to the next server that has an address. When none is left, the client is refused. */
void tap__link_try_next(struct tap__link *link);

/* Try another server instead of this one, which has failed. */
void tap__link_give_up_server(struct tap__link *link, const char *why);

/* The server's stream has ended before a byte passed. */
void tap__link_server_ended_early(struct tap__link *link, int status);

/* Stay with this server. */
void tap__link_commit(struct tap__link *link);

/* The server has sent a byte. */
void tap__link_note_answer(struct tap__link *link);

#endif
