#include "cli/top/requests.h"

#include <stdlib.h>

/* ---- durations ---- */

static int64_t slot_of(const struct cli_top_window *window, int64_t ns)
{
	return ns / (window->slot_ns * (CLI_TOP_SLOTS / CLI_TOP_LATENCY_SLOTS));
}

static struct trace_histogram *histogram_at(struct cli_top_latency *latency, int64_t slot)
{
	return &latency->slots[(size_t)(slot % CLI_TOP_LATENCY_SLOTS + CLI_TOP_LATENCY_SLOTS) %
			       CLI_TOP_LATENCY_SLOTS];
}

/* Empty the slots after the newest one, up to this one. The memory that they took is available again. */
static void advance(struct cli_top_requests *requests, struct cli_top_latency *latency, int64_t slot)
{
	int64_t from = latency->slot + 1;
	if (slot - from >= CLI_TOP_LATENCY_SLOTS)
		from = slot - CLI_TOP_LATENCY_SLOTS + 1;
	for (; from <= slot; from++) {
		struct trace_histogram *histogram = histogram_at(latency, from);
		for (size_t i = 0; i < TRACE_HISTOGRAM_OCTAVES; i++)
			if (histogram->octaves[i])
				requests->memory.used -= sizeof(struct trace_octave);
		trace_histogram_fini(histogram);
		*histogram = (struct trace_histogram){0};
	}
	latency->slot = slot;
}

static void count(struct cli_top_requests *requests, struct cli_top_latency *latency,
		  const struct cli_top_window *window, int64_t time_ns, int64_t ns)
{
	int64_t slot = slot_of(window, time_ns);
	if (slot > latency->slot)
		advance(requests, latency, slot);
	if (slot <= latency->slot - CLI_TOP_LATENCY_SLOTS)
		return;
	struct trace_histogram *histogram = histogram_at(latency, slot);
	if (!trace_memory_take(&requests->memory, trace_histogram_growth(histogram, ns)) ||
	    trace_histogram_add(histogram, ns) != 0)
		trace_histogram_skip(histogram, ns);
}

int cli_top_latency_sum(const struct cli_top_latency *latency, const struct cli_top_window *window,
			struct trace_histogram *sum)
{
	int64_t now = slot_of(window, window->now_ns);
	int error = 0;
	for (int64_t slot = now - CLI_TOP_LATENCY_SLOTS + 1; slot <= now && error == 0; slot++) {
		const struct trace_histogram *from = histogram_at((struct cli_top_latency *)latency, slot);
		if (slot > latency->slot || slot <= latency->slot - CLI_TOP_LATENCY_SLOTS)
			continue;
		error = trace_histogram_merge(sum, from);
	}
	return error;
}

void cli_top_latency_fini(struct cli_top_latency *latency)
{
	for (size_t i = 0; i < CLI_TOP_LATENCY_SLOTS; i++)
		trace_histogram_fini(&latency->slots[i]);
}

/* ---- requests ---- */

/* As trace_request_forgotten. */
static void forget(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct cli_top_requests *requests = context;
	struct cli_top_request *known = &requests->list[request->key];
	requests->forgotten += known->is_waiting && why == TRACE_EVICTED;
	known->is_waiting = false;
}

void cli_top_requests_init(struct cli_top_requests *requests)
{
	*requests = (struct cli_top_requests){.memory = {.max = CLI_TOP_LATENCY_BYTES}};
	trace_requests_init(&requests->pairing, CLI_TOP_REQUESTS_MAX, forget, requests);
}

void cli_top_requests_fini(struct cli_top_requests *requests)
{
	trace_requests_fini(&requests->pairing);
	free(requests->list);
}

void cli_top_requests_add(struct cli_top_requests *requests, const struct cli_top_window *window,
			  const struct wire_event *message, const struct cli_top_request *request)
{
	uint64_t at = requests->pairing.added & (CLI_TOP_REQUESTS_MAX - 1);
	bool nobody = wire_event_is_unheard(message);
	if (!requests->list)
		requests->list = calloc(CLI_TOP_REQUESTS_MAX, sizeof(*requests->list));
	if (!requests->list || trace_requests_add(&requests->pairing, message, at, NULL) != 0)
		return;
	requests->list[at] = *request;
	requests->list[at].is_waiting = !nobody;
	if (!request->latency)
		return;
	cli_top_counter_add(&request->latency->requests, window, message->time_ns, 1);
	request->latency->count++;
	request->latency->no_responders += nobody;
}

/* A message without payload may be the server's "no responders": its headers say so. */
static void read_headers(struct wire_event *event, struct wire_source *source)
{
	if (event->size == 0 && event->headers.len > 0 && !event->headers.data &&
	    wire_source_content(source, event) != 0)
		event->headers.len = 0;
}

void cli_top_requests_reply(struct cli_top_requests *requests, const struct cli_top_window *window,
			    const struct wire_event *event, struct wire_source *source)
{
	struct trace_request *request = trace_requests_find(&requests->pairing, event->subject);
	if (!request || request->replies > 0 || request->no_responders)
		return;
	struct cli_top_request *known = &requests->list[request->key];
	struct wire_event reply = *event;
	bool was_waiting = known->is_waiting;
	read_headers(&reply, source);
	trace_request_count_reply(request, &reply);
	known->is_waiting = false;
	if (!known->latency)
		return;
	if (request->no_responders)
		known->latency->no_responders += was_waiting;
	else
		count(requests, known->latency, window, event->time_ns, trace_reply_after_ns(request, event));
}

const struct cli_top_request *cli_top_requests_next(const struct cli_top_requests *requests, uint64_t *at)
{
	uint64_t added = requests->pairing.added;
	if (added > CLI_TOP_REQUESTS_MAX && *at < added - CLI_TOP_REQUESTS_MAX)
		*at = added - CLI_TOP_REQUESTS_MAX;
	while (*at < added) {
		const struct cli_top_request *request = &requests->list[(*at)++ & (CLI_TOP_REQUESTS_MAX - 1)];
		if (request->is_waiting)
			return request;
	}
	return NULL;
}
