#include "cli/top/traffic.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/jetstream.h"

enum { CLIENTS_BYTES = 16 << 20, OTHERS = 0 };

int cli_top_traffic_init(struct cli_top_traffic *traffic, struct wire_source *source, int64_t window_ns,
			 bool folds_tokens)
{
	*traffic = (struct cli_top_traffic){
	    .source = source, .fold = {.tokens = folds_tokens}, .last_ns = INT64_MIN};
	cli_top_window_init(&traffic->window, window_ns);
	cli_top_requests_init(&traffic->requests);
	int error = trace_clients_init(&traffic->clients, source, TRACE_BY_NAME, CLIENTS_BYTES);
	if (trace_names_number(&traffic->subject_names, WIRE_LITERAL("(others)"), 1) != OTHERS ||
	    !trace_grow(&traffic->subjects, &traffic->subjects_cap, 1, sizeof(*traffic->subjects), NULL))
		return -ENOMEM;
	return error;
}

void cli_top_traffic_fini(struct cli_top_traffic *traffic)
{
	for (uint32_t i = 0; i < traffic->subjects_cap; i++) {
		if (traffic->subjects[i].latency)
			cli_top_latency_fini(traffic->subjects[i].latency);
		free(traffic->subjects[i].latency);
	}
	free(traffic->subjects);
	for (uint32_t i = 0; i < traffic->services_cap; i++)
		free(traffic->services[i]);
	free(traffic->services);
	trace_names_fini(&traffic->subject_names);
	trace_clients_fini(&traffic->clients);
	cli_top_connections_fini(&traffic->connections);
	cli_top_requests_fini(&traffic->requests);
	cli_top_window_fini(&traffic->window);
	*traffic = (struct cli_top_traffic){0};
}

/* ---- rows ---- */

/* The number of a subject, OTHERS when there is no room for a new one. */
static uint32_t number_subject(struct cli_top_traffic *traffic, struct wire_slice subject)
{
	uint32_t number = trace_names_number(&traffic->subject_names, trace_fold(&traffic->fold, subject),
					     CLI_TOP_SUBJECTS_MAX);
	if (number == TRACE_NO_NAME || !trace_grow(&traffic->subjects, &traffic->subjects_cap,
						   (uint64_t)number + 1, sizeof(*traffic->subjects), NULL))
		return OTHERS;
	return number;
}

/* The activity of a service, NULL without memory. */
static struct cli_top_activity *activity_of(struct cli_top_traffic *traffic, uint32_t service)
{
	if (service >= CLI_TOP_SERVICES_MAX)
		service = TRACE_SERVICE_OTHERS;
	if (!trace_grow(&traffic->services, &traffic->services_cap, (uint64_t)service + 1,
			sizeof(*traffic->services), NULL))
		return NULL;
	if (!traffic->services[service]) {
		traffic->services[service] = malloc(sizeof(struct cli_top_activity));
		if (traffic->services[service])
			cli_top_activity_init(traffic->services[service]);
	}
	return traffic->services[service];
}

/* The connection of an event, NULL when there is no room for it. */
static struct cli_top_connection *connection_of(struct cli_top_traffic *traffic, uint64_t conn,
						const struct wire_client *client)
{
	uint32_t origin = wire_conn_input(conn, wire_source_origin(traffic->source));
	uint64_t number = wire_conn_number(conn);
	struct cli_top_connection *known =
	    conn ? cli_top_connections_find(&traffic->connections, origin, number) : NULL;
	if (known || conn == 0)
		return known;
	if (!client)
		client = traffic->source->client(traffic->source, conn);
	known = cli_top_connections_add(&traffic->connections, origin, number, client);
	if (known)
		known->service = trace_clients_service(&traffic->clients, conn);
	return known;
}

static uint32_t service_of(struct cli_top_traffic *traffic, const struct cli_top_connection *connection,
			   uint64_t conn)
{
	return connection ? connection->service : trace_clients_service(&traffic->clients, conn);
}

/* ---- messages ---- */

static void count_publisher(struct cli_top_traffic *traffic, const struct wire_event *message,
			    uint32_t *service)
{
	struct cli_top_connection *connection = connection_of(traffic, message->conn, NULL);
	*service = service_of(traffic, connection, message->conn);
	struct cli_top_activity *activity = activity_of(traffic, *service);
	if (connection)
		cli_top_activity_publish(&connection->activity, &traffic->window, message);
	if (activity)
		cli_top_activity_publish(activity, &traffic->window, message);
}

static void count_receiver(struct cli_top_traffic *traffic, const struct wire_event *message, uint64_t conn,
			   enum wire_outcome outcome)
{
	struct cli_top_connection *connection = connection_of(traffic, conn, NULL);
	struct cli_top_activity *activity = activity_of(traffic, service_of(traffic, connection, conn));
	if (connection)
		cli_top_activity_receive(&connection->activity, &traffic->window, message, outcome);
	if (activity)
		cli_top_activity_receive(activity, &traffic->window, message, outcome);
}

