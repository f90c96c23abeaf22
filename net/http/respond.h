/* respond.h - answer HTTP requests: find the page, let it fill in an answer, send the answer, in pieces when it is long.
 * Inside this folder. */
#ifndef NET_HTTP_RESPOND_H
#define NET_HTTP_RESPOND_H

#include <microhttpd.h>

#include "net/http/server.h"

struct net__http_responder {
	struct net_http_service service;
	uint64_t *route_counts; /* owned */
};

/* 0 or -ENOMEM. */
int net__http_responder_init(struct net__http_responder *responder, const struct net_http_service *service);
void net__http_responder_fini(struct net__http_responder *responder);

/* libmicrohttpd's access handler; context is a struct net__http_responder *. It is called once when the head of a request
 * has been read, and again when the request is complete: then it is answered. A body is discarded. */
enum MHD_Result net__http_respond(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *body, size_t *body_len,
				  void **seen);

#endif
