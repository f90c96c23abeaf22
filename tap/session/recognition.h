/* recognition.h - whether a connection carries NATS, who of its ends is the client, and whether it can be decoded.
 * Internal to tap.
 *
 * NATS is expected on some ports: no connection there is given up. On others it is recognised by what is sent. */
#ifndef TAP_SESSION_RECOGNITION_H
#define TAP_SESSION_RECOGNITION_H

#include "tap/session/connection.h"

/* ---- before anything was sent ---- */

/* Is NATS expected between these ends? */
bool tap__is_nats_expected(const struct tap_sessions *sessions, const struct tap_flow_info *info);

/* The client until an operation shows it: who opened the connection. When that was not seen, NATS servers are assumed to
 * listen where NATS is expected, whatever the other port is. */
enum tap_peer tap__guess_client(const struct tap_sessions *sessions, const struct tap_flow_info *info);

/* NATS is expected on the connection: decode it from its first byte, with the limits of its server if they are known. */
void tap__expect_nats(struct tap_sessions *sessions, struct tap__connection *connection);

/* Can bytes between these ends have been NATS? */
bool tap__may_have_been_nats(const struct tap_sessions *sessions, const struct tap_flow_info *info);

/* ---- while bytes come ---- */

/* The first bytes of an unrecognised connection: it may carry TLS, or a request for a WebSocket. */
void tap__check_first_bytes(struct tap_sessions *sessions, struct tap__connection *connection,
			    enum tap_peer from, int64_t time_ns, struct wire_slice bytes);

/* Bytes after what may be a request for a WebSocket. False when they show something else. */
bool tap__check_upgrade(struct tap_sessions *sessions, struct tap__connection *connection, enum tap_peer from,
			int64_t time_ns, struct wire_slice bytes);

/* False when the connection has shown that it carries something else: in its first line, or, when its beginning was not
 * seen, by many bytes without an operation. */
bool tap__may_be_nats(const struct tap__connection *connection, enum tap_peer from);

/* The connection carries NATS: give it a number, once. */
void tap__recognise(struct tap_sessions *sessions, struct tap__connection *connection);

/* An operation shows who is the client. */
void tap__recognition_set_roles(struct tap_sessions *sessions, struct tap__connection *connection,
				enum tap_peer client);

/* Report the gaps from before the connection was recognised. */
void tap__report_early_gaps(struct tap_sessions *sessions, struct tap__connection *connection,
			    int64_t time_ns);

/* The connection carries NATS that cannot be decoded: count its bytes from now on. */
void tap__stop_decoding(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
			enum tap_undecoded_kind kind);

#endif
