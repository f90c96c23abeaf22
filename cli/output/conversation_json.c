#include "cli/output/conversation_json.h"

struct finder {
	const struct trace_clients *clients;
	const struct trace_node *node;
};

/* A connection that the node names: its publisher or a receiver. */
static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	const struct finder *finder = context;
	const struct trace_node *node = finder->node;
	uint32_t number = node->publisher;
	if (node->event.conn != conn || number == TRACE_NO_CLIENT)
		number = TRACE_NO_CLIENT;
	if (node->event.kind == WIRE_EVENT_DELIVERY)
		number = node->receivers[0];
	for (uint32_t i = 0;
	     number == TRACE_NO_CLIENT && node->event.receivers && i < node->event.receivers_len; i++)
		if (node->event.receivers[i].conn == conn)
			number = node->receivers[i];
	return number == TRACE_NO_CLIENT ? NULL
					 : trace_client_described(trace_clients_at(finder->clients, number));
}

static void put_seq(struct export_json *json, const char *key, const struct export_conversation *conversation,
		    const struct trace_node *node)
{
	char text[EXPORT_NODE_NUMBER_TEXT];
	export_json_word(json, key, text, export_node_number(conversation, node, text));
}

static void put_nodes(struct export_event_json *printer, struct export_json *json,
		      const struct export_conversation *conversation)
{
	export_json_array(json, "nodes");
	for (uint32_t i = 0; i < conversation->tree.count; i++) {
		const struct trace_node *node = conversation->tree.branches[i].node;
		const struct finder finder = {.clients = conversation->clients, .node = node};
		const struct export_clients clients = {.find = find_client, .context = &finder};
		export_json_object(json, NULL);
		if (conversation->inputs > 1)
			export_json_bytes(json, "log",
					  wire_slice_str(conversation->input_names[node->origin]));
		export_event_json_members(printer, json, &node->event, &clients);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

static void put_edges(struct export_json *json, const struct export_conversation *conversation)
{
	export_json_array(json, "edges");
	for (uint32_t i = 0; i < conversation->tree.count; i++) {
		const struct trace_node *to = conversation->tree.branches[i].node;
		for (const struct trace_edge *edge = to->causes; edge; edge = edge->next) {
			const char *evidence = trace_evidence_name(edge->evidence);
			export_json_object(json, NULL);
			put_seq(json, "from", conversation, edge->from);
			put_seq(json, "to", conversation, to);
			export_json_word(json, "evidence", evidence, strlen(evidence));
			export_json_real(json, "score", edge->score);
			export_json_object_end(json);
		}
	}
	export_json_array_end(json);
}

static void put_gaps(struct export_event_json *printer, struct export_json *json,
		     const struct export_conversation *conversation)
{
	if (conversation->gaps_len == 0)
		return;
	export_json_array(json, "gaps");
	for (size_t i = 0; i < conversation->gaps_len; i++) {
		const struct trace_gap *gap = conversation->gaps[i];
		export_json_object(json, NULL);
		export_json_bytes(json, "text", wire_slice_str(gap->text));
		export_json_number(json, "messages", gap->messages);
		export_json_time(json, "from", &printer->clock, gap->from_ns);
		export_json_time(json, "to", &printer->clock, gap->to_ns);
		if (gap->from_seq > 0) {
			export_json_true(json, "damage");
			export_json_quoted(json, "from_seq", gap->from_seq);
			export_json_quoted(json, "to_seq", gap->to_seq);
		}
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

/* The messages of which something is true; nothing when there are none. */
static void put_list(struct export_json *json, const char *key,
		     const struct export_conversation *conversation,
		     bool (*is_listed)(const struct trace_node *node))
{
	bool has_any = false;
	for (uint32_t i = 0; i < conversation->tree.count; i++) {
		const struct trace_node *node = conversation->tree.branches[i].node;
		if (!is_listed(node))
			continue;
		if (!has_any)
			export_json_array(json, key);
		has_any = true;
		put_seq(json, NULL, conversation, node);
	}
	if (has_any)
		export_json_array_end(json);
}

void cli_conversation_json(struct export_event_json *printer, struct export_out *out,
			   const struct export_conversation *conversation)
{
	struct export_json json = {.out = out};
	export_json_object(&json, NULL);
	put_seq(&json, "root", conversation, conversation->tree.branches[conversation->tree.first_top].node);
	put_nodes(printer, &json, conversation);
	put_edges(&json, conversation);
	put_list(&json, "unanswered", conversation, trace_node_is_unanswered);
	put_list(&json, "no_responders", conversation, trace_node_has_no_responders);
	put_gaps(printer, &json, conversation);
	if (conversation->is_cut_short)
		export_json_true(&json, "cut_short");
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
