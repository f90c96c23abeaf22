#include "cli/output/latency_lists.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output/headline.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"

enum { SERVICE_COLUMNS = 20 };

struct list {
	struct cli_row *row;
	const struct cli_latency_view *view;
	int64_t late_ns; /* a reply after so long is late; 0 = none is */
};

static void put_service(const struct list *list, uint32_t service)
{
	cli_row_put(list->row, CLI_PLAIN, trace_clients_service_name(list->view->clients, service),
		    SERVICE_COLUMNS);
}

/* Who asked, and who answered, if anybody. */
static void put_parties(const struct list *list, const struct trace_example *example)
{
	put_service(list, example->requester);
	if (example->latency_ns == TRACE_LATENCY_UNKNOWN) {
		cli_row_text(list->row, CLI_RED, " -> no reply");
		return;
	}
	cli_row_text(list->row, CLI_DIM, " -> ");
	put_service(list, example->responder);
	if (list->late_ns > 0)
		cli_row_text(list->row, CLI_YELLOW, " (late)");
}

static void put_example(const struct list *list, const struct trace_example *example)
{
	const struct cli_latency_view *view = list->view;
	struct export_clock clock = {.utc = view->utc};
	struct cli_row *row = list->row;
	char span[EXPORT_SIZE_TEXT], time[EXPORT_TIME_TEXT];

	export_clock_text(&clock, example->time_ns, EXPORT_TIME_CLOCK_MS, time);
	cli_row_format(row, CLI_BOLD, "%6s", export_short_span_text(span, example->ns));
	cli_row_format(row, CLI_PLAIN, " %10" PRIu64, example->seq);
	if (view->logs_len > 1 && example->origin < (uint32_t)view->logs_len)
		cli_row_format(row, CLI_DIM, " %s", view->logs[example->origin]);
	cli_row_format(row, CLI_DIM, "  %s  ", time);
	put_parties(list, example);
	cli_row_text(row, CLI_PLAIN, "  ");
	cli_row_put(row, CLI_BOLD, trace_names_text(&view->result->subjects, example->subject),
		    CLI_ROW_ENDLESS);
	cli_row_end(row);
}

static int by_time(const void *a, const void *b)
{
	const struct trace_example *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* more: how many there are besides. 0 or -ENOMEM. */
static int put_examples(const struct list *list, const char *about, const struct trace_example *examples,
			size_t len, uint64_t more)
{
	struct trace_example *sorted = malloc((len + 1) * sizeof *sorted);

	if (!sorted)
		return -ENOMEM;
	if (len > 0)
		memcpy(sorted, examples, len * sizeof *sorted);
	if (list->view->sort == CLI_LATENCY_BY_TIME && len > 0)
		qsort(sorted, len, sizeof *sorted, by_time);
	cli_row_text(list->row, CLI_BOLD, about);
	cli_row_end(list->row);
	cli_row_text(list->row, CLI_DIM, "  took        seq  at            who  subject");
	cli_row_end(list->row);
	for (size_t i = 0; i < len; i++)
		put_example(list, &sorted[i]);
	cli_headline_more(list->row, more);
	free(sorted);
	return 0;
}

static int put_asked_for(const struct list *list, const char *what, int64_t ns,
			 const struct trace_examples *examples)
{
	char about[100], span[EXPORT_SIZE_TEXT], count[EXPORT_SIZE_TEXT];

	if (ns == 0 || examples->len == 0)
		return 0;
	snprintf(about, sizeof(about), "%s %s: %s", what, export_span_text(span, ns),
		 export_count_text(count, examples->seen));
	return put_examples(list, about, examples->list, examples->len, examples->seen - examples->len);
}

int cli_latency_lists(struct cli_row *row, const struct cli_latency_view *view)
{
	const struct trace_latency_options *options = view->options;
	const struct list slow = {row, view, 0}, unanswered = {row, view, options->unanswered_ns};
	int error = put_asked_for(&slow, "Slower than", options->slow_ns, &view->result->slow);

	if (options->slow_ns > 0 && view->result->slow.len > 0 && options->unanswered_ns > 0 &&
	    view->result->unanswered.len > 0)
		export_out_char(row->out, '\n');
	return error ? error
		     : put_asked_for(&unanswered, "No reply within", options->unanswered_ns,
				     &view->result->unanswered);
}

int cli_latency_slowest(struct cli_row *row, const struct cli_latency_view *view)
{
	const struct trace_examples *slowest = &view->result->total.slowest;
	const struct list list = {row, view, 0};
	size_t most = cli_latency_rows_shown(view);

	if (slowest->len == 0)
		return 0;
	export_out_char(row->out, '\n');
	return put_examples(&list, "Slowest", slowest->list, slowest->len < most ? slowest->len : most, 0);
}
