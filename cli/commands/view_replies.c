#include "cli/commands/view_replies.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/jetstream.h"

#define WAIT_NS   INT64_C(10000000000) /* for the first reply */
#define LINGER_NS INT64_C(1000000000)  /* for further ones, after the last */

struct reply {
	struct wire_event_copy copy;
	int64_t after_ns; /* its request */
	struct reply *next;
};

/* A request with its replies, or another event that is printed, which is complete at once. */
struct cli_view_exchange {
	struct wire_event_copy copy; /* its memory is used again */
	bool is_request, is_chosen, no_responders;
	bool is_late;          /* a reply to a request that has left already */
	int64_t late_ns;       /* after that request */
	uint32_t count;        /* of replies */
	struct reply *replies; /* owned, the first one first */
	struct reply **last;   /* where the next one goes */
	int64_t complete_ns;   /* steady */
};

/* ---- keeping ---- */

int cli_view_replies_init(struct cli_view_replies *replies, struct cli_printer *printer,
			  struct wire_source *source)
{
	*replies = (struct cli_view_replies){.printer = printer, .source = source, .now_ns = INT64_MIN};
	trace_requests_init(&replies->requests, CLI_VIEW_REPLIES_ENTRIES, NULL, NULL);
	replies->ring = calloc(CLI_VIEW_REPLIES_ENTRIES, sizeof *replies->ring);
	return replies->ring ? 0 : -ENOMEM;
}

static struct cli_view_exchange *exchange_at(const struct cli_view_replies *replies, uint64_t number)
{
	return &replies->ring[number & (CLI_VIEW_REPLIES_ENTRIES - 1)];
}

static void forget_replies(struct cli_view_replies *replies, struct cli_view_exchange *exchange)
{
	for (struct reply *reply = exchange->replies, *next; reply; reply = next) {
		next = reply->next;
		replies->bytes -= reply->copy.cap + sizeof *reply;
		wire_event_copy_fini(&reply->copy);
		free(reply);
	}
	exchange->replies = NULL;
}

void cli_view_replies_fini(struct cli_view_replies *replies)
{
	for (size_t i = 0; replies->ring && i < CLI_VIEW_REPLIES_ENTRIES; i++) {
		forget_replies(replies, &replies->ring[i]);
		wire_event_copy_fini(&replies->ring[i].copy);
	}
	free(replies->ring);
	replies->ring = NULL;
	trace_requests_fini(&replies->requests);
}

static bool has_no_responders(const struct cli_view_exchange *exchange)
{
	return exchange->no_responders ||
	       (exchange->is_request && wire_event_is_unheard(&exchange->copy.event));
}

/* ---- printing ---- */

static const struct wire_client *find_in_copy(const void *copy, uint64_t conn)
{
	return wire_event_copy_client(copy, conn);
}

static void print(struct cli_view_replies *replies, const struct wire_event_copy *copy,
		  const struct export_pairing *pairing)
{
	const struct export_clients clients = {.find = find_in_copy, .context = copy};
	cli_printer_put_paired(replies->printer, &copy->event, &clients, pairing);
}

static void print_exchange(struct cli_view_replies *replies, const struct cli_view_exchange *exchange,
			   enum export_pairing_end end)
{
	const int64_t asked_ns = exchange->copy.event.steady_ns;
	const struct export_pairing asked = {.role = exchange->is_request ? EXPORT_PAIRED_REQUEST
						     : exchange->is_late  ? EXPORT_PAIRED_REPLY
									  : EXPORT_NOT_PAIRED,
					     .after_ns = exchange->late_ns,
					     .no_responders = has_no_responders(exchange),
					     .replies = exchange->count,
					     .end = end,
					     .waited_ns = end == EXPORT_PAIRING_OVERDUE
							      ? WAIT_NS
							      : store_time_minus(replies->now_ns, asked_ns)};
	print(replies, &exchange->copy, &asked);
	for (const struct reply *reply = exchange->replies; reply; reply = reply->next) {
		const struct export_pairing answered = {.role = EXPORT_PAIRED_REPLY,
							.request_seq = exchange->copy.event.seq,
							.after_ns = reply->after_ns};
		print(replies, &reply->copy, &answered);
	}
}

/* Late replies to it are printed, too: its owner says so. */
static void mark_chosen(struct cli_view_replies *replies, const struct cli_view_exchange *exchange)
{
	struct trace_request *request = trace_requests_find(&replies->requests, exchange->copy.event.reply);
	if (exchange->is_request && request)
		request->owner = replies;
}

/* The oldest leaves. */
static void leave(struct cli_view_replies *replies, enum export_pairing_end end)
{
	struct cli_view_exchange *exchange = exchange_at(replies, replies->first++);
	if (exchange->is_chosen) {
		replies->chosen--;
		print_exchange(replies, exchange, end);
		mark_chosen(replies, exchange);
	}
	forget_replies(replies, exchange);
	replies->bytes -= exchange->copy.cap;
	if (exchange->copy.cap > CLI_VIEW_REPLIES_BYTES / CLI_VIEW_REPLIES_ENTRIES)
		wire_event_copy_fini(&exchange->copy);
}

