#include "export/graph/json.h"

#include <errno.h>
#include <stdlib.h>

#include "export/text/json.h"

struct printer {
	struct export_json json;
	const struct export_graph_view *view;
	const struct trace_graph_result *result;
};

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void put_rate(struct printer *printer, uint64_t count)
{
	export_json_real(&printer->json, "rate",
			 ratio((double)count * 1e9, (double)store_uptime_all_up(printer->view->uptime)));
}

static void put_service(struct printer *printer, const char *key, uint32_t service)
{
	if (service == TRACE_SERVICE_UNKNOWN)
		export_json_null(&printer->json, key);
	else
		export_json_bytes(&printer->json, key,
				  trace_clients_service_name(printer->view->clients, service));
}

static void put_subject_name(struct printer *printer, uint32_t subject)
{
	export_json_bytes(&printer->json, "subject", trace_names_text(&printer->result->subjects, subject));
}

static void put_head(struct printer *printer)
{
	const struct trace_graph_result *result = printer->result;
	struct export_json *json = &printer->json;
	struct export_clock clock = {.utc = true};

	export_json_array(json, "logs");
	for (int i = 0; i < printer->view->logs_len; i++)
		export_json_bytes(json, NULL, wire_slice_str(printer->view->logs[i]));
	export_json_array_end(json);
	if (result->has_events) {
		export_json_time(json, "first_time", &clock, result->first_ns);
		export_json_time(json, "last_time", &clock, result->last_ns);
	}
	export_json_real(json, "seconds", (double)result->span_ns / 1e9);
	export_json_down(json, store_uptime_all_down(printer->view->uptime));
	export_json_steps(json, &printer->view->steps);
	export_json_number(json, "messages", result->messages);
	export_json_number(json, "bytes", result->bytes);
	export_json_number(json, "deliveries", result->deliveries);
	export_json_number(json, "unknown_receivers", result->unknown_receivers);
	export_json_number(json, "subscribe_events", result->subscribes);
	export_json_number(json, "gaps", result->gaps);
}

/* ---- services ---- */

struct totals {
	uint64_t sent, sent_bytes, got, got_bytes;
};

static struct totals *sum_services(const struct export_graph_view *view)
{
	const struct trace_graph_result *result = view->result;
	struct totals *totals = calloc(view->clients->services.len, sizeof *totals);
	for (uint32_t i = 0; totals && i < result->published.len; i++) {
		const struct trace_graph_published *value = trace_pairs_value(&result->published, i);
		totals[result->published.keys[i].a].sent += value->messages;
		totals[result->published.keys[i].a].sent_bytes += value->bytes;
	}
	for (uint32_t i = 0; totals && i < result->edges.len; i++) {
		const struct trace_graph_edge *value = trace_pairs_value(&result->edges, i);
		totals[result->edges.keys[i].b].got += value->messages;
		totals[result->edges.keys[i].b].got_bytes += value->bytes;
	}
	return totals;
}

static int put_services(struct printer *printer)
{
	const struct trace_clients *clients = printer->view->clients;
	struct totals *totals = sum_services(printer->view);
	struct export_json *json = &printer->json;
	if (!totals)
		return -ENOMEM;
	export_json_array(json, "services");
	for (uint32_t i = 0; i < clients->services.len; i++) {
		if (clients->connections[i] == 0 && totals[i].sent + totals[i].got == 0)
			continue;
		export_json_object(json, NULL);
		put_service(printer, "service", i);
		export_json_number(json, "connections", clients->connections[i]);
		export_json_number(json, "published", totals[i].sent);
		export_json_number(json, "published_bytes", totals[i].sent_bytes);
		export_json_number(json, "received", totals[i].got);
		export_json_number(json, "received_bytes", totals[i].got_bytes);
		export_json_object_end(json);
	}
	export_json_array_end(json);
	free(totals);
	return 0;
}

/* ---- subjects and edges ---- */

static void put_subject(struct printer *printer, uint32_t number)
{
	const struct trace_graph_subject *subject = &printer->result->by_subject[number];
	struct export_json *json = &printer->json;

	put_subject_name(printer, number);
	export_json_number(json, "messages", subject->messages);
	export_json_number(json, "bytes", subject->bytes);
	put_rate(printer, subject->messages);
	export_json_number(json, "deliveries", subject->deliveries);
	export_json_number(json, "dropped", subject->dropped);
	export_json_real(json, "fan_out", ratio((double)subject->deliveries, (double)subject->messages));
	export_json_number(json, "max_fan_out", subject->most_deliveries);
	export_json_number(json, "unheard", subject->unheard);
	export_json_number(json, "unknown_receivers", subject->unknown_receivers);
}

static void put_publisher(struct printer *printer, uint32_t number)
{
	const struct trace_pair *pair = &printer->result->published.keys[number];
	const struct trace_graph_published *value = trace_pairs_value(&printer->result->published, number);

	put_service(printer, "publisher", pair->a);
	put_subject_name(printer, pair->b);
	export_json_number(&printer->json, "messages", value->messages);
	export_json_number(&printer->json, "bytes", value->bytes);
	put_rate(printer, value->messages);
}

