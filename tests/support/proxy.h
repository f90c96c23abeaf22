/* proxy.h - the real nats-server with `tapedeck proxy` in front of it, which records. */
#ifndef SUPPORT_PROXY_H
#define SUPPORT_PROXY_H

#include "support/server.h"
#include "support/tempdir.h"

struct support_proxy {
	struct support_tempdir server_dir, dir;
	struct support_server server, proxy;          /* clients connect to the port of the proxy */
	struct support_server_plan server_plan, plan; /* for a restart */
	char upstream[64], log[300];
	const char *args[32];
};

/* Is the real nats-server here? */
bool support_proxy_has_server(void);

/* Start a server with these flags, and a proxy with these besides --upstream and --record; both lists end with NULL; NULL =
 * none. A server that gets --tls is a tls:// upstream. Ends the test program when they do not start. */
void support_proxy_open(struct support_proxy *proxy, const char *const *server_flags,
			const char *const *flags);

/* The two halves of it. The flags of the server are borrowed until support_proxy_close. */
void support_proxy_open_server(struct support_proxy *proxy, const char *const *server_flags);
void support_proxy_open_in_front(struct support_proxy *proxy, const char *const *flags);

/* Start the server again after its end, on the port that it had. */
void support_proxy_restart_server(struct support_proxy *proxy);

/* Stop the proxy, so that its log is whole. Returns its exit status. */
int support_proxy_stop(struct support_proxy *proxy);

/* Stop both and remove their folders. */
void support_proxy_close(struct support_proxy *proxy);

#endif
