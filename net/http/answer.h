/* answer.h - a request for a page of an HTTP server, its answer, and the table of routes. */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include <stdint.h>

#include "wire/slice.h"

struct MHD_Connection;
struct net_http_route;

enum {
	NET_HTTP_OK = 200,
	NET_HTTP_BAD_REQUEST = 400,
	NET_HTTP_NOT_FOUND = 404,
	NET_HTTP_METHOD_NOT_ALLOWED = 405,
	NET_HTTP_UNAVAILABLE = 503,
};

struct net_http_request {
	void *owner;                         /* as of struct net_http_service */
	const struct net_http_route *routes; /* all of them */
	const uint64_t *route_counts;        /* requests so far, by route */
	struct MHD_Connection *connection;
};

/* A parameter of the query, "" when missing. Borrowed from the connection. */
const char *net_http_query(const struct net_http_request *request, const char *name);

/* Bytes of an answer. Zeroed = none. */
struct net_http_body {
	char *text; /* owned, len bytes */
	size_t len, cap;
	bool is_failed; /* out of memory: the text is incomplete */
};

void net_http_body_add(struct net_http_body *body, struct wire_slice text);
void net_http_body_fini(struct net_http_body *body);

/* The rest of an answer that may be large: written piece by piece as the client reads it, so that the answer neither
 * blocks the loop nor takes much memory. The loop runs between two pieces. */
struct net_http_rest {
	/* Append the next piece to *body: at least one byte, and little more than NET_HTTP_PIECE_BYTES, in little more than a
	 * fraction of a millisecond. False when it was the last. */
	bool (*write)(struct net_http_rest *rest, struct net_http_body *body);
	void (*close)(struct net_http_rest *rest);
};
enum { NET_HTTP_PIECE_BYTES = 8192 };

struct net_http_answer {
	unsigned status;
	const char *type; /* static */
	struct net_http_body body;
	struct net_http_rest *rest; /* owned; NULL: the body is whole */
	const char *tail;           /* static text after body and rest, or NULL */
};

/* Answer with a line of text from a printf format, whatever the answer was before. */
void net_http_answer_text(struct net_http_answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A page: its path, another path for it (NULL = none), and the function that fills in the answer, zeroed before. */
struct net_http_route {
	const char *path, *alias;
	void (*serve)(const struct net_http_request *request, struct net_http_answer *answer);
};

#endif
