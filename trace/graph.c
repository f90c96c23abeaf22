#include "trace/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/fold.h"
#include "trace/graph_end.h"
#include "trace/subscriptions.h"

enum { SUBJECT_BYTES = 512 /* room that a new name must have */ };

struct trace_graph {
	struct trace_graph_options options;
	struct wire_source *source;
	struct trace_clients clients;
	struct trace_fold fold;
	struct trace_subscriptions subscriptions; /* owner: number of `subscribed`; member: of `members` */
	uint32_t subjects_cap;                    /* of by_subject */
	int64_t first_steady_ns, last_steady_ns;
	struct trace_graph_result result;
};

/* ---- names ---- */

static bool reserve_subject(struct trace_graph *graph)
{
	struct trace_graph_result *result = &graph->result;
	if (result->subjects.len < graph->subjects_cap)
		return true;
	uint32_t cap = graph->subjects_cap ? 2 * graph->subjects_cap : 64;
	struct trace_graph_subject *list = realloc(result->by_subject, cap * sizeof *list);
	if (!list)
		return false;
	memset(list + graph->subjects_cap, 0, (cap - graph->subjects_cap) * sizeof *list);
	result->by_subject = list;
	graph->subjects_cap = cap;
	return true;
}

/* The number of a name; TRACE_NO_NAME when it is new and there is no room. */
static uint32_t number_name(struct trace_graph *graph, struct trace_names *names, struct wire_slice text)
{
	struct trace_memory *memory = &graph->result.memory;
	size_t before = names->bytes;
	bool has_room = memory->max - memory->used > SUBJECT_BYTES + text.len;
	uint32_t number = trace_names_number(names, text, has_room ? UINT32_MAX - 1 : names->len);
	if (names->bytes > before)
		memory->used += names->bytes - before + sizeof(struct trace_graph_subject);
	return number;
}

static uint32_t number_subject(struct trace_graph *graph, struct wire_slice subject)
{
	struct wire_slice folded = trace_fold(&graph->fold, subject);
	uint32_t number =
	    reserve_subject(graph) ? number_name(graph, &graph->result.subjects, folded) : TRACE_NO_NAME;
	return number == TRACE_NO_NAME ? graph->result.subject_others : number;
}

/* ---- subscriptions ---- */

/* The number of the service's subscriptions to a subject, and the member of the queue group that the client is, if any. */
struct place {
	uint32_t subscribed, member;
};

static uint32_t number_member(struct trace_graph *graph, uint32_t interest, uint32_t client)
{
	struct trace_graph_result *result = &graph->result;
	uint32_t before = result->members.len;
	if (interest == TRACE_NO_PAIR || client == TRACE_NO_CLIENT || result->interests.keys[interest].b == 0)
		return TRACE_NO_PAIR;
	uint32_t member = trace_pairs_number(&result->members, interest, client);
	if (result->members.len > before)
		((struct trace_graph_interest *)trace_pairs_value(&result->interests, interest))->members++;
	return member;
}

static struct place place_of(struct trace_graph *graph, uint64_t conn, uint32_t subject,
			     struct wire_slice queue)
{
	struct trace_graph_result *result = &graph->result;
	uint32_t name = number_name(graph, &result->queues, queue);
	uint32_t interest =
	    name == TRACE_NO_NAME ? TRACE_NO_PAIR : trace_pairs_number(&result->interests, subject, name);
	if (interest == TRACE_NO_PAIR)
		return (struct place){TRACE_NO_PAIR, TRACE_NO_PAIR};
	const struct store_filter *filter = graph->options.filter;
	struct trace_graph_interest *value = trace_pairs_value(&result->interests, interest);
	value->is_asked_for =
	    !filter || store_filter_passes_subject(filter, trace_names_text(&result->subjects, subject));
	return (struct place){
	    trace_pairs_number(&result->subscribed, interest, trace_clients_service(&graph->clients, conn)),
	    number_member(graph, interest, trace_clients_number(&graph->clients, conn))};
}

static struct trace_graph_subscribed *subscribed_at(const struct trace_graph *graph, uint32_t number)
{
	return trace_pairs_value(&graph->result.subscribed, number);
}

