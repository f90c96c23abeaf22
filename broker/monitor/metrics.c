#include "broker/monitor/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/mask/mask.h"

#ifndef TAPEDECK_VERSION
#error "TAPEDECK_VERSION is set by CMake"
#endif

static void print(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	fprintf(out, "# HELP tapedeck_%s %s\n# TYPE tapedeck_%s %s\ntapedeck_%s %llu\n", name, help, name,
		type, name, (unsigned long long)value);
}

static void print_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	print(out, name, "counter", help, value);
}

static void print_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	print(out, name, "gauge", help, value);
}

static void print_broker(FILE *out, const struct broker_totals *totals)
{
	fprintf(
	    out,
	    "# HELP tapedeck_build_info Version of the program, and of the nats-server that it replaces.\n"
	    "# TYPE tapedeck_build_info gauge\n"
	    "tapedeck_build_info{version=\"" TAPEDECK_VERSION "\",protocol_version=\"" BROKER_VERSION
	    "\"} 1\n");
	print_gauge(out, "start_time_seconds", "When the broker started, in seconds since the epoch.",
		    (uint64_t)(totals->started_ns / 1000000000));
	print_gauge(out, "connections", "Clients connected now.", totals->connections);
	print_counter(out, "connections_total", "Clients that ever connected.", totals->total_connections);
	print_gauge(out, "subscriptions", "Subscriptions now.", totals->subscriptions);
	print_counter(out, "received_messages_total", "Messages published by clients.", totals->in_msgs);
	print_counter(out, "received_bytes_total", "Headers and payloads published by clients.",
		      totals->in_bytes);
	print_counter(out, "delivered_messages_total", "Messages delivered to clients.", totals->out_msgs);
	print_counter(out, "delivered_bytes_total", "Headers and payloads delivered to clients.",
		      totals->out_bytes);
	print_gauge(out, "pending_bytes", "Output held for clients that read slowly.", totals->pending_bytes);
	print_counter(out, "slow_consumers_total", "Clients cut because they read too slowly.",
		      totals->slow_consumers);
	print_counter(out, "stalls_total", "Times a publisher was paused.", totals->stalled);
	print_counter(out, "stale_connections_total", "Clients cut because they did not answer pings.",
		      totals->stale_connections);
	print_counter(out, "authorization_errors_total", "Clients refused for their credentials.",
		      totals->auth_errors);
	print_gauge(out, "match_cache_entries", "Subjects whose receivers are cached.",
		    totals->cache_entries);
	print_counter(out, "match_cache_hits_total", "Messages whose receivers were in the cache.",
		      totals->cache_hits);
	print_counter(out, "match_cache_misses_total", "Messages whose receivers were looked up.",
		      totals->cache_misses);
}

static void print_recording(FILE *out, const struct wire_sink_status *status)
{
	print_gauge(out, "recording_degraded", "1 while events cannot be logged.", status->degraded);
	print_counter(out, "recorded_events_total", "Events taken by the recorder, messages included.",
		      status->events);
	print_counter(out, "recorded_messages_total", "Messages taken by the recorder.", status->messages);
	print_counter(out, "recording_lost_messages_total", "Messages that could not be logged.",
		      status->lost_messages);
	print_counter(out, "recording_stored_bytes_total", "Bytes written to the log.", status->stored_bytes);
	print_gauge(out, "recording_queued_bytes", "Memory held for events that are not written yet.",
		    status->queued_bytes);
	if (!status->ships)
		return;
	print_counter(out, "recording_shipped_segments_total", "Closed segments that were shipped.",
		      status->shipped_segments);
	print_counter(out, "recording_ship_failures_total", "Failures of the command that ships them.",
		      status->ship_failures);
	print_gauge(out, "recording_unshipped_segments", "Closed segments that were not shipped yet.",
		    status->unshipped_segments);
	print_counter(out, "recording_unshipped_deleted_events_total",
		      "Events that retention deleted before they were shipped.",
		      status->unshipped_deleted_events);
}

static void print_mask(FILE *out, const struct wire_mask *mask)
{
	struct wire_mask_counts counts;
	wire_mask_counts(mask, &counts);
	print_counter(out, "masked_messages_total", "Messages that were masked when they were recorded.",
		      counts.messages);
	print_counter(out, "mask_malformed_payloads_total",
		      "Payloads redacted whole because a rule asks for JSON, and they are not JSON.",
		      counts.malformed);
	print_counter(out, "mask_unjudged_payloads_total",
		      "Payloads redacted whole because they exceed a limit of the rules.", counts.unjudged);
	print_gauge(out, "mask_unmatched_rules", "Rules that have matched nothing so far.",
		    wire_mask_unmatched(mask, NULL, NULL));
}

void broker__serve_metrics(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker_totals totals;
	struct wire_sink_status status;
	size_t len = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	if (!out) {
		answer->body.is_failed = true;
		return;
	}
	broker_inspect_totals(broker__of_request(request), &totals);
	print_broker(out, &totals);
	print_gauge(out, "lame_duck", "1 while the broker is shutting down gradually.",
		    broker_inspect_is_lame(broker__of_request(request)));
	if (broker_inspect_sink(broker__of_request(request), &status))
		print_recording(out, &status);
	if (broker_inspect_options(broker__of_request(request))->mask)
		print_mask(out, broker_inspect_options(broker__of_request(request))->mask);
	answer->body.is_failed = fclose(out) != 0;
	net_http_body_add(&answer->body, wire_slice(text, len));
	free(text);
	answer->status = NET_HTTP_OK;
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
}
