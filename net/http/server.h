/* server.h - an HTTP server on a libuv loop, whose pages are a table of routes that its owner supplies.
 *
 * libmicrohttpd runs on the loop through its epoll descriptor: no thread, no lock. It serves GET and HEAD. A short answer
 * is consistent; a long one is written in pieces, between which the loop runs. Connections are limited in number and idle
 * time: at the limit a new one takes the place of the one that has been quiet longest. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "net/http/answer.h"
#include "net/listener.h"

struct net_http_server;

/* Settings that the owner may change between two requests; NULL = none. Borrowed until the next request. */
struct net_http_settings {
	const char *base_path; /* precedes every path */
	const char *allow_origin;
	/* HTTPS, with libmicrohttpd's TLS; cert_file NULL: HTTP, which cannot change. Files that have changed are read again before the
	 * next connection; those that cannot be used change nothing. Connections to the old ones are closed. */
	const char *cert_file, *key_file;
};

/* The owner of a server, and the pages that it serves. */
struct net_http_service {
	const struct net_http_route *routes; /* static; ends with path NULL */
	void *owner;                         /* for the pages */
	/* Called for every request. NULL: no settings. */
	void (*settings)(void *owner, struct net_http_settings *settings);
};

/* Listen on an address. The service is copied. 0; or a negative code with *fault, as of net_listener_open. */
int net_http_server_open(struct net_http_server **server, uv_loop_t *loop,
			 const struct net_listener_address *address, const struct net_http_service *service,
			 struct wire_fault *fault);

/* The port that was bound. */
int net_http_server_port(const struct net_http_server *server);

/* Stop serving; answers that are being sent end here. The loop must run once more, which frees the server. */
void net_http_server_close(struct net_http_server *server);

#endif
