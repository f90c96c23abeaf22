#include "cli/output/graph_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/headline.h"
#include "export/text/sizes.h"

enum { ROWS = 20, SERVICE_COLUMNS = 18, SHARES = 6 };

struct report {
	struct cli_row row;
	const struct export_graph_view *view;
	const struct trace_graph_result *result;
	int64_t up_ns; /* that rates are over */
};

/* ---- the head ---- */

static void put_head(struct report *report)
{
	const struct trace_graph_result *result = report->result;
	char value[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT], note[100] = "";

	if (result->has_events)
		cli_headline_time(&report->row, result->first_ns, result->last_ns, result->span_ns,
				  report->view->utc, &report->view->steps, "rates");
	cli_headline_down(&report->row, store_uptime_all_down(report->view->uptime));
	if (report->up_ns > 0)
		snprintf(note, sizeof(note), "%s/s",
			 export_rate_text(rate, (double)result->messages * 1e9 / (double)report->up_ns));
	cli_headline(&report->row, CLI_BOLD, "messages", export_count_text(value, result->messages), note);
	cli_headline(&report->row, CLI_PLAIN, "deliveries", export_count_text(value, result->deliveries), "");
	if (result->unknown_receivers > 0)
		cli_headline(&report->row, CLI_YELLOW, "receivers",
			     export_count_text(value, result->unknown_receivers),
			     "messages may have receivers that are not known");
	if (result->subscribes == 0 && result->messages > 0)
		cli_headline(&report->row, CLI_YELLOW, "subscriptions", "unknown",
			     "none were recorded (--record-detail=protocol)");
	if (result->gaps > 0)
		cli_headline(&report->row, CLI_RED, "gaps", export_count_text(value, result->gaps),
			     "messages are missing");
}

/* ---- parts of rows ---- */

static void put_service(struct report *report, uint32_t service)
{
	size_t column = report->row.used + SERVICE_COLUMNS + 1;

	cli_row_put(&report->row, CLI_PLAIN, trace_clients_service_name(report->view->clients, service),
		    SERVICE_COLUMNS);
	cli_row_fill(&report->row, column);
}

static void put_subject(struct report *report, uint32_t subject)
{
	cli_row_put(&report->row, CLI_BOLD, trace_names_text(&report->result->subjects, subject),
		    CLI_ROW_ENDLESS);
}

static void put_count(struct report *report, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT];

	cli_row_format(&report->row, CLI_PLAIN, "%6s", export_short_count_text(text, count));
}

static void put_rate(struct report *report, uint64_t count)
{
	char text[EXPORT_SIZE_TEXT] = "-";

	if (report->up_ns > 0)
		export_short_rate_text(text, (double)count * 1e9 / (double)report->up_ns);
	cli_row_format(&report->row, CLI_PLAIN, " %6s", text);
}

/* The mean size of a payload. */
static void put_each(struct report *report, uint64_t sizes, uint64_t messages)
{
	char text[EXPORT_SIZE_TEXT] = "-";

	if (messages > 0)
		export_size_text(text, (sizes + messages / 2) / messages);
	cli_row_format(&report->row, CLI_PLAIN, " %7s", text);
}

/* ---- rows ---- */

static void put_edge(struct report *report, uint32_t number)
{
	const struct trace_pair *pair = &report->result->edges.keys[number];
	const struct trace_pair *published = &report->result->published.keys[pair->a];
	const struct trace_graph_edge *edge = trace_pairs_value(&report->result->edges, number);

	put_count(report, edge->messages);
	put_rate(report, edge->messages);
	put_each(report, edge->sizes, edge->messages);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
	put_service(report, published->a);
	put_service(report, pair->b);
	put_subject(report, published->b);
	if (edge->dropped > 0)
		cli_row_format(&report->row, CLI_RED, ", %" PRIu64 " dropped", edge->dropped);
}

static void put_unheard(struct report *report, uint32_t number)
{
	const struct trace_graph_subject *subject = &report->result->by_subject[number];

	put_count(report, subject->unheard);
	put_rate(report, subject->unheard);
	cli_row_format(&report->row, CLI_PLAIN, " %5.1f %%  ",
		       100 * (double)subject->unheard / (double)subject->messages);
	put_subject(report, number);
}

static void put_interest(struct report *report, uint32_t interest)
{
	struct wire_slice queue = export_graph_interest_queue(report->result, interest);

	cli_row_put(&report->row, CLI_BOLD, export_graph_interest_subject(report->result, interest),
		    CLI_ROW_ENDLESS);
	if (queue.len > 0)
		cli_row_text(&report->row, CLI_DIM, ", queue ");
	cli_row_put(&report->row, CLI_PLAIN, queue, CLI_ROW_ENDLESS);
}

