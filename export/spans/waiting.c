#include "export/spans/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "export/spans/give.h"
#include "export/spans/ids.h"
#include "store/read/steps.h"

/* Receivers of a request that are remembered of those that are seen apart from it: each is a copy of all before. */
enum { RECEIVERS_SEEN_MAX = 256 };

/* How a requester's span ends. */
struct end {
	int64_t after_ns;
	enum export_span_error error;
	struct wire_slice text, code;
	bool is_unfinished;
};

static struct export__request *at(const struct export_spans *spans, uint64_t number)
{
	return &spans->ring[number & (EXPORT_SPANS_REQUESTS - 1)];
}

static void drop(struct export_spans *spans, struct export__request *request)
{
	spans->held_bytes -= request->held->bytes;
	free(request->held);
	request->held = NULL;
}

/* Something failed or was slow: keep the trace. */
static void judge(struct export_spans *spans, struct export__request *request, enum export_span_error error,
		  int64_t took_ns)
{
	if (request->is_taken || !export_sampling_is_failure(&spans->sampling, error, took_ns))
		return;
	export_sampling_keep(&spans->sampling, &request->context.trace);
	request->is_taken = true;
}

/* Give out the requester's span. */
static void finish(struct export_spans *spans, struct export__request *request, const struct end *end)
{
	struct export_span span = {
	    .kind = EXPORT_SPAN_REQUEST,
	    .error = end->error,
	    .error_text = end->text,
	    .error_code = end->code,
	    .context = request->context,
	    .parent = request->parent,
	    .start_ns = request->time_ns,
	    .end_ns = store_time_plus(request->time_ns, end->after_ns),
	    .is_unfinished = end->is_unfinished,
	    .client = request->client,
	    .service = request->service,
	    .message = &request->held->message,
	};

	judge(spans, request, end->error, end->after_ns);
	request->is_finished = true;
	if (request->is_taken && request->is_published)
		export__give(spans, &span);
}

struct export_span_context export__waiting_sender(const struct export__request *request)
{
	return (struct export_span_context){.trace = request->context.trace,
					    .span = request->is_published ? request->context.span
									  : request->parent};
}

/* No reply is waited for any more: give out what is left. */
static void conclude(struct export_spans *spans, struct export__request *request, const struct end *end)
{
	struct export__held *held = request->held;

	if (!held)
		return;
	if (!request->is_finished)
		finish(spans, request, end);
	const struct export_span_context sender = export__waiting_sender(request);

	for (uint32_t i = 0; i < held->len && request->is_taken; i++)
		if (!held->receivers[i].is_given)
			export__give_delivery(spans, &held->receivers[i], request->time_ns, &sender,
					      &held->message);
	drop(spans, request);
}

void export__waiting_forget(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct export_spans *spans = context;
	struct export__request *forgotten = &spans->ring[request->key];
	const struct end end = {.after_ns = store_time_minus(spans->last_steady_ns, request->asked_ns),
				.is_unfinished = true};

	if (forgotten->held && !forgotten->is_finished) {
		spans->evicted += why == TRACE_EVICTED;
		spans->reused += why == TRACE_SUPERSEDED;
	}
	conclude(spans, forgotten, &end);
}

/* ---- adding ---- */

static void make_room(struct export_spans *spans, size_t bytes)
{
	const struct end end = {.is_unfinished = true};

	while (spans->held_bytes + bytes > EXPORT_SPANS_HELD_BYTES && spans->first < spans->requests.added) {
		struct export__request *oldest = at(spans, spans->first++);

		spans->evicted += oldest->held && !oldest->is_finished;
		conclude(spans, oldest, &end);
	}
}

/* 0 or -ENOMEM. */
static int hold(struct export_spans *spans, struct export__request *request,
		const struct export_span_message *message, const struct export__receiver *receivers,
		uint32_t len, const struct export__receiver *more)
{
	struct export__held *held =
	    export__held_copy(message, receivers, len, more, spans->options.headers_max);

	if (!held)
		return -ENOMEM;
	request->held = held;
	spans->held_bytes += held->bytes;
	return 0;
}

