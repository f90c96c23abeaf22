/* varz.c - keys, their order and types are those of nats-server 2.9.10, so that dashboards read them. */
#include "broker/monitor/varz.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/mask/mask.h"

/* Resident memory in bytes. */
static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file && fscanf(file, "%*s %llu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void set_identity(struct broker__json *varz, const struct broker_totals *totals, struct broker *broker)
{
	const struct broker_options *options = broker_inspect_options(broker);
	broker__json_string(varz, "server_id", totals->server_id);
	broker__json_string(varz, "server_name", totals->server_name);
	broker__json_string(varz, "version", BROKER_VERSION);
	broker__json_integer(varz, "proto", 1);
	broker__json_string(varz, "go", "tapedeck");
	broker__json_string(varz, "host", options->host ? options->host : "0.0.0.0");
	broker__json_integer(varz, "port", totals->port);
	if (options->token || options->username || options->users_len)
		broker__json_bool(varz, "auth_required", true);
	if (options->tls.cert_file && !options->allow_non_tls)
		broker__json_bool(varz, "tls_required", true);
	if (options->tls.verify)
		broker__json_bool(varz, "tls_verify", true);
	broker__json_count(varz, "max_connections", options->max_connections);
	if (options->max_subscriptions)
		broker__json_count(varz, "max_subscriptions", options->max_subscriptions);
}

static void put_seconds(struct broker__json *varz, const char *key, int64_t ms)
{
	if (ms % 1000)
		broker__json_real(varz, key, (double)ms / 1e3);
	else
		broker__json_integer(varz, key, ms / 1000);
}

static void set_limits(struct broker__json *varz, const struct broker_totals *totals, struct broker *broker)
{
	static const char *const not_served[] = {"cluster", "gateway",   "leaf",
						 "mqtt",    "websocket", "jetstream"};
	const struct broker_options *options = broker_inspect_options(broker);
	const char *host = options->host ? options->host : "0.0.0.0";
	broker__json_integer(varz, "ping_interval", options->ping_interval_ms * 1000000);
	broker__json_count(varz, "ping_max", options->ping_max);
	broker__json_string(varz, "http_host", options->http_host ? options->http_host : host);
	broker__json_integer(varz, "http_port", totals->http_port);
	broker__json_string(varz, "http_base_path", options->http_base_path);
	broker__json_integer(varz, "https_port", options->https_port ? totals->https_port : 0);
	put_seconds(varz, "auth_timeout", broker_options_auth_timeout_ms(options));
	broker__json_count(varz, "max_control_line", options->max_control_line);
	broker__json_count(varz, "max_payload", options->max_payload);
	broker__json_count(varz, "max_pending", options->max_pending);
	for (size_t i = 0; i < sizeof not_served / sizeof *not_served; i++) {
		broker__json_object(varz, not_served[i]);
		broker__json_object_end(varz);
	}
	put_seconds(varz, "tls_timeout", options->tls.timeout_ms);
	broker__json_integer(varz, "write_deadline", options->write_deadline_ms * 1000000);
}

static void set_usage(struct broker__json *varz, const struct broker_totals *totals, double cpu_percent)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	broker__json_time(varz, "start", totals->started_ns);
	broker__json_time(varz, "now", totals->now_ns);
	broker__json_uptime(varz, "uptime", totals->now_ns - totals->started_ns);
	broker__json_count(varz, "mem", resident_bytes());
	broker__json_integer(varz, "cores", cores);
	broker__json_integer(varz, "gomaxprocs", cores);
	broker__json_real(varz, "cpu", cpu_percent);
	broker__json_count(varz, "connections", totals->connections);
	broker__json_count(varz, "total_connections", totals->total_connections);
	broker__json_integer(varz, "routes", 0);
	broker__json_integer(varz, "remotes", 0);
	broker__json_integer(varz, "leafnodes", 0);
	broker__json_count(varz, "in_msgs", totals->in_msgs);
	broker__json_count(varz, "out_msgs", totals->out_msgs);
	broker__json_count(varz, "in_bytes", totals->in_bytes);
	broker__json_count(varz, "out_bytes", totals->out_bytes);
	broker__json_count(varz, "slow_consumers", totals->slow_consumers);
	broker__json_count(varz, "subscriptions", totals->subscriptions);
}

static void list_page_counts(struct broker__json *varz, const struct net_http_request *request)
{
	broker__json_object(varz, "http_req_stats");
	for (size_t i = 0; request->routes[i].path; i++)
		if (request->route_counts[i])
			broker__json_count(varz, request->routes[i].path, request->route_counts[i]);
	broker__json_object_end(varz);
}

