#include "trace/presence.h"

#include <stdlib.h>

#include "trace/subscriptions.h"
#include "wire/mark.h"
#include "wire/subject.h"

/* Of the memory: the clients, which are few, and their descriptions. */
enum { CLIENTS_SHARE = 4 };

struct trace_presence {
	struct trace_clients clients;
	struct wire_slice asked;
	struct trace_memory memory;
	struct trace_subscriptions open;              /* owner: its place in `described` */
	struct trace_present_subscription *described; /* owned; client TRACE_NO_CLIENT: the place is free */
	uint32_t described_len, described_cap, clients_cap;
	uint32_t unused; /* the first free place of `described` + 1, 0 = none; `subject` leads to the next */
	struct trace_presence_result result;
};

/* ---- clients ---- */

static struct trace_present_client *client_at(struct trace_presence *presence, uint32_t number)
{
	struct trace_presence_result *result = &presence->result;
	if (number == TRACE_NO_CLIENT ||
	    !trace_grow(&result->clients, &presence->clients_cap, (uint64_t)number + 1,
			sizeof *result->clients, &presence->memory))
		return NULL;
	if (number >= result->clients_len)
		result->clients_len = number + 1;
	return &result->clients[number];
}

/* The client of a connection, which is there because something happens on it. NULL when there is no room. */
static struct trace_present_client *present(struct trace_presence *presence, uint64_t conn, uint32_t *number)
{
	*number = trace_clients_number(&presence->clients, conn);
	struct trace_present_client *client = client_at(presence, *number);
	if (!client) {
		presence->result.left_out += conn != 0;
		return NULL;
	}
	if (client->is_here)
		return client;
	presence->result.here++;
	*client = (struct trace_present_client){
	    .is_here = true, .since_ns = TRACE_PRESENCE_BEFORE, .last_ns = TRACE_PRESENCE_BEFORE};
	return client;
}

static void note_connect(struct trace_presence *presence, const struct wire_event *event)
{
	uint32_t number;
	trace_clients_add(&presence->clients, event);
	struct trace_present_client *client = present(presence, event->conn, &number);
	if (client && !(event->flags & WIRE_EVENT_REPEATED))
		client->since_ns = event->time_ns;
}

/* ---- subscriptions ---- */

/* A free place; TRACE_NO_CLIENT when there is no room. */
static uint32_t take_place(struct trace_presence *presence)
{
	uint32_t place = presence->unused;
	if (place) {
		presence->unused = presence->described[place - 1].subject;
		return place - 1;
	}
	if (!trace_grow(&presence->described, &presence->described_cap, (uint64_t)presence->described_len + 1,
			sizeof *presence->described, &presence->memory))
		return TRACE_NO_CLIENT;
	return presence->described_len++;
}

static uint32_t number_name(struct trace_presence *presence, struct wire_slice text)
{
	struct trace_names *names = &presence->result.names;
	size_t before = names->bytes;
	bool has_room = presence->memory.max - presence->memory.used > text.len;
	uint32_t number = trace_names_number(names, text, has_room ? UINT32_MAX - 1 : names->len);
	size_t room = presence->memory.max - presence->memory.used;
	presence->memory.used += names->bytes - before < room ? names->bytes - before : room;
	return number;
}

static void remove_subscription(struct trace_presence *presence, struct trace_subscription *open)
{
	struct trace_present_subscription *described = &presence->described[open->owner];
	presence->result.clients[described->client].subscriptions--;
	described->client = TRACE_NO_CLIENT;
	described->subject = presence->unused;
	presence->unused = open->owner + 1;
	trace_subscriptions_remove(&presence->open, open);
}

