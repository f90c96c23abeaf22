#include "export/sequence/sequence.h"

#include <errno.h>

#include "store/read/steps.h"
#include "wire/conn.h"

enum { REQUESTS_MAX = 1 << 16, CLIENTS_BYTES_MAX = 16 << 20, GAPS_MAX = 1000 };

int export_sequence_init(struct export_sequence *sequence, struct export_sequence_sink *sink,
			 uint64_t messages_max)
{
	*sequence = (struct export_sequence){.sink = sink, .messages_max = messages_max};
	trace_requests_init(&sequence->requests, REQUESTS_MAX, NULL, NULL);
	return export_parties_init(&sequence->parties);
}

void export_sequence_fini(struct export_sequence *sequence)
{
	export_parties_fini(&sequence->parties);
	trace_requests_fini(&sequence->requests);
	trace_clients_fini(&sequence->clients);
}

/* ---- parties ---- */

static uint32_t party_of_service(struct export_sequence *sequence, const struct trace_clients *clients,
				 uint32_t service)
{
	if (service == TRACE_SERVICE_UNKNOWN)
		return export_parties_other(&sequence->parties, EXPORT_PARTY_UNKNOWN);
	if (service == TRACE_SERVICE_OTHERS)
		return export_parties_other(&sequence->parties, EXPORT_PARTY_OTHERS);
	return export_parties_service(&sequence->parties, trace_clients_service_name(clients, service));
}

/* Of a message that no connection is known to have published. */
static uint32_t party_of_nobody(struct export_sequence *sequence, const struct wire_event *event)
{
	const bool is_unknown =
	    event->kind == WIRE_EVENT_DELIVERY || event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN;
	return export_parties_other(&sequence->parties,
				    is_unknown ? EXPORT_PARTY_UNKNOWN : EXPORT_PARTY_SERVER);
}

/* Number `at` of the receivers, or with AT_PUBLISHER the publisher, of the event whose node it is in the conversation that is
 * drawn, or that the source has just given. */
#define AT_PUBLISHER UINT32_MAX

static uint32_t party_of(struct export_sequence *sequence, const struct trace_node *node, uint32_t at,
			 uint64_t conn)
{
	if (!node)
		return party_of_service(sequence, &sequence->clients,
					trace_clients_service(&sequence->clients, conn));
	const struct trace_clients *clients = sequence->current->clients;
	const uint32_t number = at == AT_PUBLISHER ? node->publisher : node->receivers[at];
	const uint32_t service =
	    number == TRACE_NO_CLIENT ? TRACE_SERVICE_OTHERS : trace_clients_at(clients, number)->service;
	return party_of_service(sequence, clients, conn == 0 ? TRACE_SERVICE_UNKNOWN : service);
}

/* ---- a message ---- */

static void add_receiver(struct export_sequence *sequence, const struct trace_node *node, uint32_t at,
			 const struct wire_receiver *receiver, int64_t delay_ns)
{
	struct export_sequence_message *message = &sequence->message;

	message->receivers[message->receivers_len++] =
	    (struct export_sequence_receiver){.party = party_of(sequence, node, at, receiver->conn),
					      .conn = wire_conn_number(receiver->conn),
					      .queue = receiver->queue,
					      .outcome = receiver->outcome,
					      .delay_ns = delay_ns};
}

static void add_receivers(struct export_sequence *sequence, const struct trace_node *node,
			  const struct wire_event *event)
{
	struct export_sequence_message *message = &sequence->message;
	const uint32_t len = event->receivers ? event->receivers_len : 0;

	for (uint32_t i = 0; i < len && i < EXPORT_SEQUENCE_RECEIVERS; i++)
		add_receiver(sequence, node, i, &event->receivers[i],
			     event->delays_ns ? event->delays_ns[i] : WIRE_DELAY_UNKNOWN);
	message->more_receivers = event->receivers ? len - message->receivers_len : event->receiver_count;
}

/* Everything but what it has to do with other messages. */
static void make_message(struct export_sequence *sequence, const struct trace_node *node,
			 const struct wire_event *event, uint32_t origin)
{
	const bool is_delivery = event->kind == WIRE_EVENT_DELIVERY;
	struct export_sequence_message *message = &sequence->message;

	message->event = event;
	message->origin = origin;
	message->since_ns = store_time_minus(event->steady_ns, sequence->base_ns);
	message->receivers_len = 0;
	message->more_receivers = 0;
	message->publisher = event->conn == 0 || is_delivery || event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN
				 ? party_of_nobody(sequence, event)
				 : party_of(sequence, node, AT_PUBLISHER, event->conn);
	if (is_delivery)
		add_receiver(sequence, node, 0,
			     &(struct wire_receiver){
				 .conn = event->conn, .queue = event->queue, .outcome = event->outcome},
			     WIRE_DELAY_UNKNOWN);
	else
		add_receivers(sequence, node, event);
	message->may_have_more = !is_delivery && event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN;
	message->is_unheard = wire_event_is_unheard(event);
	message->is_reply = message->is_unanswered = message->has_no_responders = false;
	message->request = message->cause = EXPORT_NO_MESSAGE;
}

static void begin_at(struct export_sequence *sequence, int64_t steady_ns)
{
	if (!sequence->has_base)
		sequence->base_ns = steady_ns;
	sequence->has_base = true;
}

static void give_message(struct export_sequence *sequence)
{
	sequence->messages++;
	sequence->sink->message(sequence->sink, &sequence->message);
}

static void give_gap(struct export_sequence *sequence, int64_t steady_ns, uint64_t messages,
		     struct wire_slice text)
{
	const struct export_sequence_gap gap = {
	    .since_ns = store_time_minus(steady_ns, sequence->base_ns), .messages = messages, .text = text};