static void put_unfed(struct report *report, uint32_t number)
{
	const struct trace_pair *pair = &report->result->subscribed.keys[number];
	const struct trace_graph_subscribed *value = trace_pairs_value(&report->result->subscribed, number);

	put_count(report, value->made);
	put_count(report, value->open);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
	put_service(report, pair->b);
	put_interest(report, pair->a);
}

static void put_shares(struct report *report, const struct trace_graph_interest *group)
{
	char text[100] = "";
	uint32_t shown = group->members < SHARES ? group->members : SHARES;

	for (uint32_t i = 0; i < shown && group->deliveries > 0; i++) {
		const struct trace_graph_member *member = trace_pairs_value(
		    &report->result->members, report->result->member_order[group->first + i]);
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%.0f", i ? " " : "",
			 100 * (double)member->deliveries / (double)group->deliveries);
	}
	if (text[0])
		strcat(text, shown < group->members ? " ... %" : " %");
	cli_row_format(&report->row, CLI_PLAIN, "  %-25s  ", text);
}

static void put_group(struct report *report, uint32_t number)
{
	const struct trace_graph_interest *group = trace_pairs_value(&report->result->interests, number);
	double imbalance = export_graph_imbalance(report->result, number);

	put_count(report, group->deliveries);
	cli_row_format(&report->row, group->members == 1 ? CLI_YELLOW : CLI_PLAIN, " %7" PRIu32,
		       group->members);
	cli_row_format(&report->row, imbalance > 1.5 ? CLI_YELLOW : CLI_PLAIN, " %6.2f", imbalance);
	put_shares(report, group);
	put_interest(report, number);
}

static void put_fan_out(struct report *report, uint32_t number)
{
	const struct trace_graph_subject *subject = &report->result->by_subject[number];
	char average[EXPORT_SIZE_TEXT];

	put_count(report, subject->messages);
	cli_row_format(&report->row, CLI_PLAIN, " %6s",
		       export_rate_text(average, (double)subject->deliveries / (double)subject->messages));
	put_count(report, subject->most_deliveries);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
	put_subject(report, number);
}

/* ---- tables ---- */

struct table {
	const char *about, *title;
	int (*sort)(struct export_graph_order *order, const struct trace_graph_result *result);
	void (*put)(struct report *report, uint32_t number);
};

static const struct table tables[] = {
    {"Who sends what to whom", " count     /s    size  from               to                 subject",
     export_graph_edges, put_edge},
    {"Subjects without receivers", " count     /s  of all  subject", export_graph_unheard, put_unheard},
    {"Subscriptions without messages", "  made  open  service            subject", export_graph_unfed,
     put_unfed},
    {"Queue groups: largest share against an even one",
     " count members uneven  shares                     subject", export_graph_groups, put_group},
    {"Fan-out: deliveries of a message", " count    avg   max  subject", export_graph_fan_out, put_fan_out},
};

static void put_rows(struct report *report, const struct table *table, const struct export_graph_order *order)
{
	uint64_t limit = report->view->limit > 0 ? report->view->limit : ROWS;
	uint32_t shown = order->len < limit ? order->len : (uint32_t)limit;

	export_out_char(report->row.out, '\n');
	cli_row_text(&report->row, CLI_BOLD, table->about);
	cli_row_end(&report->row);
	cli_row_text(&report->row, CLI_DIM, table->title);
	cli_row_end(&report->row);
	for (uint32_t i = 0; i < shown; i++) {
		table->put(report, order->list[i]);
		cli_row_end(&report->row);
	}
	cli_headline_more(&report->row, order->len - shown);
}

static int put_table(struct report *report, const struct table *table)
{
	struct export_graph_order order;
	int error = table->sort(&order, report->result);
	if (error)
		return error;
	if (order.len > 0)
		put_rows(report, table, &order);
	export_graph_order_fini(&order);
	return 0;
}

static void put_left_out(struct report *report)
{
	const struct trace_graph_result *result = report->result;
	const struct {
		uint64_t count;
		const char *text;
	} notes[] = {
	    {result->left_out, "counts that found no memory (--memory)"},
	    {result->by_subject[result->subject_others].messages,
	     "messages on subjects that found no memory (--memory)"},
	    {report->view->clients->left_out, "connections that found no memory (--memory)"},
	};
	const char *name = "left out";

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (notes[i].count == 0)
			continue;
		if (name[0])
			export_out_char(report->row.out, '\n');
		cli_headline_count(&report->row, CLI_YELLOW, name, notes[i].count, notes[i].text);
		name = "";
	}
}

int cli_graph_text(struct export_out *out, const struct export_graph_view *view)
{
	size_t columns = cli_terminal_columns(out->fd);
	struct report report = {
	    .row = {.out = out, .color = view->color, .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .view = view,
	    .result = view->result,
	    .up_ns = store_uptime_all_up(view->uptime)};
	int error = 0;

	put_head(&report);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !error; i++)
		error = put_table(&report, &tables[i]);
	put_left_out(&report);
	return error;
}
