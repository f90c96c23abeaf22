#include "tests/unit/replay/traffic.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/fail.h"

#define START_NS INT64_C(1700000000000000000)

static struct traffic_event *add(struct traffic *traffic, enum wire_event_kind kind)
{
	int64_t last_ns = traffic->count ? traffic->events[traffic->count - 1].event.time_ns : START_NS;
	if (traffic->count == traffic->cap) {
		traffic->cap = traffic->cap ? traffic->cap * 2 : 64;
		traffic->events = support_grow(traffic->events, traffic->cap * sizeof *traffic->events);
	}
	struct traffic_event *event = &traffic->events[traffic->count++];
	*event = (struct traffic_event){.event = {.kind = kind, .time_ns = last_ns + 1000000}};
	return event;
}

struct traffic_event *traffic_message(struct traffic *traffic, uint64_t conn, const char *subject,
				      const char *reply, const char *payload)
{
	struct traffic_event *event = add(traffic, WIRE_EVENT_MESSAGE);
	event->event.conn = conn;
	event->event.receiver_count = 1;
	snprintf(event->subject, sizeof event->subject, "%s", subject);
	snprintf(event->reply, sizeof event->reply, "%s", reply);
	traffic_set_payload(event, payload);
	return event;
}

struct traffic_event *traffic_gap(struct traffic *traffic, uint64_t lost_messages)
{
	struct traffic_event *event = add(traffic, WIRE_EVENT_GAP);
	event->event.lost_messages = lost_messages;
	snprintf(event->text, sizeof event->text, "no room");
	return event;
}

void traffic_set_payload(struct traffic_event *event, const char *payload)
{
	snprintf(event->payload, sizeof event->payload, "%s", payload);
}

/* ---- random ---- */

enum { SERVICE = 1000 }; /* connection of the service */

static uint64_t add_random(struct traffic *traffic, struct random *random, uint64_t serial,
			   unsigned publishers, unsigned subjects)
{
	char subject[48], inbox[48], payload[96];
	uint64_t conn = 1 + random_below(random, publishers);
	uint32_t which = random_below(random, subjects + 2);
	snprintf(payload, sizeof payload, "{\"serial\":%lu}", (unsigned long)serial);
	if (which < subjects) {
		snprintf(subject, sizeof subject, "own.%lu.%u", (unsigned long)conn, which);
		traffic_message(traffic, conn, subject, "", payload)->serial = serial;
		return serial + 1;
	}
	if (which == subjects) {
		traffic_message(traffic, conn, "shared", "", payload)->serial = serial;
		return serial + 1;
	}
	snprintf(inbox, sizeof inbox, "_INBOX.%lu.%lu", (unsigned long)conn, (unsigned long)serial);
	traffic_message(traffic, conn, "ask", inbox, payload)->serial = serial;
	snprintf(payload, sizeof payload, "answer to %lu", (unsigned long)serial % 3);
	traffic_message(traffic, SERVICE, inbox, "", payload)->serial = serial + 1;
	return serial + 2;
}

void traffic_fill(struct traffic *traffic, struct random *random, size_t messages, unsigned publishers,
		  unsigned subjects)
{
	for (uint64_t serial = 1; traffic->count < messages;)
		serial = add_random(traffic, random, serial, publishers, subjects);
}

/* _INBOX.3.17 becomes _INBOX.d.17. */
static void rename_inbox(char *subject)
{
	if (strncmp(subject, "_INBOX.", 7) == 0)
		subject[7] = (char)(subject[7] - '0' + 'a');
}

/* The messages of a connection keep their order, and a reply stays after its request. */
static bool may_swap(const struct traffic_event *first, const struct traffic_event *second)
{
	return first->event.conn != second->event.conn && strcmp(first->reply, second->subject) != 0;
}

static void swap(struct traffic_event *x, struct traffic_event *y)
{
	struct traffic_event kept = *x;
	*x = *y;
	*y = kept;
}

void traffic_copy(struct traffic *copy, const struct traffic *traffic, struct random *random,
		  unsigned disorder)
{
	for (size_t i = 0; i < traffic->count; i++) {
		struct traffic_event *event = add(copy, traffic->events[i].event.kind);
		*event = traffic->events[i];
		event->event.conn += 7;
		rename_inbox(event->subject);
		rename_inbox(event->reply);
	}
	for (unsigned round = 0; round < disorder; round++)
		for (size_t i = random_below(random, 3); i + 1 < copy->count;
		     i += 1 + random_below(random, 3))
			if (may_swap(&copy->events[i], &copy->events[i + 1]))
				swap(&copy->events[i], &copy->events[i + 1]);
	for (size_t i = 0; i < copy->count; i++)
		copy->events[i].event.time_ns = 2 * START_NS + (int64_t)i * 7000;
}

/* ---- changes ---- */

void traffic_remove(struct traffic *traffic, size_t at)
{
	traffic->count--;
	memmove(&traffic->events[at], &traffic->events[at + 1],
		(traffic->count - at) * sizeof *traffic->events);
}

void traffic_move(struct traffic *traffic, size_t from, size_t to)
{
	struct traffic_event moved = traffic->events[from];
	traffic_remove(traffic, from);
	memmove(&traffic->events[to + 1], &traffic->events[to], (traffic->count - to) * sizeof moved);
	traffic->events[to] = moved;
	traffic->count++;
}

/* ---- the source ---- */

static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct traffic *traffic = (struct traffic *)source;
	(void)fault;
	if (traffic->at == traffic->count)
		return 0;
	struct traffic_event *own = &traffic->events[traffic->at++];
	*event = own->event;
	event->seq = traffic->at;
	event->steady_ns = event->time_ns - own->set_ns;
	event->subject = wire_slice_str(own->subject);
	event->reply = wire_slice_str(own->reply);
	event->headers = wire_slice_str(own->headers);
	event->payload = wire_slice_str(own->payload);
	event->text = wire_slice_str(own->text);
	if (event->size == 0)
		event->size = event->payload.len;
	return 1;
}

struct wire_source *traffic_source(struct traffic *traffic)
{
	traffic->at = 0;
	traffic->source.next = next;
	return &traffic->source;
}

void traffic_fini(struct traffic *traffic)
{
	free(traffic->events);
	*traffic = (struct traffic){0};
}
