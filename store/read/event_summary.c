#include "store/read/event_summary.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "store/read/subject_counts.h"
#include "wire/mark.h"

struct store_event_summary {
	struct store_summary summary;
	struct store__subject_counts counts;
	struct store_steps steps;
	bool clients;
};

struct store_event_summary *store_event_summary_open(const struct store_summary_options *options)
{
	struct store_event_summary *running = calloc(1, sizeof *running);
	if (!running)
		return NULL;
	running->clients = options->clients;
	if (store__subject_counts_init(&running->counts, &running->summary, options->naming) == 0)
		return running;
	store_event_summary_close(running);
	return NULL;
}

void store_event_summary_close(struct store_event_summary *running)
{
	if (!running)
		return;
	store__subject_counts_fini(&running->counts);
	store_steps_fini(&running->steps);
	store_summary_fini(&running->summary);
	free(running);
}

/* Events are numbered here, as not every source has sequence numbers. */
static int note_clock(struct store_event_summary *running, const struct wire_event *event)
{
	uint64_t at = running->summary.events;
	int64_t by_ns;
	if (event->kind == WIRE_EVENT_MARK && wire_mark_is_step(event->text, &by_ns))
		return store_steps_mark(&running->steps, at, event->time_ns, by_ns);
	return store_steps_see(&running->steps, at, event->time_ns);
}

static void count_steps(struct store_event_summary *running)
{
	struct store_summary *summary = &running->summary;
	if (summary->steps.count == running->steps.count)
		return;
	summary->steps = (struct wire_steps){0};
	store_steps_between(&running->steps, 0, UINT64_MAX, &summary->steps);
}

/* A step may be found only after events that came after it. */
static int widen(struct store_event_summary *running, const struct wire_event *event)
{
	struct store_summary *summary = &running->summary;
	const struct store_steps *steps = &running->steps;
	bool is_first = summary->events++ == 0;
	int error = note_clock(running, event);
	if (is_first || (steps->count == 0 && event->time_ns < summary->first_time_ns))
		summary->first_time_ns = event->time_ns;
	if (is_first)
		summary->first_seq = event->seq;
	summary->last_time_ns = steps->front_ns;
	summary->last_seq = event->seq;
	count_steps(running);
	summary->span_ns =
	    store_time_minus(store_steps_steady(steps, UINT64_MAX, steps->front_ns), summary->first_time_ns);
	return error;
}

static int find_client(struct store_event_summary *running, uint64_t conn, const struct wire_client *known,
		       struct store_summary_client **client)
{
	bool is_new;
	int error = store__subject_counts_client(&running->counts, conn, client, &is_new);
	return error || !*client || !known ? error
					   : store__subject_counts_describe(&running->counts, *client, known);
}

static int count_connect(struct store_event_summary *running, const struct wire_event *event)
{
	struct store_summary_client *client;
	int error = find_client(running, event->conn, event->client, &client);
	if (error)
		return error;
	running->summary.connections +=
	    client ? !client->has_connected : !(event->flags & WIRE_EVENT_REPEATED);
	if (client)
		client->has_connected = true;
	return 0;
}

static int count_received(struct store_event_summary *running, uint64_t conn)
{
	struct store_summary_client *client;
	int error = find_client(running, conn, NULL, &client);
	if (!error && client)
		client->deliveries++;
	return error;
}

static int count_doing(struct store_event_summary *running, const struct wire_event *event,
		       const struct wire_client *known, uint64_t bytes)
{
	struct store_summary_client *client = NULL;
	bool is_known = !(event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN);
	int error = is_known ? find_client(running, event->conn, known, &client) : 0;
	if (!error && client) {
		client->messages++;
		client->bytes += bytes;
	}
	for (uint32_t i = 0; i < event->receivers_len && !error; i++)
		if (event->receivers[i].outcome == WIRE_SENT)
			error = count_received(running, event->receivers[i].conn);
	return error;
}

static int count_message(struct store_event_summary *running, const struct wire_event *event,
			 const struct wire_client *client)
{
	uint64_t bytes = event->size + event->headers.len;
	running->summary.messages++;
	running->summary.bytes += bytes;
	running->summary.deliveries += event->receiver_count;
	store__summary_flags(&running->summary, event->flags);
	int error = store__subject_counts_add(&running->counts, event->subject, 1, bytes);
	return error || !running->clients ? error : count_doing(running, event, client, bytes);
}

static int count_delivery(struct store_event_summary *running, const struct wire_event *event)
{
	if (event->outcome != WIRE_SENT)
		return 0;
	running->summary.deliveries++;
	return running->clients ? count_received(running, event->conn) : 0;
}

int store_event_summary_add(struct store_event_summary *running, const struct wire_event *event,
			    const struct wire_client *client)
{
	int error = widen(running, event);
	if (error)
		return error;
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE: error = count_message(running, event, client); break;
	case WIRE_EVENT_DELIVERY: error = count_delivery(running, event); break;
	case WIRE_EVENT_CONNECT: error = count_connect(running, event); break;
	case WIRE_EVENT_ERROR: running->summary.errors++; break;
	case WIRE_EVENT_GAP:
		running->summary.gaps++;
		running->summary.gap_messages += event->lost_messages;
		break;
	default: break;
	}
	return error;
}

const struct store_summary *store_event_summary_so_far(const struct store_event_summary *running)
{
	return &running->summary;
}

const struct store_summary *store_event_summary_end(struct store_event_summary *running)
{
	store__subject_counts_sort(&running->counts);
	return &running->summary;
}
