/* greeting.h - the beginning of a connection on which the proxy itself speaks TLS. Internal to tap.
 *
 *	TAP__AWAITS_INFO ─▶ TAP__SECURES_SERVER ─▶ TAP__SENDS_INFO ─▶ TAP__SECURES_CLIENT ─▶ TAP__GREETED
 *
 * The INFO of the server is collected whole. Then TLS begins with the server, if that asks for it; only when this has
 * succeeded does the client get the INFO, since until then another server may be tried. Then TLS begins with the client. A
 * stage that is not needed is passed over. Nothing else passes until the end. */
#ifndef TAP_PROXY_GREETING_H
#define TAP_PROXY_GREETING_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/slice.h"

enum tap__greeting_stage {
	TAP__GREETED, /* bytes pass; from the beginning when the proxy speaks no TLS */
	TAP__AWAITS_INFO,
	TAP__SECURES_SERVER,
	TAP__SENDS_INFO, /* the client has not taken all of it */
	TAP__SECURES_CLIENT,
};

/* Zeroed: greeted. */
struct tap__greeting {
	enum tap__greeting_stage stage;
	char *server_bytes; /* INFO, and what came after it; owned */
	size_t server_len, info_len;
	char *client_bytes; /* what the client sent too early, which may be the beginning of TLS; owned */
	size_t client_len;
};

/* A new server is tried: await its INFO. The bytes of the client stay. */
void tap__greeting_begin(struct tap__greeting *greeting);
void tap__greeting_fini(struct tap__greeting *greeting);

/* Add bytes of the server. False when it sends no INFO, when that is too long, or when out of memory. */
bool tap__greeting_add_server(struct tap__greeting *greeting, struct wire_slice bytes);
/* Add bytes of the client. False when they are too many, or when out of memory. */
bool tap__greeting_add_client(struct tap__greeting *greeting, struct wire_slice bytes);

/* The line of INFO with its end; empty until it is whole. */
struct wire_slice tap__greeting_info(const struct tap__greeting *greeting);
/* What came after it. */
struct wire_slice tap__greeting_rest(const struct tap__greeting *greeting);
void tap__greeting_drop_rest(struct tap__greeting *greeting);
struct wire_slice tap__greeting_client(const struct tap__greeting *greeting);

#endif
