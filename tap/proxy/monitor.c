#include "tap/proxy/monitor.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap/proxy/metrics.h"

static void answer_json(struct net_http_answer *answer, unsigned status, json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	answer->body.is_failed = !text;
	net_http_body_add(&answer->body, wire_slice_str(text));
	free(text);
	answer->status = status;
	answer->type = "application/json";
}

static void get_sink_status(const struct tap_proxy *proxy, struct wire_sink_status *status)
{
	struct wire_sink *sink = proxy->options.sink;
	*status = (struct wire_sink_status){0};
	if (sink && sink->status)
		sink->status(sink, status);
}

static bool is_any_up(const struct tap_proxy *proxy)
{
	for (size_t i = 0; i < proxy->upstreams.count; i++)
		if (proxy->upstreams.list[i]->is_up)
			return true;
	return false;
}

/* A recording that is degraded is reported, but a balancer must not take the proxy out for it: clients are served. */
static void serve_healthz(const struct net_http_request *request, struct net_http_answer *answer)
{
	const struct tap_proxy *proxy = request->owner;
	struct wire_sink_status sink;
	get_sink_status(proxy, &sink);
	const char *error = proxy->is_draining ? "draining" : !is_any_up(proxy) ? "no server answers" : NULL;
	json_t *json = json_pack("{ss}", "status", error ? "error" : sink.degraded ? "degraded" : "ok");
	if (error || sink.degraded)
		json_object_set_new(json, "error", json_string(error ? error : sink.reason));
	answer_json(answer, error ? NET_HTTP_UNAVAILABLE : NET_HTTP_OK, json);
}

static json_t *describe_upstream(const struct tap__upstream *upstream)
{
	return json_pack("{ss sb sb sI sI sI sI sI sI}", "address", upstream->name, "up", upstream->is_up,
			 "in_use", upstream->is_listed, "connections", (json_int_t)upstream->connections,
			 "total_connections", (json_int_t)upstream->total_connections, "client_bytes",
			 (json_int_t)upstream->bytes[0], "server_bytes", (json_int_t)upstream->bytes[1],
			 "published", (json_int_t)upstream->messages[0], "delivered",
			 (json_int_t)upstream->messages[1]);
}

static void describe_shipping(json_t *recording, const struct wire_sink_status *status)
{
	json_object_set_new(recording, "shipped_segments",
			    json_integer((json_int_t)status->shipped_segments));
	json_object_set_new(recording, "ship_failures", json_integer((json_int_t)status->ship_failures));
	json_object_set_new(recording, "unshipped_segments",
			    json_integer((json_int_t)status->unshipped_segments));
	json_object_set_new(recording, "unshipped_deleted_events",
			    json_integer((json_int_t)status->unshipped_deleted_events));
}

static json_t *describe_recording(const struct tap_proxy *proxy)
{
	struct wire_sink_status status;
	get_sink_status(proxy, &status);
	json_t *recording =
	    json_pack("{sb ss sI sI sI sI sI}", "degraded", status.degraded, "reason", status.reason,
		      "events", (json_int_t)status.events, "messages", (json_int_t)status.messages,
		      "lost_messages", (json_int_t)status.lost_messages, "stored_bytes",
		      (json_int_t)status.stored_bytes, "queued_bytes", (json_int_t)status.queued_bytes);
	if (status.ships)
		describe_shipping(recording, &status);
	return recording;
}

static void add_rule(void *context, const char *rule)
{
	json_array_append_new(context, json_string(rule));
}

static json_t *describe_mask(const struct wire_mask *mask)
{
	struct wire_mask_counts counts;
	json_t *unmatched = json_array();
	wire_mask_counts(mask, &counts);
	wire_mask_unmatched(mask, add_rule, unmatched);
	return json_pack("{sI sI sI sI so}", "rules", (json_int_t)wire_mask_rules(mask), "masked_messages",
			 (json_int_t)counts.messages, "malformed_payloads", (json_int_t)counts.malformed,
			 "unjudged_payloads", (json_int_t)counts.unjudged, "unmatched_rules", unmatched);
}

static void serve_varz(const struct net_http_request *request, struct net_http_answer *answer)
{
	const struct tap_proxy *proxy = request->owner;
	json_t *json = json_pack("{sI ss si sb sI sI sI}", "pid", (json_int_t)getpid(), "host",
				 proxy->listen.host, "port", proxy->port, "draining", proxy->is_draining,
				 "connections", (json_int_t)proxy->connections, "total_connections",
				 (json_int_t)proxy->total_connections, "refused_connections",
				 (json_int_t)proxy->refused_connections);
	json_t *upstreams = json_array();
	for (size_t i = 0; i < proxy->upstreams.known_count; i++)
		json_array_append_new(upstreams, describe_upstream(proxy->upstreams.known[i]));
	json_object_set_new(json, "upstreams", upstreams);
	if (proxy->options.sink)
		json_object_set_new(json, "recording", describe_recording(proxy));
	if (proxy->options.mask)
		json_object_set_new(json, "mask", describe_mask(proxy->options.mask));
	answer_json(answer, NET_HTTP_OK, json);
}

static void serve_metrics(const struct net_http_request *request, struct net_http_answer *answer)
{
	size_t len = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	if (!out) {
		answer->body.is_failed = true;
		return;
	}
	tap__metrics_print(out, request->owner);
	answer->body.is_failed = fclose(out) != 0;
	net_http_body_add(&answer->body, wire_slice(text, len));
	free(text);
	answer->status = NET_HTTP_OK;
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void serve_root(const struct net_http_request *request, struct net_http_answer *answer)
{
	(void)request;
	net_http_answer_text(
	    answer, NET_HTTP_OK,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>tapedeck proxy</title></head>\n<body>\n"
	    "<h1>tapedeck proxy</h1>\n<ul>\n"
	    "<li><a href=\"./varz\">General</a></li>\n"
	    "<li><a href=\"./healthz\">Health probe</a></li>\n"
	    "<li><a href=\"./metrics\">Metrics for Prometheus</a></li>\n"
	    "</ul>\n</body>\n</html>\n");
	answer->type = "text/html; charset=utf-8";
}

static const struct net_http_route pages[] = {
    {"/", NULL, serve_root},
    {"/healthz", NULL, serve_healthz},
    {"/metrics", NULL, serve_metrics},
    {"/varz", NULL, serve_varz},
    {NULL, NULL, NULL},
};

int tap__monitor_open(struct tap_proxy *proxy, struct wire_fault *fault)
{
	int port = proxy->options.http_port;
	const struct net_listener_address address = {.host = proxy->options.http_host,
						     .port = port > 0 ? port : 0,
						     .shares_port = proxy->options.shares_port};
	const struct net_http_service service = {.routes = pages, .owner = proxy};
	if (port == 0)
		return 0;
	return net_http_server_open(&proxy->monitor, &proxy->loop, &address, &service, fault);
}
