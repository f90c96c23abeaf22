/* monitor_varz.c - the server as a whole: /varz, /healthz and the index page. Keys, their order and types are
 * those of nats-server 2.9.10, so that dashboards read them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker/monitor_answer.h"

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void set_text(json_t *object, const char *key, const char *text)
{
	set(object, key, broker__json_text(text ? text : "", text ? strlen(text) : 0));
}

static void set_count(json_t *object, const char *key, uint64_t count)
{
	set(object, key, broker__json_count(count));
}

/* Bytes of memory that are resident. */
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

static void set_identity(json_t *varz, const struct broker_totals *totals, struct broker *broker)
{
	const struct broker_options *options = broker_inspect_options(broker);
	set_text(varz, "server_id", totals->server_id);
	set_text(varz, "server_name", totals->server_name);
	set_text(varz, "version", BROKER_VERSION);
	set(varz, "proto", json_integer(1));
	set_text(varz, "go", "tapedeck");
	set_text(varz, "host", options->host ? options->host : "0.0.0.0");
	set(varz, "port", json_integer(broker_port(broker)));
	if (options->token || options->username || options->users_len)
		set(varz, "auth_required", json_true());
	set_count(varz, "max_connections", options->max_connections);
	if (options->max_subscriptions)
		set_count(varz, "max_subscriptions", options->max_subscriptions);
}

static void set_limits(json_t *varz, struct broker *broker)
{
	static const char *const not_served[] = {"cluster", "gateway",   "leaf",
						 "mqtt",    "websocket", "jetstream"};
	const struct broker_options *options = broker_inspect_options(broker);
	const char *host = options->host ? options->host : "0.0.0.0";
	set(varz, "ping_interval", json_integer(options->ping_interval_ms * 1000000));
	set_count(varz, "ping_max", options->ping_max);
	set_text(varz, "http_host", options->http_host ? options->http_host : host);
	set(varz, "http_port", json_integer(broker_http_port(broker)));
	set_text(varz, "http_base_path", "");
	set(varz, "https_port", json_integer(0));
	if (options->auth_timeout_ms % 1000)
		set(varz, "auth_timeout", json_real((double)options->auth_timeout_ms / 1e3));
	else
		set(varz, "auth_timeout", json_integer(options->auth_timeout_ms / 1000));
	set_count(varz, "max_control_line", options->max_control_line);
	set_count(varz, "max_payload", options->max_payload);
	set_count(varz, "max_pending", options->max_pending);
	for (size_t i = 0; i < sizeof not_served / sizeof *not_served; i++)
		set(varz, not_served[i], json_object());
	set(varz, "tls_timeout", json_integer(2));
	set(varz, "write_deadline", json_integer(options->write_deadline_ms * 1000000));
}

static void set_usage(json_t *varz, const struct broker_totals *totals, double cpu_percent)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	set(varz, "start", broker__json_time(totals->started_ns));
	set(varz, "now", broker__json_time(totals->now_ns));
	set(varz, "uptime", broker__json_uptime(totals->now_ns - totals->started_ns));
	set_count(varz, "mem", resident_bytes());
	set(varz, "cores", json_integer(cores));
	set(varz, "gomaxprocs", json_integer(cores));
	set(varz, "cpu", json_real(cpu_percent));
	set_count(varz, "connections", totals->connections);
	set_count(varz, "total_connections", totals->total_connections);
	set(varz, "routes", json_integer(0));
	set(varz, "remotes", json_integer(0));
	set(varz, "leafnodes", json_integer(0));
	set_count(varz, "in_msgs", totals->in_msgs);
	set_count(varz, "out_msgs", totals->out_msgs);
	set_count(varz, "in_bytes", totals->in_bytes);
	set_count(varz, "out_bytes", totals->out_bytes);
	set_count(varz, "slow_consumers", totals->slow_consumers);
	set_count(varz, "subscriptions", totals->subscriptions);
}

static json_t *list_page_counts(const struct broker__request *request)
{
	json_t *counts = json_object();
	for (size_t i = 0; broker__pages[i].path; i++)
		if (request->page_counts[i])
			set_count(counts, broker__pages[i].path, request->page_counts[i]);
	return counts;
}

/* Ours: how the recording does. */
static json_t *describe_recording(struct broker *broker)
{
	struct wire_sink_status status;
	if (!broker_inspect_sink(broker, &status))
		return NULL;
	json_t *recording = json_object();
	set(recording, "degraded", json_boolean(status.degraded));
	if (status.degraded)
		set_text(recording, "reason", status.reason);
	set_count(recording, "events", status.events);
	set_count(recording, "messages", status.messages);
	set_count(recording, "lost_messages", status.lost_messages);
	set_count(recording, "stored_bytes", status.stored_bytes);
	set_count(recording, "queued_bytes", status.queued_bytes);
	return recording;
}

void broker__serve_varz(const struct broker__request *request, struct broker__answer *answer)
{
	struct broker_totals totals;
	json_t *varz = json_object();
	broker_inspect_totals(request->broker, &totals);
	set_identity(varz, &totals, request->broker);
	set_limits(varz, request->broker);
	set_usage(varz, &totals, request->cpu_percent);
	set(varz, "http_req_stats", list_page_counts(request));
	set(varz, "config_load_time", broker__json_time(totals.started_ns));
	json_t *recording = describe_recording(request->broker);
	if (recording)
		set(varz, "recording", recording);
	broker__answer_json(request, answer, MHD_HTTP_OK, varz, false);
}

void broker__serve_healthz(const struct broker__request *request, struct broker__answer *answer)
{
	struct wire_sink_status sink;
	json_t *health;
	bool is_well = false;
	if (broker_inspect_is_lame(request->broker)) {
		health = json_pack("{ss ss}", "status", "error", "error", "lame duck mode: shutting down");
	} else if (broker_inspect_sink(request->broker, &sink) && sink.degraded) {
		health = json_object();
		set_text(health, "status", "degraded");
		set_text(health, "error", sink.reason);
	} else {
		health = json_pack("{ss}", "status", "ok");
		is_well = true;
	}
	broker__answer_json(request, answer, is_well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, health,
			    true);
}

void broker__serve_root(const struct broker__request *request, struct broker__answer *answer)
{
	(void)request;
	broker__answer_text(
	    answer, MHD_HTTP_OK,
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
