/* greeting.h - INFO and CONNECT of a connection, made of what the log knows of the client. Internal to export/pcapng.
 *
 * A log holds no credentials. Where it names a user, CONNECT has the password "[REDACTED]": without one a reader would take the
 * user for a token. */
#ifndef EXPORT_PCAPNG_GREETING_H
#define EXPORT_PCAPNG_GREETING_H

#include "export/pcapng/connections.h"
#include "export/text/out.h"
#include "wire/conn.h"
#include "wire/event.h"

/* Of INFO, for headers and payload: the most that servers can be set to; the log does not say it. */
enum { EXPORT__MAX_PAYLOAD = 64 << 20 };

/* The server's first operation. account: NULL, or what the server says of the client after CONNECT. Replaces what is in `text`,
 * which is memory only. */
void export__greeting_info(struct export_out *text, const struct export__connection *connection,
			   const struct wire_slice *account);

/* The client's first operation. client may be NULL. */
void export__greeting_connect(struct export_out *text, const struct wire_client *client);

#endif