static void count_subject(struct cli_top_traffic *traffic, const struct wire_event *message, uint32_t number)
{
	struct cli_top_subject *subject = &traffic->subjects[number];
	const struct cli_top_window *window = &traffic->window;
	const uint64_t bytes = message->size + message->headers.len;
	bool unheard = wire_event_is_unheard(message);
	cli_top_counter_add(&subject->messages, window, message->time_ns, 1);
	cli_top_counter_add(&subject->bytes, window, message->time_ns, bytes);
	cli_top_counter_add(&traffic->messages, window, message->time_ns, 1);
	cli_top_counter_add(&traffic->bytes, window, message->time_ns, bytes);
	subject->total++;
	subject->unheard += unheard;
	subject->last_ns = message->time_ns;
	traffic->total++;
	traffic->total_bytes += bytes;
	traffic->unheard += unheard;
}

static void add_request(struct cli_top_traffic *traffic, const struct wire_event *message, uint32_t number,
			uint32_t requester)
{
	struct cli_top_subject *subject = &traffic->subjects[number];
	if (!subject->latency)
		subject->latency = calloc(1, sizeof(*subject->latency));
	const struct cli_top_request request = {.seq = message->seq,
						.time_ns = message->time_ns,
						.origin = wire_source_origin(traffic->source),
						.subject = number,
						.requester = requester,
						.latency = subject->latency};
	cli_top_requests_add(&traffic->requests, &traffic->window, message, &request);
}

static void add_message(struct cli_top_traffic *traffic, const struct wire_event *message)
{
	uint32_t number = number_subject(traffic, message->subject), publisher;
	cli_top_requests_reply(&traffic->requests, &traffic->window, message, traffic->source);
	count_subject(traffic, message, number);
	count_publisher(traffic, message, &publisher);
	for (uint32_t i = 0; i < message->receivers_len && message->receivers; i++)
		count_receiver(traffic, message, message->receivers[i].conn, message->receivers[i].outcome);
	if (message->reply.len > 0 && !trace_is_ack_subject(message->reply))
		add_request(traffic, message, number, publisher);
}

/* ---- other events ---- */

static void add_connect(struct cli_top_traffic *traffic, const struct wire_event *event)
{
	trace_clients_add(&traffic->clients, event);
	struct cli_top_connection *connection = connection_of(traffic, event->conn, event->client);
	if (!connection || event->flags & WIRE_EVENT_REPEATED)
		return;
	connection->since_ns = event->time_ns;
	connection->activity.last_ns = event->time_ns;
}

static void add_disconnect(struct cli_top_traffic *traffic, const struct wire_event *event)
{
	struct cli_top_connection *connection = connection_of(traffic, event->conn, NULL);
	struct cli_top_activity *activity =
	    activity_of(traffic, service_of(traffic, connection, event->conn));
	if (activity)
		cli_top_activity_disconnect(activity, event);
	if (!connection)
		return;
	cli_top_activity_disconnect(&connection->activity, event);
	connection->is_gone = true;
}

static void add_subscription(struct cli_top_traffic *traffic, const struct wire_event *event, int64_t change)
{
	struct cli_top_connection *connection = connection_of(traffic, event->conn, NULL);
	if (connection && event->max == 0)
		connection->subscriptions += change;
}

void cli_top_traffic_add(struct cli_top_traffic *traffic, const struct wire_event *event)
{
	if (event->time_ns < traffic->window.begin_ns)
		traffic->window.begin_ns = event->time_ns;
	traffic->last_ns = event->time_ns;
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: add_message(traffic, event); break;
	case WIRE_EVENT_DELIVERY:
		cli_top_requests_reply(&traffic->requests, &traffic->window, event, traffic->source);
		count_receiver(traffic, event, event->conn, event->outcome);
		break;
	case WIRE_EVENT_CONNECT: add_connect(traffic, event); break;
	case WIRE_EVENT_DISCONNECT: add_disconnect(traffic, event); break;
	case WIRE_EVENT_SUBSCRIBE: add_subscription(traffic, event, 1); break;
	case WIRE_EVENT_UNSUBSCRIBE: add_subscription(traffic, event, -1); break;
	case WIRE_EVENT_ERROR: traffic->errors++; break;
	case WIRE_EVENT_GAP:
		traffic->gaps++;
		traffic->gap_messages += event->lost_messages;
		if (store_uptime_is_down_in(event))
			cli_top_window_add_down(&traffic->window, event->from_ns, event->to_ns);
		break;
	case WIRE_EVENT_MARK:
	case WIRE_EVENT_KINDS: break;
	}
}

uint64_t cli_top_traffic_unanswered(const struct cli_top_traffic *traffic, int64_t ns)
{
	const struct cli_top_request *request;
	uint64_t at = 0, count = 0;
	while ((request = cli_top_requests_next(&traffic->requests, &at)))
		count += request->time_ns <= traffic->window.now_ns - ns;
	return count;
}
