/* respond.h - answer the HTTP requests of the monitoring: find the page, let it fill in an answer, send the answer, in
 * pieces when it is long. Inside this folder. */
#ifndef BROKER_MONITOR_RESPOND_H
#define BROKER_MONITOR_RESPOND_H

#include "broker/monitor/answer.h"
#include "broker/monitor/cpu.h"

struct broker__responder {
	struct broker *broker;
	uint64_t page_counts[BROKER__PAGES]; /* requests so far, by broker__pages */
	struct broker__cpu cpu;
};

void broker__responder_init(struct broker__responder *responder, struct broker *broker);

/* libmicrohttpd's access handler; context is a struct broker__responder *. It is called once when the head of a request
 * has been read, and again when the request is complete: then it is answered. A body is discarded. */
enum MHD_Result broker__respond(void *context, struct MHD_Connection *connection, const char *path,
				const char *method, const char *version, const char *body, size_t *body_len,
				void **seen);

#endif