static void describe_shipping(struct broker__json *varz, const struct wire_sink_status *status)
{
	broker__json_count(varz, "shipped_segments", status->shipped_segments);
	broker__json_count(varz, "ship_failures", status->ship_failures);
	broker__json_count(varz, "unshipped_segments", status->unshipped_segments);
	broker__json_count(varz, "unshipped_deleted_events", status->unshipped_deleted_events);
}

/* The state of the recording: a key of ours. */
static void describe_recording(struct broker__json *varz, struct broker *broker)
{
	struct wire_sink_status status;
	if (!broker_inspect_sink(broker, &status))
		return;
	broker__json_object(varz, "recording");
	broker__json_bool(varz, "degraded", status.degraded);
	if (status.degraded)
		broker__json_string(varz, "reason", status.reason);
	broker__json_count(varz, "events", status.events);
	broker__json_count(varz, "messages", status.messages);
	broker__json_count(varz, "lost_messages", status.lost_messages);
	broker__json_count(varz, "stored_bytes", status.stored_bytes);
	broker__json_count(varz, "queued_bytes", status.queued_bytes);
	if (status.ships)
		describe_shipping(varz, &status);
	broker__json_object_end(varz);
}

static void add_rule(void *context, const char *rule)
{
	broker__json_string(context, NULL, rule);
}

/* The counts of masked messages, and the rules that have matched nothing so far; nothing without masks. */
static void describe_mask(struct broker__json *varz, const struct wire_mask *mask)
{
	struct wire_mask_counts counts;
	if (!mask)
		return;
	wire_mask_counts(mask, &counts);
	broker__json_object(varz, "mask");
	broker__json_count(varz, "rules", wire_mask_rules(mask));
	broker__json_count(varz, "masked_messages", counts.messages);
	broker__json_count(varz, "malformed_payloads", counts.malformed);
	broker__json_count(varz, "unjudged_payloads", counts.unjudged);
	broker__json_array(varz, "unmatched_rules");
	wire_mask_unmatched(mask, add_rule, varz);
	broker__json_array_end(varz);
	broker__json_object_end(varz);
}

void broker__serve_varz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker__monitored *monitored = request->owner;
	struct broker_totals totals;
	struct broker__json varz;
	if (!broker__answer_json(request, answer, NET_HTTP_OK, &varz))
		return;
	broker_inspect_totals(monitored->broker, &totals);
	broker__json_object(&varz, NULL);
	set_identity(&varz, &totals, monitored->broker);
	set_limits(&varz, &totals, monitored->broker);
	set_usage(&varz, &totals, broker__cpu_percent(&monitored->cpu));
	list_page_counts(&varz, request);
	broker__json_time(&varz, "config_load_time", totals.started_ns);
	describe_recording(&varz, monitored->broker);
	describe_mask(&varz, broker_inspect_options(monitored->broker)->mask);
	broker__json_object_end(&varz);
}

void broker__serve_healthz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker *broker = broker__of_request(request);
	struct wire_sink_status sink = {0};
	struct broker__json json;
	bool is_lame = broker_inspect_is_lame(broker);
	bool is_degraded = broker_inspect_sink(broker, &sink) && sink.degraded;
	bool is_well = !is_lame && !is_degraded;
	if (!broker__answer_json(request, answer, is_well ? NET_HTTP_OK : NET_HTTP_UNAVAILABLE, &json))
		return;
	json.is_compact = true;
	broker__json_object(&json, NULL);
	broker__json_string(&json, "status", is_lame ? "error" : is_degraded ? "degraded" : "ok");
	if (!is_well)
		broker__json_string(&json, "error", is_lame ? "lame duck mode: shutting down" : sink.reason);
	broker__json_object_end(&json);
}

void broker__serve_root(const struct net_http_request *request, struct net_http_answer *answer)
{
	(void)request;
	net_http_answer_text(
	    answer, NET_HTTP_OK,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>tapedeck broker</title></head>\n<body>\n"
	    "<h1>tapedeck broker</h1>\n<ul>\n"
	    "<li><a href=\"./varz\">General</a></li>\n"
	    "<li><a href=\"./connz\">Connections</a></li>\n"
	    "<li><a href=\"./subsz\">Subscriptions</a></li>\n"
	    "<li><a href=\"./healthz\">Health probe</a></li>\n"
	    "<li><a href=\"./metrics\">Metrics for Prometheus</a></li>\n"
	    "</ul>\n</body>\n</html>\n");
	answer->type = "text/html; charset=utf-8";
}
