#include "cli/output/stat_json.h"

#include "cli/output/groups_json.h"
#include "export/text/clock.h"
#include "wire/conn.h"

static void put_totals(struct export_json *json, const struct store_summary *summary)
{
	struct export_clock clock = {.utc = true};
	double up_seconds = (double)store_summary_up_ns(summary) / 1e9;

	export_json_number(json, "events", summary->events);
	export_json_number(json, "messages", summary->messages);
	export_json_number(json, "bytes", summary->bytes);
	export_json_number(json, "payload_bytes", summary->bytes); /* its earlier name */
	export_json_number(json, "deliveries", summary->deliveries);
	export_json_number(json, "unknown_receivers", summary->unknown_receivers);
	export_json_number(json, "unknown_publishers", summary->unknown_publishers);
	export_json_number(json, "masked_messages", summary->masked_messages);
	export_json_number(json, "connections", summary->connections);
	export_json_number(json, "errors", summary->errors);
	export_json_number(json, "gaps", summary->gaps);
	export_json_number(json, "gap_messages", summary->gap_messages);
	if (summary->events > 0) {
		export_json_time(json, "first_time", &clock, summary->first_time_ns);
		export_json_time(json, "last_time", &clock, summary->last_time_ns);
		export_json_quoted(json, "first_seq", summary->first_seq);
		export_json_quoted(json, "last_seq", summary->last_seq);
	}
	export_json_real(json, "seconds", (double)summary->span_ns / 1e9);
	export_json_down(json, summary->down_ns);
	export_json_steps(json, &summary->steps);
	export_json_real(json, "rate", up_seconds > 0 ? (double)summary->messages / up_seconds : 0);
	export_json_number(json, "log_bytes", summary->log_bytes);
	export_json_number(json, "raw_bytes", summary->raw_bytes);
	export_json_number(json, "segments", summary->segments);
	export_json_number(json, "blocks", summary->blocks);
	export_json_number(json, "damaged_blocks", summary->damaged_blocks);
	export_json_number(json, "deleted_events", summary->deleted_events);
}

static void put_subjects(struct export_json *json, const struct store_summary *summary, uint64_t top)
{
	static const struct cli_groups_words words = {"messages", "subject", " (--top N)"};
	const struct cli_groups_scale scale =
	    cli_groups_scale_of(summary->messages, store_summary_up_ns(summary));

	cli_groups_json(json, &scale, &summary->subjects, top, &words, NULL);
}

static void put_known(struct export_json *json, const char *key, struct wire_slice text)
{
	if (text.len > 0)
		export_json_bytes(json, key, text);
}

static void put_clients(struct export_json *json, const struct cli_client_rows *clients, uint64_t top)
{
	export_json_number(json, "client_count", clients->len);
	export_json_array(json, "clients");
	for (size_t i = 0; i < clients->len && i < top; i++) {
		const struct cli_client_row *client = &clients->list[i];

		export_json_object(json, NULL);
		if (client->connections == 1)
			export_json_number(json, "conn", wire_conn_number(client->conn));
		export_json_number(json, "connections", client->connections);
		put_known(json, "client", client->client.name);
		put_known(json, "address", client->client.address);
		put_known(json, "lang", client->client.lang);
		put_known(json, "version", client->client.version);
		put_known(json, "user", client->client.user);
		put_known(json, "account", client->client.account);
		export_json_number(json, "messages", client->messages);
		export_json_number(json, "bytes", client->bytes);
		export_json_number(json, "deliveries", client->deliveries);
		export_json_object_end(json);
	}
	export_json_array_end(json);
}

void cli_stat_json(struct export_out *out, const char *log, const struct store_summary *summary,
		   const struct cli_stat_options *options)
{
	struct export_json json = {.out = out};

	export_json_object(&json, NULL);
	export_json_bytes(&json, "log", wire_slice_str(log));
	put_totals(&json, summary);
	put_subjects(&json, summary, options->top);
	if (options->clients)
		put_clients(&json, options->clients, options->top);
	export_json_object_end(&json);
	export_out_char(out, '\n');
}
