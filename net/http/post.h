/* post.h - send documents to an HTTP server, one after the other, through libcurl. */
#ifndef NET_HTTP_POST_H
#define NET_HTTP_POST_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

enum {
	NET_HTTP_POST_CONNECT_MS = 5000,    /* until the server has accepted the connection */
	NET_HTTP_POST_MS = 30000,           /* until the answer is complete */
	NET_HTTP_POST_ANSWER_MAX = 1 << 20, /* bytes of a body; a longer one is not read to its end */
};

struct net_http_poster;

struct net_http_post_options {
	const char *url;     /* http or https; may hold a user and a password. Copied */
	const char *type;    /* of the documents: "application/json". Copied */
	const char *ca_file; /* certificates to trust, PEM; NULL = those of the system. Copied */
	bool gzip;           /* compress the documents */
	/* Asked several times a second while a document is sent: true ends it. May be NULL. */
	bool (*is_stopped)(void *context);
	void *context;
};

/* The answer of a server. */
struct net_http_posted {
	long status;
	int64_t retry_after_ms; /* of the header Retry-After, whatever its form; -1: there is none */
	struct wire_slice body; /* valid until the next call */
};

/* The connection is kept from document to document. 0; or -EINVAL for a text that is no such URL, or -ENOMEM, with *fault.
 * Connects to nothing yet. */
int net_http_poster_open(struct net_http_poster **poster, const struct net_http_post_options *options,
			 struct wire_fault *fault);
void net_http_poster_close(struct net_http_poster *poster);

/* Send a header with every document. Its value may be a secret: it is in no fault. 0; -EINVAL for a name or a value that no header
 * can have; -ENOMEM. */
int net_http_poster_add_header(struct net_http_poster *poster, struct wire_slice name,
			       struct wire_slice value);

/* Send a document. 0 with *posted, whatever the status is; -ECONNREFUSED when the server cannot be reached or does not answer in
 * time, NET_ETLS when TLS fails, -ECANCELED when it was stopped, -ENOMEM. The text of *fault names the URL without its password and its query. Redirections are not followed. */
int net_http_post(struct net_http_poster *poster, struct wire_slice document, struct net_http_posted *posted,
		  struct wire_fault *fault);

#endif
