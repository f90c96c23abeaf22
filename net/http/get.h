/* get.h - fetch pages of an HTTP server, one after the other, through libcurl. */
#ifndef NET_HTTP_GET_H
#define NET_HTTP_GET_H

#include "wire/error.h"
#include "wire/slice.h"

enum {
	NET_HTTP_GET_CONNECT_MS = 2000, /* until the server has accepted the connection */
	NET_HTTP_GET_MS = 5000,         /* until the answer is complete */
	NET_HTTP_GET_BYTES_MAX = 64 << 20,
};

struct net_http_getter;

/* For the pages below a URL: http or https, with a host; may hold a user, a password and a path. The connection is kept from page to
 * page. 0; or -EINVAL, for a text that is no such URL, or -ENOMEM, with *fault. Connects to nothing yet. */
int net_http_getter_open(struct net_http_getter **getter, const char *url, struct wire_fault *fault);
void net_http_getter_close(struct net_http_getter *getter);

/* Fetch a page: `path` begins with '/' and may hold a query. 0 with *body, valid until the next call; -ECONNREFUSED when no
 * server listens there, -ETIMEDOUT when it cannot be reached otherwise or does not answer in time, -EPROTO when the answer is not status 200, -EMSGSIZE when it is longer
 * than NET_HTTP_GET_BYTES_MAX, -ENOMEM. The text of *fault names the page, without a password. Redirections are not
 * followed. */
int net_http_get(struct net_http_getter *getter, const char *path, struct wire_slice *body,
		 struct wire_fault *fault);

#endif