/* Add a subscription in the place of an earlier one of that sid. NULL when there is no room. */
static struct trace_subscription *add_subscription(struct trace_presence *presence, uint32_t client,
						   struct wire_slice sid,
						   const struct trace_present_subscription *described)
{
	struct trace_subscription *earlier = trace_subscriptions_find(&presence->open, client, sid);
	if (earlier)
		remove_subscription(presence, earlier);
	uint32_t place = take_place(presence);
	struct trace_subscription *added =
	    place == TRACE_NO_CLIENT ? NULL : trace_subscriptions_add(&presence->open, client, sid);
	if (place != TRACE_NO_CLIENT && !added) {
		presence->described[place] = (struct trace_present_subscription){.client = TRACE_NO_CLIENT,
										 .subject = presence->unused};
		presence->unused = place + 1;
	}
	if (!added) {
		presence->result.left_out++;
		return NULL;
	}
	added->owner = place;
	presence->described[place] = *described;
	presence->result.clients[client].subscriptions++;
	return added;
}

/* Describe a subscription. False when its names find no room. */
static bool describe(struct trace_presence *presence, struct trace_present_subscription *described,
		     struct wire_slice subject, struct wire_slice queue)
{
	described->subject = number_name(presence, subject);
	described->queue = number_name(presence, queue);
	bool has_room = described->subject != TRACE_NO_NAME && described->queue != TRACE_NO_NAME;
	presence->result.left_out += !has_room;
	return has_room;
}

static void note_subscribe(struct trace_presence *presence, const struct wire_event *event)
{
	struct trace_present_subscription described = {.is_recorded = true, .since_ns = event->time_ns};
	presence->result.subscribes++;
	if (present(presence, event->conn, &described.client) &&
	    describe(presence, &described, event->subject, event->queue))
		add_subscription(presence, described.client, event->sid, &described);
}

static void note_unsubscribe(struct trace_presence *presence, const struct wire_event *event)
{
	uint32_t client;
	struct trace_subscription *open = present(presence, event->conn, &client)
					      ? trace_subscriptions_find(&presence->open, client, event->sid)
					      : NULL;
	if (!open)
		return;
	if (event->max == 0 || open->deliveries >= event->max)
		remove_subscription(presence, open);
	else
		open->ends_at = event->max;
}

static void leave(struct trace_presence *presence, uint32_t number)
{
	struct trace_subscription *open;
	while ((open = trace_subscriptions_newest(&presence->open, number)) != NULL)
		remove_subscription(presence, open);
	presence->result.clients[number].is_here = false;
	presence->result.here--;
}

static void note_disconnect(struct trace_presence *presence, const struct wire_event *event)
{
	uint32_t number;
	if (!present(presence, event->conn, &number))
		return;
	leave(presence, number);
	presence->result.last_left_ns = event->time_ns;
}

/* The recording of this input stops, or began again: later connections are new ones. */
static void note_mark(struct trace_presence *presence, const struct wire_event *event, uint32_t origin)
{
	bool is_stop = wire_mark_is_stop(event->text);
	if (!is_stop && !wire_mark_is_start(event->text))
		return;
	presence->result.stopped_ns = is_stop ? event->time_ns : TRACE_PRESENCE_BEFORE;
	for (uint32_t i = 0; i < presence->result.clients_len; i++)
		if (presence->result.clients[i].is_here &&
		    trace_clients_at(&presence->clients, i)->origin == origin)
			leave(presence, i);
}

/* ---- messages ---- */

static struct trace_subscription *add_unrecorded(struct trace_presence *presence, uint32_t client,
						 const struct wire_receiver *receiver,
						 struct wire_slice subject)
{
	struct trace_present_subscription described = {.client = client, .since_ns = TRACE_PRESENCE_BEFORE};
	return describe(presence, &described, subject, receiver->queue)
		   ? add_subscription(presence, client, receiver->sid, &described)
		   : NULL;
}