	if (sequence->gaps == GAPS_MAX) {
		sequence->left_out_gaps++;
		return;
	}
	sequence->gaps++;
	sequence->sink->gap(sequence->sink, &gap);
}

/* ---- single events ---- */

/* The clients are those of the source, which is known from the first event on. */
static int begin(struct export_sequence *sequence, const struct wire_event *event,
		 const struct export_input *input)
{
	begin_at(sequence, event->steady_ns);
	return sequence->clients.source
		   ? 0
		   : trace_clients_init(&sequence->clients, input->source, TRACE_BY_NAME, CLIENTS_BYTES_MAX);
}

/* A request that was seen being published is not to be replaced by one of its deliveries. */
static bool is_new_request(const struct export_sequence *sequence, const struct wire_event *event)
{
	return event->reply.len > 0 &&
	       (event->kind == WIRE_EVENT_MESSAGE || !trace_requests_find(&sequence->requests, event->reply));
}

static int draw_event(struct export_sequence *sequence, const struct wire_event *event,
		      struct trace_request *request, const struct export_input *input)
{
	struct export_sequence_message *message = &sequence->message;
	const uint64_t number = sequence->messages;
	int error = begin(sequence, event, input);

	if (error)
		return error;
	make_message(sequence, NULL, event, wire_source_origin(input->source));
	if (request) {
		message->is_reply = true;
		message->request = request->key;
		trace_request_count_reply(request, event);
	}
	message->has_no_responders = message->is_unheard && event->reply.len > 0;
	give_message(sequence);
	return is_new_request(sequence, event) ? trace_requests_add(&sequence->requests, event, number, NULL)
					       : 0;
}

static int take_message(struct export_sequence *sequence, const struct wire_event *event,
			const struct export_input *input)
{
	struct trace_request *request = trace_requests_find(&sequence->requests, event->subject);

	if (!input->is_chosen && !request)
		return 0;
	if (sequence->messages < sequence->messages_max)
		return draw_event(sequence, event, request, input);
	sequence->left_out++;
	return 0;
}

int export_sequence_event(struct export_sequence *sequence, const struct wire_event *event,
			  const struct export_input *input, struct wire_fault *fault)
{
	int error = 0;

	if (event->kind == WIRE_EVENT_MESSAGE || event->kind == WIRE_EVENT_DELIVERY) {
		error = take_message(sequence, event, input);
	} else if (event->kind == WIRE_EVENT_GAP) {
		error = begin(sequence, event, input);
		if (!error)
			give_gap(sequence, event->steady_ns, event->lost_messages, event->text);
	} else {
		sequence->others += input->is_chosen;
	}
	return error ? wire_fault_set(fault, -ENOMEM, "out of memory") : 0;
}

/* ---- conversations ---- */

/* Message `at` of the tree; the first one has the number `first` in the sequence. */
static void draw_branch(struct export_sequence *sequence, uint32_t at, uint64_t first)
{
	const struct trace_branch *branch = &sequence->current->tree.branches[at];
	const struct trace_node *node = branch->node;
	struct export_sequence_message *message = &sequence->message;

	make_message(sequence, node, &node->event, node->origin);
	message->is_reply = node->is_reply;
	message->is_unanswered = trace_node_is_unanswered(node);
	message->has_no_responders = trace_node_has_no_responders(node);
	if (branch->cause) {
		message->cause = first + branch->parent;
		message->evidence = trace_evidence_name(branch->cause->evidence);
		message->score = branch->cause->score;
		if (branch->cause->evidence == TRACE_REPLY)
			message->request = message->cause;
	}
	give_message(sequence);
}

static void give_heading(struct export_sequence *sequence)
{
	const struct export_conversation *conversation = sequence->current;
	const struct trace_tree *tree = &conversation->tree;
	const struct trace_node *root = tree->branches[tree->first_top].node;
	char number[EXPORT_NODE_NUMBER_TEXT];
	const struct export_sequence_heading heading = {
	    .root = &root->event,
	    .number = number,
	    .origin = root->origin,
	    .count = tree->count,
	    .since_ns = store_time_minus(root->event.steady_ns, sequence->base_ns),
	    .window_ns = conversation->window_ns,
	    .is_cut_short = conversation->is_cut_short};

	export_node_number(conversation, root, number);
	sequence->sink->conversation(sequence->sink, &heading);
}

/* The gaps from number *at on that began until then. */
static void give_gaps(struct export_sequence *sequence, size_t *at, int64_t until_ns)
{
	const struct export_conversation *conversation = sequence->current;

	for (; *at < conversation->gaps_len && conversation->gaps[*at]->from_ns <= until_ns; ++*at) {
		const struct trace_gap *gap = conversation->gaps[*at];
		give_gap(sequence, gap->from_ns, gap->messages, wire_slice_str(gap->text));
	}
}

static void draw_conversation(struct export_sequence *sequence)
{
	const struct trace_tree *tree = &sequence->current->tree;
	const uint64_t first = sequence->messages;
	size_t gap = 0;

	begin_at(sequence, tree->branches[0].node->event.steady_ns);
	give_heading(sequence);
	for (uint32_t at = 0; at < tree->count; at++) {
		if (sequence->messages == sequence->messages_max) {
			sequence->left_out += tree->count - at;
			return;
		}
		give_gaps(sequence, &gap, tree->branches[at].node->event.steady_ns);
		draw_branch(sequence, at, first);
	}
	give_gaps(sequence, &gap, INT64_MAX);
}

void export_sequence_conversation(struct export_sequence *sequence,
				  const struct export_conversation *conversation)
{
	if (sequence->messages == sequence->messages_max) {
		sequence->left_out += conversation->tree.count;
		return;
	}
	sequence->current = conversation;
	draw_conversation(sequence);
	sequence->current = NULL;
}
