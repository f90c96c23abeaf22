/* waiting.h - requests that wait for their replies. Internal to export/spans. */
#ifndef EXPORT_SPANS_WAITING_H
#define EXPORT_SPANS_WAITING_H

#include "export/spans/state.h"

/* As trace_request_forgotten; context is the struct export_spans. */
void export__waiting_forget(void *context, const struct trace_request *request, enum trace_forgotten why);

/* Remember a request. `request` says who asked; its `held` and what follows from the receivers are filled in. 0 or -ENOMEM. */
int export__waiting_add(struct export_spans *spans, const struct wire_event *event,
			const struct export__request *request, const struct export_span_message *message,
			const struct export__receiver *receivers, uint32_t len);

/* The parent of the spans of a request's receivers: the span of its publisher, or, when only a delivery of the request was seen, the span
 * that its headers name. */
struct export_span_context export__waiting_sender(const struct export__request *request);

/* The request waits, and remembers fewer receivers than it may. */
bool export__waiting_has_room(const struct export__request *request);

/* One more receiver of a request that has room was seen. 0 or -ENOMEM. */
int export__waiting_receive(struct export_spans *spans, struct export__request *request,
			    struct export__receiver *receiver);

/* The server said that nobody is subscribed. */
void export__waiting_refuse(struct export_spans *spans, struct export__request *request, int64_t after_ns);

/* A reply was published after published_ns by a client, and got by the requester after got_ns. Gives out the spans of the responder
 * and, at the first reply, of the requester. Returns the span that is the parent of the reply's. */
uint64_t export__waiting_answer(struct export_spans *spans, struct export__request *request, uint32_t client,
				int64_t published_ns, int64_t got_ns, struct wire_slice headers);

/* Something was not recorded: replies to the requests until now may be missing. */
void export__waiting_note_gap(struct export_spans *spans);

/* It is so late by steady time: requests that have waited long enough are given out. */
void export__waiting_read_to(struct export_spans *spans, int64_t steady_ns);

#endif