int export__waiting_add(struct export_spans *spans, const struct wire_event *event,
			const struct export__request *request, const struct export_span_message *message,
			const struct export__receiver *receivers, uint32_t len)
{
	const uint64_t key = spans->requests.added & (EXPORT_SPANS_REQUESTS - 1);

	make_room(spans, 0);
	if (spans->first + EXPORT_SPANS_REQUESTS <= spans->requests.added)
		spans->first = spans->requests.added + 1 - EXPORT_SPANS_REQUESTS;
	if (trace_requests_add(&spans->requests, event, key, NULL) != 0)
		return -ENOMEM;
	struct export__request *added = &spans->ring[key];

	*added = *request;
	if (hold(spans, added, message, receivers, len, NULL) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		judge(spans, added, receivers[i].error, receivers[i].after_ns);
	if (wire_event_is_unheard(event))
		export__waiting_refuse(spans, added, 0);
	return 0;
}

bool export__waiting_has_room(const struct export__request *request)
{
	return request->held && request->held->len < RECEIVERS_SEEN_MAX;
}

int export__waiting_receive(struct export_spans *spans, struct export__request *request,
			    struct export__receiver *receiver)
{
	struct export__held *before = request->held;

	receiver->number = before->len;
	spans->held_bytes -= before->bytes;
	const int error = hold(spans, request, &before->message, before->receivers, before->len, receiver);

	if (error)
		spans->held_bytes += before->bytes;
	else
		free(before);
	return error;
}

/* ---- ends ---- */

void export__waiting_refuse(struct export_spans *spans, struct export__request *request, int64_t after_ns)
{
	const struct end end = {.after_ns = after_ns, .error = EXPORT_SPAN_NO_RESPONDERS};

	conclude(spans, request, &end);
}

/* Give out the span of a responder. Returns its id. */
static uint64_t give_handling(struct export_spans *spans, const struct export__request *request,
			      struct export__receiver *receiver, const struct end *end)
{
	static const struct export_span_context nothing;
	const struct export_span_message *message = &request->held->message;
	struct export_span span = {
	    .kind = EXPORT_SPAN_HANDLE,
	    .error = end->error,
	    .error_text = end->text,
	    .error_code = end->code,
	    .context = {.trace = request->context.trace,
			.span = export_span_id_receiver(message->base, receiver->number)},
	    .parent = request->is_published ? request->context.span : request->parent,
	    .link = request->is_published ? request->context : nothing,
	    .start_ns = store_time_plus(request->time_ns, receiver->after_ns),
	    .end_ns = store_time_plus(request->time_ns, end->after_ns),
	    .client = receiver->client,
	    .service = receiver->service,
	    .queue = receiver->queue,
	    .message = message,
	};

	receiver->is_given = true;
	request->held->left--;
	if (request->is_taken)
		export__give(spans, &span);
	return span.context.span;
}

uint64_t export__waiting_answer(struct export_spans *spans, struct export__request *request, uint32_t client,
				int64_t published_ns, int64_t got_ns, struct wire_slice headers)
{
	uint64_t parent = request->is_published ? request->context.span : request->parent;
	struct end end = {.after_ns = published_ns};

	if (!request->held)
		return parent;
	end.error = export__service_error(headers, &end.text, &end.code);
	judge(spans, request, end.error, got_ns);
	struct export__receiver *responder = export__held_find(request->held, client);

	if (responder)
		parent = give_handling(spans, request, responder, &end);
	end.after_ns = got_ns;
	if (!request->is_finished)
		finish(spans, request, &end);
	if (request->held->left == 0)
		drop(spans, request);
	return parent;
}

void export__waiting_note_gap(struct export_spans *spans)
{
	spans->gap_at = spans->requests.added;
}

/* When the request was made, by steady time. */
static int64_t asked_ns(const struct export_spans *spans, uint64_t number)
{
	return spans->requests.ring[number & (spans->requests.cap - 1)].asked_ns;
}

void export__waiting_read_to(struct export_spans *spans, int64_t steady_ns)
{
	const struct end unanswered = {.after_ns = EXPORT_SPANS_WAIT_NS, .error = EXPORT_SPAN_UNANSWERED};
	const struct end unknown = {.after_ns = EXPORT_SPANS_WAIT_NS, .is_unfinished = true};

	while (spans->first < spans->requests.added &&
	       store_time_minus(steady_ns, asked_ns(spans, spans->first)) >= EXPORT_SPANS_WAIT_NS) {
		const bool is_known = spans->first >= spans->gap_at;

		conclude(spans, at(spans, spans->first++), is_known ? &unanswered : &unknown);
	}
}
