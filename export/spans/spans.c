#include "export/spans/spans.h"

#include <errno.h>
#include <stdlib.h>

#include "export/spans/delivery.h"
#include "export/spans/message.h"
#include "export/spans/waiting.h"
#include "store/read/steps.h"
#include "wire/mark.h"

/* ---- life ---- */

int export_spans_open(struct export_spans **opened, const struct export_spans_options *options)
{
	struct export_spans *spans = calloc(1, sizeof(*spans));

	if (!spans)
		return -ENOMEM;
	spans->options = *options;
	spans->ring = calloc(EXPORT_SPANS_REQUESTS, sizeof(*spans->ring));
	spans->recent = calloc(EXPORT__RECENT, sizeof(*spans->recent));
	export_sampling_init(&spans->sampling, options->sample, options->keeps_failures, options->slow_ns);
	trace_requests_init(&spans->requests, EXPORT_SPANS_REQUESTS, export__waiting_forget, spans);
	if (!spans->ring || !spans->recent) {
		export_spans_close(spans);
		return -ENOMEM;
	}
	*opened = spans;
	return 0;
}

void export_spans_close(struct export_spans *spans)
{
	if (!spans)
		return;
	for (uint32_t i = 0; i < EXPORT_SPANS_REQUESTS && spans->ring && spans->held_bytes > 0; i++)
		free(spans->ring[i].held);
	free(spans->ring);
	free(spans->recent);
	free(spans->receivers);
	trace_requests_fini(&spans->requests);
	if (spans->source)
		trace_clients_fini(&spans->clients);
	free(spans);
}

/* ---- events ---- */

static int begin(struct export_spans *spans, struct wire_source *source)
{
	if (spans->source)
		return 0;
	spans->source = source;
	return trace_clients_init(&spans->clients, source, TRACE_BY_NAME, EXPORT_SPANS_CLIENTS_BYTES);
}

static void note_time(struct export_spans *spans, const struct wire_event *event)
{
	spans->events++;
	if (event->steady_ns < spans->last_steady_ns && spans->events > 1)
		return;
	spans->last_steady_ns = event->steady_ns;
	spans->last_ns = event->time_ns;
	export__waiting_read_to(spans, event->steady_ns);
}

/* Something was not recorded until this event: messages were lost, or nothing was recorded. */
static bool is_gap(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_GAP ||
	       (event->kind == WIRE_EVENT_MARK && wire_mark_is_start(event->text));
}

int export_spans_put(struct export_spans *spans, const struct wire_event *event,
		     const struct export_input *input, struct wire_fault *fault)
{
	int error = begin(spans, input->source);

	if (is_gap(event))
		export__waiting_note_gap(spans);
	note_time(spans, event);
	if (!error && event->kind == WIRE_EVENT_MESSAGE)
		error = export__message_put(spans, event, input->is_chosen);
	else if (!error && event->kind == WIRE_EVENT_DELIVERY)
		error = export__delivery_put(spans, event, input->is_chosen);
	else if (!error)
		trace_clients_add(&spans->clients, event);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

void export_spans_read_to(struct export_spans *spans, int64_t now_ns)
{
	const int64_t since_ns = store_time_minus(now_ns, spans->last_ns);

	if (spans->source && since_ns > 0)
		export__waiting_read_to(spans, store_time_plus(spans->last_steady_ns, since_ns));
}

void export_spans_end(struct export_spans *spans)
{
	trace_requests_end(&spans->requests);
}

/* ---- results ---- */

const struct trace_clients *export_spans_clients(const struct export_spans *spans)
{
	return spans->source ? &spans->clients : NULL;
}

bool export_spans_omission(const struct export_spans *spans, size_t index, struct export_omission *omission)
{
	const struct export_omission omissions[] = {
	    {"receivers of messages, of which only the number is known", spans->nameless},
	    {"ends of requests that were forgotten for lack of memory", spans->evicted},
	    {"ends of requests whose reply subject was used again", spans->reused},
	    {"requests that another of the logs holds, too", spans->seen_again},
	};

	if (index >= sizeof(omissions) / sizeof(*omissions))
		return false;
	*omission = omissions[index];
	return true;
}