static void count_delivery(struct trace_presence *presence, const struct wire_event *event,
			   const struct wire_receiver *receiver, bool counts)
{
	uint32_t number;
	struct trace_present_client *client =
	    receiver->outcome == WIRE_SENT ? present(presence, receiver->conn, &number) : NULL;
	if (!client)
		return;
	client->received++;
	client->last_ns = event->time_ns;
	struct trace_subscription *open = trace_subscriptions_find(&presence->open, number, receiver->sid);
	if (!open && counts)
		open = add_unrecorded(presence, number, receiver, event->subject);
	if (!open)
		return;
	struct trace_present_subscription *described = &presence->described[open->owner];
	described->received += counts;
	described->last_ns = counts ? event->time_ns : described->last_ns;
	if (++open->deliveries == open->ends_at)
		remove_subscription(presence, open);
}

static void note_message(struct trace_presence *presence, const struct wire_event *event)
{
	uint32_t number;
	struct trace_present_client *publisher = event->conn ? present(presence, event->conn, &number) : NULL;
	bool counts = presence->asked.len == 0 || wire_subject_matches(presence->asked, event->subject);
	if (publisher) {
		publisher->published++;
		publisher->last_ns = event->time_ns;
	}
	for (uint32_t i = 0; i < event->receivers_len; i++)
		count_delivery(presence, event, &event->receivers[i], counts);
}

static void note_delivery(struct trace_presence *presence, const struct wire_event *event)
{
	const struct wire_receiver receiver = {
	    .conn = event->conn, .sid = event->sid, .queue = event->queue, .outcome = event->outcome};
	count_delivery(presence, event, &receiver,
		       presence->asked.len == 0 || wire_subject_matches(presence->asked, event->subject));
}

void trace_presence_add(struct trace_presence *presence, const struct wire_event *event)
{
	struct wire_source *source = presence->clients.source;
	presence->result.events++;
	presence->result.last_ns = event->time_ns;
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: note_message(presence, event); break;
	case WIRE_EVENT_DELIVERY: note_delivery(presence, event); break;
	case WIRE_EVENT_CONNECT: note_connect(presence, event); break;
	case WIRE_EVENT_DISCONNECT: note_disconnect(presence, event); break;
	case WIRE_EVENT_SUBSCRIBE: note_subscribe(presence, event); break;
	case WIRE_EVENT_UNSUBSCRIBE: note_unsubscribe(presence, event); break;
	case WIRE_EVENT_MARK: note_mark(presence, event, wire_source_origin(source)); break;
	default: break;
	}
}

/* ---- life ---- */

struct trace_presence *trace_presence_open(struct wire_source *source,
					   const struct trace_presence_options *options)
{
	struct trace_presence *presence = calloc(1, sizeof *presence);
	if (!presence)
		return NULL;
	size_t clients_bytes = options->memory_bytes / CLIENTS_SHARE;
	presence->asked = options->asked;
	presence->result.last_left_ns = presence->result.stopped_ns = TRACE_PRESENCE_BEFORE;
	presence->memory.max = options->memory_bytes - clients_bytes;
	trace_subscriptions_init(&presence->open, &presence->memory);
	if (trace_clients_init(&presence->clients, source, TRACE_BY_CONN, clients_bytes) != 0) {
		trace_presence_close(presence);
		return NULL;
	}
	return presence;
}

void trace_presence_close(struct trace_presence *presence)
{
	if (!presence)
		return;
	trace_clients_fini(&presence->clients);
	trace_subscriptions_fini(&presence->open);
	trace_names_fini(&presence->result.names);
	free(presence->described);
	free(presence->result.clients);
	free(presence);
}

const struct trace_presence_result *trace_presence_end(struct trace_presence *presence)
{
	struct trace_presence_result *result = &presence->result;
	result->subscriptions = presence->described;
	result->subscriptions_len = 0;
	for (uint32_t i = 0; i < presence->described_len; i++)
		if (presence->described[i].client != TRACE_NO_CLIENT)
			presence->described[result->subscriptions_len++] = presence->described[i];
	return result;
}

const struct trace_clients *trace_presence_clients(const struct trace_presence *presence)
{
	return &presence->clients;
}
