/* login.h - verify passwords against hashes without blocking the loop, inside this folder.
 *
 *	CONNECT ─▶ waiting ─▶ a thread of libuv's pool hashes ─▶ the function handed in
 *
 * bcrypt takes a tenth of a second or more for each password. Fewer passwords are verified at once than there are
 * processors, by threads that yield to the loop; the others wait in the order of their CONNECT. A client that waits is not
 * read, and its deadline to authenticate runs until its password is being verified. A client may leave at any time: the
 * thread works on copies. */
#ifndef BROKER_LOGIN_H
#define BROKER_LOGIN_H

#include "broker/auth.h"
#include "broker/client.h"
#include "wire/info.h"

/* The password was verified. May take *connect. Reading is still paused. */
typedef void broker__login_done(struct broker_client *client, struct wire_connect *connect,
				const struct broker__proof *proof);

/* Verify `given` against the hash and call `done`, unless the client leaves. Takes *connect on success; copies the
 * others. 0 or -ENOMEM. */
int broker__login_start(struct broker_client *client, struct wire_connect *connect, const char *hash,
			const char *given, broker__login_done *done);

/* The client leaves: ignore the result of its login. */
void broker__login_forget(struct broker_client *client);

#endif