static struct trace_subscription *add_subscription(struct trace_graph *graph, uint64_t conn,
						   struct wire_slice sid, struct place place)
{
	uint32_t client = trace_clients_number(&graph->clients, conn);
	struct trace_subscription *added = client == TRACE_NO_CLIENT || place.subscribed == TRACE_NO_PAIR
					       ? NULL
					       : trace_subscriptions_add(&graph->subscriptions, client, sid);
	if (!added) {
		graph->result.left_out++;
		return NULL;
	}
	added->owner = place.subscribed;
	added->member = place.member;
	subscribed_at(graph, place.subscribed)->made++;
	subscribed_at(graph, place.subscribed)->open++;
	return added;
}

static void remove_subscription(struct trace_graph *graph, struct trace_subscription *subscription)
{
	subscribed_at(graph, subscription->owner)->open--;
	if (subscription->member != TRACE_NO_PAIR)
		((struct trace_graph_member *)trace_pairs_value(&graph->result.members, subscription->member))
		    ->has_left = true;
	trace_subscriptions_remove(&graph->subscriptions, subscription);
}

static struct trace_subscription *find_subscription(struct trace_graph *graph, uint64_t conn,
						    struct wire_slice sid)
{
	uint32_t client = trace_clients_number(&graph->clients, conn);
	return client == TRACE_NO_CLIENT ? NULL
					 : trace_subscriptions_find(&graph->subscriptions, client, sid);
}

static void note_subscribe(struct trace_graph *graph, const struct wire_event *event)
{
	graph->result.subscribes++;
	struct trace_subscription *earlier = find_subscription(graph, event->conn, event->sid);
	if (earlier)
		remove_subscription(graph, earlier);
	struct place place =
	    place_of(graph, event->conn, number_subject(graph, event->subject), event->queue);
	struct trace_subscription *added = add_subscription(graph, event->conn, event->sid, place);
	if (!added)
		return;
	struct trace_graph_subscribed *subscribed = subscribed_at(graph, added->owner);
	if (subscribed->made == 1)
		subscribed->since_ns = event->time_ns;
	if (added->member != TRACE_NO_PAIR)
		((struct trace_graph_member *)trace_pairs_value(&graph->result.members, added->member))
		    ->has_left = false;
}

static void note_unsubscribe(struct trace_graph *graph, const struct wire_event *event)
{
	struct trace_subscription *found = find_subscription(graph, event->conn, event->sid);
	if (!found)
		return;
	if (event->max == 0 || found->deliveries >= event->max)
		remove_subscription(graph, found);
	else
		found->ends_at = event->max;
}

static void note_disconnect(struct trace_graph *graph, const struct wire_event *event)
{
	uint32_t client = trace_clients_number(&graph->clients, event->conn);
	struct trace_subscription *subscription;
	while ((subscription = trace_subscriptions_newest(&graph->subscriptions, client)) != NULL)
		remove_subscription(graph, subscription);
}

/* ---- messages ---- */

/* A subscription that was made before the events began is known by what it gets. */
static struct trace_subscription *add_from_before(struct trace_graph *graph,
						  const struct wire_receiver *receiver, uint32_t subject)
{
	struct place place = place_of(graph, receiver->conn, subject, receiver->queue);
	return add_subscription(graph, receiver->conn, receiver->sid, place);
}

static void count_fed(struct trace_graph *graph, const struct trace_subscription *subscription)
{
	struct trace_graph_result *result = &graph->result;
	uint32_t interest = result->subscribed.keys[subscription->owner].a;
	subscribed_at(graph, subscription->owner)->deliveries++;
	((struct trace_graph_interest *)trace_pairs_value(&result->interests, interest))->deliveries++;
	if (subscription->member != TRACE_NO_PAIR)
		((struct trace_graph_member *)trace_pairs_value(&result->members, subscription->member))
		    ->deliveries++;
}

static void count_down(struct trace_graph *graph, struct trace_subscription *subscription)
{
	if (++subscription->deliveries == subscription->ends_at)
		remove_subscription(graph, subscription);
}

static void feed(struct trace_graph *graph, const struct wire_receiver *receiver, uint32_t subject)
{
	struct trace_subscription *found = find_subscription(graph, receiver->conn, receiver->sid);
	if (!found)
		found = add_from_before(graph, receiver, subject);
	if (!found)
		return;
	count_fed(graph, found);
	count_down(graph, found);
}

/* A message that the filter rules out feeds its subscriptions, too. */
static void feed_others(struct trace_graph *graph, const struct wire_receiver *receivers, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		struct trace_subscription *found =
		    find_subscription(graph, receivers[i].conn, receivers[i].sid);
		if (!found || receivers[i].outcome != WIRE_SENT)
			continue;
		subscribed_at(graph, found->owner)->others++;
		count_down(graph, found);
	}
}