static void put_edge(struct printer *printer, uint32_t number)
{
	const struct trace_pair *pair = &printer->result->edges.keys[number];
	const struct trace_pair *published = &printer->result->published.keys[pair->a];
	const struct trace_graph_edge *edge = trace_pairs_value(&printer->result->edges, number);
	struct export_json *json = &printer->json;

	put_service(printer, "publisher", published->a);
	put_subject_name(printer, published->b);
	put_service(printer, "receiver", pair->b);
	export_json_number(json, "messages", edge->messages);
	export_json_number(json, "bytes", edge->bytes);
	put_rate(printer, edge->messages);
	export_json_number(json, "dropped", edge->dropped);
}

static void put_unheard(struct printer *printer, uint32_t number)
{
	put_subject_name(printer, number);
	export_json_number(&printer->json, "messages", printer->result->by_subject[number].messages);
	export_json_number(&printer->json, "unheard", printer->result->by_subject[number].unheard);
}

/* ---- subscriptions ---- */

static void put_interest(struct printer *printer, uint32_t interest)
{
	struct wire_slice queue = export_graph_interest_queue(printer->result, interest);

	export_json_bytes(&printer->json, "subject",
			  export_graph_interest_subject(printer->result, interest));
	if (queue.len > 0)
		export_json_bytes(&printer->json, "queue", queue);
}

static void put_unfed(struct printer *printer, uint32_t number)
{
	const struct trace_pair *pair = &printer->result->subscribed.keys[number];
	const struct trace_graph_subscribed *value = trace_pairs_value(&printer->result->subscribed, number);
	struct export_clock clock = {.utc = true};

	put_service(printer, "service", pair->b);
	put_interest(printer, pair->a);
	export_json_number(&printer->json, "subscriptions", value->made);
	export_json_number(&printer->json, "open", value->open);
	export_json_time(&printer->json, "since", &clock, value->since_ns);
}

static void put_member(struct printer *printer, uint32_t number, uint64_t all)
{
	const struct trace_client *client =
	    trace_clients_at(printer->view->clients, printer->result->members.keys[number].b);
	const struct trace_graph_member *member = trace_pairs_value(&printer->result->members, number);
	struct export_json *json = &printer->json;

	export_json_object(json, NULL);
	put_service(printer, "service", client->service);
	export_json_number(json, "conn", client->conn);
	if (printer->view->logs_len > 1 && client->origin < (uint32_t)printer->view->logs_len)
		export_json_bytes(json, "log", wire_slice_str(printer->view->logs[client->origin]));
	export_json_number(json, "deliveries", member->deliveries);
	export_json_real(json, "share", ratio((double)member->deliveries, (double)all));
	if (member->has_left)
		export_json_true(json, "left");
	export_json_object_end(json);
}

static void put_group(struct printer *printer, uint32_t number)
{
	const struct trace_graph_interest *group = trace_pairs_value(&printer->result->interests, number);

	put_interest(printer, number);
	export_json_number(&printer->json, "deliveries", group->deliveries);
	export_json_real(&printer->json, "imbalance", export_graph_imbalance(printer->result, number));
	export_json_array(&printer->json, "members");
	for (uint32_t i = 0; i < group->members; i++)
		put_member(printer, printer->result->member_order[group->first + i], group->deliveries);
	export_json_array_end(&printer->json);
}

/* ---- the whole ---- */

static int put_list(struct printer *printer, const char *key,
		    int (*sort)(struct export_graph_order *order, const struct trace_graph_result *result),
		    void (*put)(struct printer *printer, uint32_t number))
{
	struct export_graph_order order;
	int error = sort(&order, printer->result);
	if (error)
		return error;
	export_json_array(&printer->json, key);
	for (uint32_t i = 0; i < order.len; i++) {
		export_json_object(&printer->json, NULL);
		put(printer, order.list[i]);
		export_json_object_end(&printer->json);
	}
	export_json_array_end(&printer->json);
	export_graph_order_fini(&order);
	return 0;
}

static int put_lists(struct printer *printer)
{
	static const struct {
		const char *key;
		int (*sort)(struct export_graph_order *order, const struct trace_graph_result *result);
		void (*put)(struct printer *printer, uint32_t number);
	} lists[] = {
	    {"subjects", export_graph_subjects, put_subject},
	    {"publishers", export_graph_published, put_publisher},
	    {"edges", export_graph_edges, put_edge},
	    {"unheard", export_graph_unheard, put_unheard},
	    {"unfed", export_graph_unfed, put_unfed},
	    {"queue_groups", export_graph_groups, put_group},
	};
	int error = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !error; i++)
		error = put_list(printer, lists[i].key, lists[i].sort, lists[i].put);
	return error;
}

int export_graph_json(struct export_out *out, const struct export_graph_view *view)
{
	struct printer printer = {.json = {.out = out}, .view = view, .result = view->result};

	export_json_object(&printer.json, NULL);
	put_head(&printer);
	int error = put_services(&printer);
	if (!error)
		error = put_lists(&printer);
	export_json_number(&printer.json, "left_out", view->result->left_out);
	export_json_number(&printer.json, "clients_left_out", view->clients->left_out);
	export_json_object_end(&printer.json);
	export_out_char(out, '\n');
	return error;
}
