#include "store/read/event_summary.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "store/read/subject_counts.h"
#include "wire/mark.h"

struct store_event_summary {
	struct store_summary summary;
	struct store__subject_counts tallies;
	struct store_steps steps;
	bool clients;
};

struct store_event_summary *store_event_summary_open(bool clients)
{
	struct store_event_summary *totals = calloc(1, sizeof *totals);
	if (!totals)
		return NULL;
	totals->clients = clients;
	if (store__subject_counts_init(&totals->tallies, &totals->summary) == 0)
		return totals;
	store_event_summary_close(totals);
	return NULL;
}

void store_event_summary_close(struct store_event_summary *totals)
{
	if (!totals)
		return;
	store__subject_counts_fini(&totals->tallies);
	store_steps_fini(&totals->steps);
	store_summary_fini(&totals->summary);
	free(totals);
}

/* The number of the event is its position here: not every source has numbers. */
static int note_clock(struct store_event_summary *totals, const struct wire_event *event)
{
	uint64_t at = totals->summary.events;
	int64_t by_ns;
	if (event->kind == WIRE_EVENT_MARK && wire_mark_is_step(event->text, &by_ns))
		return store_steps_mark(&totals->steps, at, event->time_ns, by_ns);
	return store_steps_see(&totals->steps, at, event->time_ns);
}

static void count_steps(struct store_event_summary *totals)
{
	struct store_summary *summary = &totals->summary;
	if (summary->steps.count == totals->steps.count)
		return;
	summary->steps = (struct wire_steps){0};
	store_steps_between(&totals->steps, 0, UINT64_MAX, &summary->steps);
}

/* Steps that are found only later have come before. */
static int widen(struct store_event_summary *totals, const struct wire_event *event)
{
	struct store_summary *summary = &totals->summary;
	const struct store_steps *steps = &totals->steps;
	bool is_first = summary->events++ == 0;
	int error = note_clock(totals, event);
	if (is_first || (steps->count == 0 && event->time_ns < summary->first_time_ns))
		summary->first_time_ns = event->time_ns;
	if (is_first)
		summary->first_seq = event->seq;
	summary->last_time_ns = steps->front_ns;
	summary->last_seq = event->seq;
	count_steps(totals);
	summary->span_ns =
	    store_time_minus(store_steps_steady(steps, UINT64_MAX, steps->front_ns), summary->first_time_ns);
	return error;
}

static int find_client(struct store_event_summary *totals, uint64_t conn, const struct wire_client *known,
		       struct store_summary_client **client)
{
	bool is_new;
	int error = store__subject_counts_client(&totals->tallies, conn, client, &is_new);
	return error || !*client || !known ? error
					   : store__subject_counts_describe(&totals->tallies, *client, known);
}

static int count_connect(struct store_event_summary *totals, const struct wire_event *event)
{
	struct store_summary_client *client;
	int error = find_client(totals, event->conn, event->client, &client);
	if (error)
		return error;
	totals->summary.connections +=
	    client ? !client->has_connected : !(event->flags & WIRE_EVENT_REPEATED);
	if (client)
		client->has_connected = true;
	return 0;
}

static int count_received(struct store_event_summary *totals, uint64_t conn)
{
	struct store_summary_client *client;
	int error = find_client(totals, conn, NULL, &client);
	if (!error && client)
		client->deliveries++;
	return error;
}

static int count_doing(struct store_event_summary *totals, const struct wire_event *event,
		       const struct wire_client *known, uint64_t bytes)
{
	struct store_summary_client *client = NULL;
	bool is_known = !(event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN);
	int error = is_known ? find_client(totals, event->conn, known, &client) : 0;
	if (!error && client) {
		client->messages++;
		client->bytes += bytes;
	}
	for (uint32_t i = 0; i < event->receivers_len && !error; i++)
		if (event->receivers[i].outcome == WIRE_SENT)
			error = count_received(totals, event->receivers[i].conn);
	return error;
}

static int count_message(struct store_event_summary *totals, const struct wire_event *event,
			 const struct wire_client *client)
{
	uint64_t bytes = event->size + event->headers.len;
	totals->summary.messages++;
	totals->summary.payload_bytes += bytes;
	totals->summary.deliveries += event->receiver_count;
	store__summary_flags(&totals->summary, event->flags);
	int error = store__subject_counts_add(&totals->tallies, event->subject, 1, bytes);
	return error || !totals->clients ? error : count_doing(totals, event, client, bytes);
}

static int count_delivery(struct store_event_summary *totals, const struct wire_event *event)
{
	if (event->outcome != WIRE_SENT)
		return 0;
	totals->summary.deliveries++;
	return totals->clients ? count_received(totals, event->conn) : 0;
}

int store_event_summary_add(struct store_event_summary *totals, const struct wire_event *event,
			    const struct wire_client *client)
{
	int error = widen(totals, event);
	if (error)
		return error;
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: error = count_message(totals, event, client); break;
	case WIRE_EVENT_DELIVERY: error = count_delivery(totals, event); break;
	case WIRE_EVENT_CONNECT: error = count_connect(totals, event); break;
	case WIRE_EVENT_ERROR: totals->summary.errors++; break;
	case WIRE_EVENT_GAP:
		totals->summary.gaps++;
		totals->summary.gap_messages += event->lost_messages;
		break;
	default: break;
	}
	return error;
}

const struct store_summary *store_event_summary_so_far(const struct store_event_summary *totals)
{
	return &totals->summary;
}

const struct store_summary *store_event_summary_end(struct store_event_summary *totals)
{
	store__subject_counts_sort(&totals->tallies);
	return &totals->summary;
}

size_t store_event_summary_top(const struct store_event_summary *totals,
			       const struct store_summary_subject **top, size_t max)
{
	const struct store_summary *summary = &totals->summary;
	size_t len = 0;
	for (size_t i = 0; i < summary->subjects_len; i++) {
		const struct store_summary_subject *subject = &summary->subjects[i];
		if (len == max && (max == 0 || top[len - 1]->messages >= subject->messages))
			continue;
		size_t at = len < max ? len++ : len - 1;
		for (; at > 0 && top[at - 1]->messages < subject->messages; at--)
			top[at] = top[at - 1];
		top[at] = subject;
	}
	return len;
}