/* `times` deliveries of an event to a service, or as many that did not happen. */
static void count_edge(struct trace_graph *graph, uint32_t published, uint32_t service,
		       const struct wire_event *event, uint64_t times, bool is_dropped)
{
	uint32_t number = published == TRACE_NO_PAIR
			      ? TRACE_NO_PAIR
			      : trace_pairs_number(&graph->result.edges, published, service);
	if (number == TRACE_NO_PAIR) {
		graph->result.left_out++;
		return;
	}
	struct trace_graph_edge *edge = trace_pairs_value(&graph->result.edges, number);
	edge->dropped += is_dropped ? times : 0;
	edge->messages += is_dropped ? 0 : times;
	edge->bytes += is_dropped ? 0 : times * (event->size + event->headers.len);
	edge->sizes += is_dropped ? 0 : times * event->size;
}

static void count_receivers(struct trace_graph *graph, const struct wire_event *event, uint32_t published,
			    uint32_t subject)
{
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct wire_receiver *receiver = &event->receivers[i];
		bool is_dropped = receiver->outcome != WIRE_SENT;
		graph->result.by_subject[subject].dropped += is_dropped;
		count_edge(graph, published, trace_clients_service(&graph->clients, receiver->conn), event, 1,
			   is_dropped);
		if (!is_dropped)
			feed(graph, receiver, subject);
	}
	if (!event->receivers && event->receiver_count > 0)
		count_edge(graph, published, TRACE_SERVICE_UNKNOWN, event, event->receiver_count, false);
}

static uint32_t count_published(struct trace_graph *graph, const struct wire_event *event, uint32_t subject,
				uint64_t conn, uint64_t messages)
{
	struct trace_graph_result *result = &graph->result;
	uint32_t number =
	    trace_pairs_number(&result->published, trace_clients_service(&graph->clients, conn), subject);
	if (number == TRACE_NO_PAIR) {
		result->left_out++;
		return number;
	}
	struct trace_graph_published *published = trace_pairs_value(&result->published, number);
	published->messages += messages;
	published->bytes += messages * (event->size + event->headers.len);
	published->sizes += messages * event->size;
	return number;
}

static void count_message(struct trace_graph *graph, const struct wire_event *event)
{
	struct trace_graph_result *result = &graph->result;
	uint32_t number = number_subject(graph, event->subject);
	struct trace_graph_subject *subject = &result->by_subject[number];
	bool is_known = !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
	uint64_t bytes = event->size + event->headers.len;
	result->messages++;
	result->bytes += bytes;
	result->deliveries += event->receiver_count;
	subject->messages++;
	subject->bytes += bytes;
	subject->deliveries += event->receiver_count;
	if (!is_known || (!event->receivers && event->receiver_count > 0)) {
		subject->unknown_receivers++;
		result->unknown_receivers++;
	}
	subject->unheard += wire_event_is_unheard(event);
	if (event->receiver_count > subject->most_deliveries)
		subject->most_deliveries = event->receiver_count;
	count_receivers(graph, event, count_published(graph, event, number, event->conn, 1), number);
}

static struct wire_receiver receiver_of(const struct wire_event *delivery)
{
	return (struct wire_receiver){.conn = delivery->conn,
				      .sid = delivery->sid,
				      .queue = delivery->queue,
				      .outcome = delivery->outcome};
}

/* Its message was not seen, or is counted with unknown receivers. */
static void count_delivery(struct trace_graph *graph, const struct wire_event *event)
{
	uint32_t number = number_subject(graph, event->subject);
	const struct wire_receiver receiver = receiver_of(event);
	bool is_dropped = event->outcome != WIRE_SENT;
	graph->result.deliveries += !is_dropped;
	graph->result.by_subject[number].deliveries += !is_dropped;
	graph->result.by_subject[number].dropped += is_dropped;
	count_edge(graph, count_published(graph, event, number, 0, 0),
		   trace_clients_service(&graph->clients, event->conn), event, 1, is_dropped);
	if (!is_dropped)
		feed(graph, &receiver, number);
}

