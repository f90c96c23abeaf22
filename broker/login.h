/* login.h - verify passwords against hashes without keeping the loop, inside this folder.
 *
 *	CONNECT ─▶ waiting ─▶ a thread of libuv's pool hashes ─▶ broker__op_connect_verified
 *
 * bcrypt takes a tenth of a second and more for each password. Fewer are verified at once than there are processors, by
 * threads that give way to the loop; the others wait in the order of their CONNECT. A client that waits is not read, and
 * its deadline to authenticate runs until its turn comes. One may go at any time: what its thread works on is not its
 * own. */
#ifndef BROKER_LOGIN_H
#define BROKER_LOGIN_H

#include "broker/server.h"
#include "wire/info.h"

/* Verify the client's password, `given`, against the hash, and tell broker__op_connect_verified. Takes *connect on
 * success; copies the others. 0 or -ENOMEM. */
int broker__login_start(struct broker_client *client, struct wire_connect *connect, const char *hash,
			const char *given);

/* The client leaves: the result of its login is ignored. */
void broker__login_forget(struct broker_client *client);

#endif
