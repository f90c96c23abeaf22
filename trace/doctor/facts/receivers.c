#include "trace/doctor/facts/receivers.h"

#include <stdlib.h>
#include <string.h>

#include "trace/doctor/facts/clocks.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/subjects.h"

/* ---- queue groups ---- */

/* Judge the shares of the members so far, and begin to count again. */
static void end_membership(struct doctor__queue *queue)
{
	struct doctor__unfair now = {.members = queue->len};
	uint64_t sum = 0;
	for (uint32_t i = 0; i < queue->len; i++) {
		const struct doctor__member *member = &queue->members[i];
		sum += member->count;
		if (i == 0 || member->count > now.most) {
			now.most = member->count;
			now.busiest = member->client;
		}
		if (i == 0 || member->count < now.least) {
			now.least = member->count;
			now.idlest = member->client;
		}
	}
	now.ratio = (double)now.most / (now.least > 0 ? now.least : 0.5);
	if (queue->len > 1 && sum >= (uint64_t)queue->len * DOCTOR__SHARE_LEAST &&
	    now.ratio > queue->worst.ratio)
		queue->worst = now;
	for (uint32_t i = 0; i < queue->len; i++)
		queue->members[i].count = 0;
}

/* Members whose connection ended are no members any more. */
static void remove_closed(struct doctor__facts *facts, struct doctor__queue *queue)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < queue->len; i++) {
		const struct doctor__connection *connection =
		    doctor__connection_at(&facts->connections, queue->members[i].client);
		if (connection && connection->closed_ns == INT64_MAX)
			queue->members[kept++] = queue->members[i];
	}
	queue->len = kept;
}

/* The membership changes: what was counted until now says nothing of the time after. */
static struct doctor__member *add_member(struct doctor__facts *facts, struct doctor__queue *queue,
					 uint32_t client)
{
	end_membership(queue);
	remove_closed(facts, queue);
	if (queue->len == DOCTOR__MEMBERS_MAX) {
		queue->is_crowded = true;
		return NULL;
	}
	if (queue->len == queue->cap) {
		uint32_t cap = queue->cap ? queue->cap * 2 : 4;
		bool fits = doctor__subjects_take_bytes(&facts->subjects,
							(cap - queue->cap) * sizeof *queue->members);
		struct doctor__member *members = fits ? realloc(queue->members, cap * sizeof *members) : NULL;
		if (!members)
			return NULL;
		queue->members = members;
		queue->cap = cap;
	}
	queue->members_ever++;
	queue->members[queue->len] = (struct doctor__member){.client = client};
	return &queue->members[queue->len++];
}

/* NULL when there is no room. */
static struct doctor__queue *add_queue(struct doctor__subjects *subjects, struct doctor__subject *subject,
				       struct wire_slice name)
{
	if (subject->queues_len == DOCTOR__QUEUES_MAX ||
	    !doctor__subjects_take_bytes(subjects, sizeof(struct doctor__queue) + name.len))
		return NULL;
	struct doctor__queue *queue = calloc(1, sizeof *queue);
	char *text = queue ? malloc(name.len) : NULL;
	if (!text) {
		free(queue);
		return NULL;
	}
	memcpy(text, name.data, name.len);
	*queue = (struct doctor__queue){.next = subject->queues, .name = text, .name_len = name.len};
	subject->queues = queue;
	subject->queues_len++;
	return queue;
}

static struct doctor__queue *find_queue(struct doctor__subjects *subjects, struct doctor__subject *subject,
					struct wire_slice name)
{
	struct doctor__queue *queue = subject->queues;
	while (queue && !wire_slice_equal(wire_slice(queue->name, queue->name_len), name))
		queue = queue->next;
	return queue ? queue : add_queue(subjects, subject, name);
}

/* Hot: once for each receiver in a queue group. */
static void count_member(struct doctor__facts *facts, struct wire_slice name, uint32_t client, uint64_t seq)
{
	struct doctor__queue *queue = find_queue(&facts->subjects, facts->subject, name);
	if (!queue || queue->is_crowded) {
		facts->subjects.members_left_out++;
		return;
	}
	uint32_t at = 0;
	while (at < queue->len && queue->members[at].client != client)
		at++;
	struct doctor__member *member =
	    at < queue->len ? &queue->members[at] : add_member(facts, queue, client);
	if (!member) {
		facts->subjects.members_left_out++;
		return;
	}
	member->count++;
	queue->messages++;
	if (queue->evidence.len < TRACE_EVIDENCE_MAX)
		trace_evidence_add(&queue->evidence, facts->origin, seq);
}

