/* link_greeting.h - what a link does in its greeting (greeting.h), where the proxy itself speaks TLS. Internal to tap. */
#ifndef TAP_PROXY_LINK_GREETING_H
#define TAP_PROXY_LINK_GREETING_H

#include "tap/proxy/proxy_state.h"

/* Bytes have come before the greeting was over. */
void tap__link_take_server_greeting(struct tap__link *link, struct wire_slice bytes);
void tap__link_take_client_greeting(struct tap__link *link, struct wire_slice bytes);

/* TLS with the server is open: its INFO goes to the client. */
void tap__link_send_info(struct tap__link *link);

/* The stream of the server has ended in the greeting. If the server has refused the connection in clear, where TLS was to begin, the
 * client is refused likewise: true. */
bool tap__link_pass_refusal(struct tap__link *link);

/* Once the client has taken all of INFO, begin TLS with it. */
void tap__link_secure_client(struct tap__link *link);

/* Both sides are as they are to be: from now on bytes pass. */
void tap__link_finish_greeting(struct tap__link *link);

#endif
