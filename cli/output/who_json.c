#include "cli/output/who_json.h"

#include "export/text/json.h"

struct report {
	const struct cli_who *who;
	struct export_json json;
	struct export_clock clock;
};

static void put_text(struct report *report, const char *key, struct wire_slice text)
{
	if (text.len > 0)
		export_json_bytes(&report->json, key, text);
}

static void put_time(struct report *report, const char *key, int64_t ns)
{
	if (ns != TRACE_PRESENCE_BEFORE)
		export_json_time(&report->json, key, &report->clock, ns);
}

static void put_who(struct report *report, uint32_t number)
{
	const struct wire_client *client = cli_who_client(report->who, number);
	export_json_number(&report->json, "conn", trace_clients_at(report->who->clients, number)->conn);
	put_text(report, "client", client->name.len ? client->name : client->address);
	put_text(report, "address", client->address);
}

static void put_client(struct report *report, uint32_t number)
{
	const struct trace_present_client *here = &report->who->result->clients[number];
	const struct wire_client *client = cli_who_client(report->who, number);
	put_who(report, number);
	put_text(report, "lang", client->lang);
	put_text(report, "version", client->version);
	put_text(report, "user", client->user);
	put_text(report, "account", client->account);
	put_time(report, "since", here->since_ns);
	export_json_number(&report->json, "subscriptions", here->subscriptions);
	export_json_number(&report->json, "published", here->published);
	export_json_number(&report->json, "received", here->received);
	put_time(report, "last", here->last_ns);
}

static void put_subscription(struct report *report, uint32_t number)
{
	const struct trace_present_subscription *here = &report->who->result->subscriptions[number];
	const struct trace_names *names = &report->who->result->names;
	if (here->is_recorded)
		put_text(report, "subject", trace_names_text(names, here->subject));
	put_text(report, "queue", trace_names_text(names, here->queue));
	put_who(report, here->client);
	put_time(report, "since", here->since_ns);
	export_json_number(&report->json, "received", here->received);
	if (here->received > 0)
		put_time(report, "last", here->last_ns);
}

void cli_who_json(struct export_out *out, const struct cli_who *who)
{
	bool of_subject = who->asked.len > 0;
	struct report report = {.who = who, .json = {.out = out}, .clock = {.utc = true}};
	struct export_json *json = &report.json;
	export_json_object(json, NULL);
	put_time(&report, "at", who->at_ns);
	if (who->is_after_end)
		put_time(&report, "log_ends", who->result->last_ns);
	put_time(&report, "stopped", who->result->stopped_ns);
	put_text(&report, "subject", who->asked);
	if (of_subject && who->result->subscribes == 0)
		export_json_true(json, "subscriptions_unknown");
	if (who->result->left_out > 0)
		export_json_number(json, "left_out", who->result->left_out);
	export_json_array(json, of_subject ? "subscriptions" : "clients");
	for (size_t i = 0; i < who->rows_len; i++) {
		export_json_object(json, NULL);
		(of_subject ? put_subscription : put_client)(&report, who->rows[i]);
		export_json_object_end(json);
	}
	export_json_array_end(json);
	export_json_object_end(json);
	export_out_char(out, '\n');
}