static void note_message(struct trace_graph *graph, const struct wire_event *event)
{
	const struct store_filter *filter = graph->options.filter;
	if (filter && !store_filter_event(filter, event, graph->source)) {
		const struct wire_receiver receiver = receiver_of(event);
		if (event->kind == WIRE_EVENT_DELIVERY)
			feed_others(graph, &receiver, 1);
		else
			feed_others(graph, event->receivers, event->receivers_len);
		return;
	}
	if (event->kind == WIRE_EVENT_MESSAGE)
		count_message(graph, event);
	else
		count_delivery(graph, event);
}

/* ---- events ---- */

static void note_time(struct trace_graph *graph, const struct wire_event *event)
{
	struct trace_graph_result *result = &graph->result;
	if (!result->has_events) {
		result->has_events = true;
		result->first_ns = event->time_ns;
		graph->first_steady_ns = graph->last_steady_ns = event->steady_ns;
	}
	result->last_ns = event->time_ns;
	if (event->steady_ns > graph->last_steady_ns)
		graph->last_steady_ns = event->steady_ns;
}

int trace_graph_add(struct trace_graph *graph, const struct wire_event *event)
{
	note_time(graph, event);
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: note_message(graph, event); break;
	case WIRE_EVENT_SUBSCRIBE: note_subscribe(graph, event); break;
	case WIRE_EVENT_UNSUBSCRIBE: note_unsubscribe(graph, event); break;
	case WIRE_EVENT_CONNECT: trace_clients_add(&graph->clients, event); break;
	case WIRE_EVENT_DISCONNECT: note_disconnect(graph, event); break;
	case WIRE_EVENT_GAP: graph->result.gaps++; break;
	case WIRE_EVENT_ERROR:
	case WIRE_EVENT_MARK:
	case WIRE_EVENT_KINDS: break;
	}
	return 0;
}

const struct trace_graph_result *trace_graph_end(struct trace_graph *graph)
{
	if (trace__graph_order_members(&graph->result) != 0)
		return NULL;
	trace__graph_find_hidden(&graph->result);
	graph->result.span_ns = store_time_minus(graph->last_steady_ns, graph->first_steady_ns);
	return &graph->result;
}

const struct trace_clients *trace_graph_clients(const struct trace_graph *graph)
{
	return &graph->clients;
}

/* ---- life ---- */

static int init_tables(struct trace_graph *graph)
{
	struct trace_graph_result *result = &graph->result;
	struct trace_memory *memory = &result->memory;
	memory->max = graph->options.memory_bytes / 8 * 7;
	trace_pairs_init(&result->published, sizeof(struct trace_graph_published), memory);
	trace_pairs_init(&result->edges, sizeof(struct trace_graph_edge), memory);
	trace_pairs_init(&result->interests, sizeof(struct trace_graph_interest), memory);
	trace_pairs_init(&result->subscribed, sizeof(struct trace_graph_subscribed), memory);
	trace_pairs_init(&result->members, sizeof(struct trace_graph_member), memory);
	trace_subscriptions_init(&graph->subscriptions, memory);
	if (!reserve_subject(graph))
		return -ENOMEM;
	result->subject_others = trace_names_number(&result->subjects, WIRE_LITERAL("(other subjects)"), 1);
	uint32_t none = trace_names_number(&result->queues, WIRE_LITERAL(""), 1);
	return result->subject_others == TRACE_NO_NAME || none == TRACE_NO_NAME ? -ENOMEM : 0;
}

struct trace_graph *trace_graph_open(struct wire_source *source, const struct trace_graph_options *options)
{
	struct trace_graph *graph = calloc(1, sizeof *graph);
	if (!graph)
		return NULL;
	graph->options = *options;
	graph->source = source;
	graph->fold.tokens = options->folds_tokens;
	graph->fold.inboxes = options->inboxes;
	int error = init_tables(graph);
	if (!error)
		error = trace_clients_init(&graph->clients, source, options->key, options->memory_bytes / 8);
	if (error) {
		trace_graph_close(graph);
		return NULL;
	}
	return graph;
}

void trace_graph_close(struct trace_graph *graph)
{
	if (!graph)
		return;
	struct trace_graph_result *result = &graph->result;
	struct trace_pairs *const tables[] = {&result->published, &result->edges, &result->interests,
					      &result->subscribed, &result->members};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		trace_pairs_fini(tables[i]);
	trace_subscriptions_fini(&graph->subscriptions);
	trace_clients_fini(&graph->clients);
	trace_names_fini(&result->subjects);
	trace_names_fini(&result->queues);
	free(result->by_subject);
	free(result->member_order);
	trace_hidden_fini(&result->hidden);
	free(graph);
}