void cli_view_replies_read_to(struct cli_view_replies *replies, int64_t now_ns)
{
	while (replies->first < replies->next && exchange_at(replies, replies->first)->complete_ns <= now_ns)
		leave(replies, EXPORT_PAIRING_OVERDUE);
}

void cli_view_replies_end(struct cli_view_replies *replies, enum export_pairing_end end)
{
	while (replies->first < replies->next)
		leave(replies, end);
}

static void make_room(struct cli_view_replies *replies)
{
	while (replies->first < replies->next && (replies->bytes > CLI_VIEW_REPLIES_BYTES ||
						  replies->next - replies->first == CLI_VIEW_REPLIES_ENTRIES))
		leave(replies, EXPORT_PAIRING_NO_MEMORY);
}

/* ---- taking ---- */

static int64_t later(int64_t time_ns, int64_t by_ns)
{
	return store_time_plus(time_ns, by_ns);
}

/* Append an exchange. Its number in *number. */
static int append(struct cli_view_replies *replies, const struct wire_event *event, bool is_chosen,
		  bool is_request)
{
	make_room(replies);
	struct cli_view_exchange *exchange = exchange_at(replies, replies->next);
	*exchange = (struct cli_view_exchange){.copy = exchange->copy,
					       .is_chosen = is_chosen,
					       .is_request = is_request,
					       .complete_ns = is_request && !wire_event_is_unheard(event)
								  ? later(event->steady_ns, WAIT_NS)
								  : event->steady_ns};
	exchange->last = &exchange->replies;
	if (wire_event_copy_set(&exchange->copy, event, replies->source) !=
	    0) /* in its place: it points into itself */
		return -ENOMEM;
	replies->bytes += exchange->copy.cap;
	replies->chosen += is_chosen;
	replies->next++;
	return 0;
}

static int add_reply(struct cli_view_replies *replies, struct cli_view_exchange *exchange,
		     const struct wire_event *event, int64_t after_ns)
{
	struct reply *reply = calloc(1, sizeof *reply);
	if (!reply || wire_event_copy_set(&reply->copy, event, replies->source) != 0) {
		free(reply);
		return -ENOMEM;
	}
	reply->after_ns = after_ns;
	*exchange->last = reply;
	exchange->last = &reply->next;
	replies->bytes += reply->copy.cap + sizeof *reply;
	return 0;
}

/* The message answers a request that has left already. */
static int take_late(struct cli_view_replies *replies, const struct trace_request *request,
		     const struct wire_event *event, bool is_chosen)
{
	if (!is_chosen && !request->owner)
		return 0;
	int error = append(replies, event, true, false);
	if (error)
		return error;
	struct cli_view_exchange *exchange = exchange_at(replies, replies->next - 1);
	exchange->is_late = true;
	exchange->late_ns = trace_reply_after_ns(request, event);
	return 0;
}

/* The message answers a request. */
static int take_reply(struct cli_view_replies *replies, const struct trace_request *request,
		      const struct wire_event *event, bool is_chosen)
{
	struct cli_view_exchange *exchange = exchange_at(replies, request->key);
	if (request->key < replies->first)
		return take_late(replies, request, event, is_chosen);
	replies->chosen += is_chosen && !exchange->is_chosen;
	exchange->is_chosen |= is_chosen;
	exchange->no_responders = request->no_responders;
	exchange->count = request->replies;
	exchange->complete_ns =
	    request->no_responders ? event->steady_ns : later(event->steady_ns, LINGER_NS);
	return add_reply(replies, exchange, event, trace_reply_after_ns(request, event));
}

static int take_request(struct cli_view_replies *replies, const struct wire_event *event, bool is_chosen)
{
	const uint64_t number = replies->next;
	int error = append(replies, event, is_chosen, true);
	return error ? error : trace_requests_add(&replies->requests, event, number, NULL);
}

static bool is_request(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_MESSAGE && event->reply.len > 0 &&
	       !trace_is_ack_subject(event->reply);
}

int cli_view_replies_take(struct cli_view_replies *replies, const struct wire_event *event, bool is_chosen)
{
	cli_view_replies_read_to(replies, event->steady_ns);
	if (replies->now_ns < event->steady_ns)
		replies->now_ns = event->steady_ns;
	const struct trace_request *answered =
	    event->kind == WIRE_EVENT_MESSAGE ? trace_requests_reply(&replies->requests, event) : NULL;
	if (answered)
		return take_reply(replies, answered, event, is_chosen);
	if (is_request(event))
		return take_request(replies, event, is_chosen);
	return is_chosen ? append(replies, event, true, false) : 0;
}