void doctor__receivers_end(struct doctor__facts *facts)
{
	for (uint32_t i = 0; i < facts->subjects.len; i++)
		for (struct doctor__queue *queue = facts->subjects.list[i]->queues; queue;
		     queue = queue->next) {
			queue->evidence.count = queue->messages;
			end_membership(queue);
		}
}

/* ---- one receiver ---- */

static void note_drop(struct doctor__facts *facts, struct doctor__connection *connection,
		      enum wire_outcome outcome, const struct wire_event *event)
{
	trace_evidence_add(&connection->dropped[outcome], facts->origin, event->seq);
	if (connection->dropped_from_ns == 0)
		connection->dropped_from_ns = event->time_ns;
	connection->dropped_to_ns = event->time_ns;
	if (outcome != WIRE_DROPPED_SLOW)
		return;
	if (facts->subject)
		doctor__majority_vote(&connection->dropped_subject, facts->subject->number);
	doctor__majority_vote(&connection->dropped_publisher, facts->client);
}

/* Hot: once for each receiver of a message. */
static void take_receiver(struct doctor__facts *facts, const struct wire_event *event,
			  const struct wire_receiver *receiver)
{
	struct doctor__connections *connections = &facts->connections;
	uint32_t client = trace_clients_number(&connections->clients, receiver->conn);
	struct doctor__connection *connection = doctor__connection_at(connections, client);
	if (!connection) {
		connections->left_out += receiver->conn != 0;
		return;
	}
	if (receiver->outcome != WIRE_SENT) {
		note_drop(facts, connection, receiver->outcome, event);
		return;
	}
	if (event->headers.len > 0)
		trace_evidence_add(&connection->with_headers, facts->origin, event->seq);
	if (connection->unfed > 0)
		doctor__connections_feed(connections, client, receiver->sid);
	if (receiver->queue.len > 0 && facts->subject)
		count_member(facts, receiver->queue, client, event->seq);
}

/* ---- events ---- */

static void take_unheard(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__subject *subject = facts->subject;
	trace_evidence_add(&subject->unheard, facts->origin, event->seq);
	if (subject->unheard_now.count == 0)
		subject->unheard_since_ns = facts->timeline.now_ns;
	trace_evidence_add(&subject->unheard_now, facts->origin, event->seq);
}

static void count_receivers(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__subject *subject = facts->subject;
	subject->deliveries += event->receiver_count;
	if (event->receiver_count > subject->most_receivers) {
		subject->most_receivers = event->receiver_count;
		subject->most_receivers_seq = event->seq;
		subject->most_receivers_origin = facts->origin;
	}
	if (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN)
		subject->unknown++;
	else if (wire_event_is_unheard(event) && !facts->is_refused)
		take_unheard(facts, event);
	else if (subject->unheard_now.count > 0)
		subject->unheard_now = (struct trace_evidence){0};
	subject->has_unnamed |= event->receivers_len == 0 && event->receiver_count > 0;
}

static void take_message(struct doctor__facts *facts, const struct wire_event *event)
{
	facts->unknown_receivers += (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
	if (facts->subject)
		count_receivers(facts, event);
	for (uint32_t i = 0; i < event->receivers_len; i++)
		take_receiver(facts, event, &event->receivers[i]);
	if (event->delays_ns)
		doctor__clocks_take_delays(facts, event);
}

void doctor__receivers_feed(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__connections *connections = &facts->connections;
	const struct wire_receiver own = {.conn = event->conn, .sid = event->sid, .outcome = event->outcome};
	bool is_delivery = event->kind == WIRE_EVENT_DELIVERY;
	const struct wire_receiver *receivers = is_delivery ? &own : event->receivers;
	uint32_t len = is_delivery ? 1 : event->receivers_len;
	for (uint32_t i = 0; i < len; i++) {
		uint32_t client = trace_clients_number(&connections->clients, receivers[i].conn);
		if (client < connections->len && connections->list[client].unfed > 0 &&
		    receivers[i].outcome == WIRE_SENT)
			doctor__connections_feed(connections, client, receivers[i].sid);
	}
	bool is_unnamed = event->receivers_len == 0 && event->receiver_count > 0;
	if (facts->subject && !is_delivery) {
		facts->subject->unknown += (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
		facts->subject->has_unnamed |= is_unnamed;
	}
}

void doctor__receivers_take(struct doctor__facts *facts, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_MESSAGE) {
		take_message(facts, event);
		return;
	}
	const struct wire_receiver receiver = {
	    .conn = event->conn, .sid = event->sid, .queue = event->queue, .outcome = event->outcome};
	if (facts->subject && event->outcome == WIRE_SENT)
		facts->subject->deliveries++;
	take_receiver(facts, event, &receiver);
}
