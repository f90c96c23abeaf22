#include "tap/proxy/metrics.h"

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP tapedeck_proxy_%s %s\n# TYPE tapedeck_proxy_%s %s\n", name, help, name, type);
}

static void print(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	fprintf(out, "tapedeck_proxy_%s %llu\n", name, (unsigned long long)value);
}

/* ---- by upstream ---- */

static uint64_t connections_of(const struct tap__upstream *upstream)
{
	return upstream->connections;
}

static uint64_t total_connections_of(const struct tap__upstream *upstream)
{
	return upstream->total_connections;
}

static uint64_t is_up(const struct tap__upstream *upstream)
{
	return upstream->is_up;
}

static uint64_t failures_of(const struct tap__upstream *upstream)
{
	return upstream->total_failures;
}

static uint64_t received_of(const struct tap__upstream *upstream)
{
	return upstream->bytes[0];
}

static uint64_t sent_of(const struct tap__upstream *upstream)
{
	return upstream->bytes[1];
}

static uint64_t published_of(const struct tap__upstream *upstream)
{
	return upstream->messages[0];
}

static uint64_t delivered_of(const struct tap__upstream *upstream)
{
	return upstream->messages[1];
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct tap__upstream *upstream);
} by_upstream[] = {
    {"upstream_up", "gauge", "1 while the server answers.", is_up},
    {"upstream_failures_total", "counter", "Connections and checks that failed.", failures_of},
    {"upstream_connections", "gauge", "Clients connected to the server now.", connections_of},
    {"upstream_connections_total", "counter", "Clients ever connected to the server.", total_connections_of},
    {"client_bytes_total", "counter", "Bytes from clients to the server.", received_of},
    {"server_bytes_total", "counter", "Bytes from the server to clients.", sent_of},
    {"published_messages_total", "counter", "Messages published by clients, while recording.", published_of},
    {"delivered_messages_total", "counter", "Messages delivered to clients, while recording.", delivered_of},
};

static void print_upstreams(FILE *out, const struct tap__upstreams *upstreams)
{
	for (size_t i = 0; i < sizeof by_upstream / sizeof *by_upstream; i++) {
		head(out, by_upstream[i].name, by_upstream[i].type, by_upstream[i].help);
		for (size_t j = 0; j < upstreams->known_count; j++)
			fprintf(out, "tapedeck_proxy_%s{upstream=\"%s\"} %llu\n", by_upstream[i].name,
				upstreams->known[j]->name,
				(unsigned long long)by_upstream[i].value(upstreams->known[j]));
	}
}

/* ---- of the whole ---- */

static void print_latency(FILE *out, const struct tap__latency *latency)
{
	uint64_t count = 0;
	head(out, "added_latency_seconds", "histogram", "From reading bytes until the other side took them.");
	for (unsigned i = 0; i < TAP__LATENCY_BUCKETS; i++) {
		count += latency->counts[i];
		fprintf(out, "tapedeck_proxy_added_latency_seconds_bucket{le=\"%g\"} %llu\n",
			tap__latency_bound(i), (unsigned long long)count);
	}
	count += latency->counts[TAP__LATENCY_BUCKETS];
	fprintf(out,
		"tapedeck_proxy_added_latency_seconds_bucket{le=\"+Inf\"} %llu\n"
		"tapedeck_proxy_added_latency_seconds_sum %.9f\n"
		"tapedeck_proxy_added_latency_seconds_count %llu\n",
		(unsigned long long)count, (double)latency->sum_ns / 1e9, (unsigned long long)count);
}

static void print_tap(FILE *out, const struct tap_proxy *proxy)
{
	const struct tap_sessions_stats *sessions = tap__observer_sessions(proxy->observer);
	const struct tap_join_stats *join = tap__observer_join(proxy->observer);
	print(out, "unjoined_deliveries_total", "counter", "Deliveries whose publish was not seen.",
	      join->unjoined_deliveries);
	print(out, "released_early_total", "counter", "Events that left early for lack of memory.",
	      join->released_early);
	print(out, "lost_bytes_total", "counter", "Bytes that were seen and not understood.",
	      sessions->lost_bytes);
	head(out, "undecoded_connections_total", "counter", "Connections that pass and are not decoded.");
	for (int i = 0; i < TAP_UNDECODED_KINDS; i++)
		fprintf(out, "tapedeck_proxy_undecoded_connections_total{kind=\"%s\"} %llu\n",
			tap_undecoded_name((enum tap_undecoded_kind)i),
			(unsigned long long)sessions->undecoded[i]);
	print(out, "decoder_bytes", "gauge", "Memory for decoding and for messages that wait.",
	      tap__observer_used_bytes(proxy->observer));
}

static void print_recording(FILE *out, struct wire_sink *sink)
{
	struct wire_sink_status status = {0};
	if (!sink->status)
		return;
	sink->status(sink, &status);
	print(out, "recording_degraded", "gauge", "1 while events cannot be logged.", status.degraded);
	print(out, "recorded_events_total", "counter", "Events taken by the recorder, messages included.",
	      status.events);
	print(out, "recorded_messages_total", "counter", "Messages taken by the recorder.", status.messages);
	print(out, "recording_lost_messages_total", "counter", "Messages that could not be logged.",
	      status.lost_messages);
	print(out, "recording_stored_bytes_total", "counter", "Bytes written to the log.",
	      status.stored_bytes);
	print(out, "recording_queued_bytes", "gauge", "Memory held for events that are not written yet.",
	      status.queued_bytes);
	if (!status.ships)
		return;
	print(out, "recording_shipped_segments_total", "counter", "Closed segments that were shipped.",
	      status.shipped_segments);
	print(out, "recording_ship_failures_total", "counter", "Failures of the command that ships them.",
	      status.ship_failures);
	print(out, "recording_unshipped_segments", "gauge", "Closed segments that were not shipped yet.",
	      status.unshipped_segments);
	print(out, "recording_unshipped_deleted_events_total", "counter",
	      "Events that retention deleted before they were shipped.", status.unshipped_deleted_events);
}

static void print_mask(FILE *out, const struct wire_mask *mask)
{
	struct wire_mask_counts counts;
	wire_mask_counts(mask, &counts);
	print(out, "masked_messages_total", "counter", "Messages that were masked when they were recorded.",
	      counts.messages);
	print(out, "mask_malformed_payloads_total", "counter",
	      "Payloads redacted whole because a rule asks for JSON, and they are not JSON.",
	      counts.malformed);
	print(out, "mask_unjudged_payloads_total", "counter",
	      "Payloads redacted whole because they exceed a limit of the rules.", counts.unjudged);
	print(out, "mask_unmatched_rules", "gauge", "Rules that have matched nothing so far.",
	      wire_mask_unmatched(mask, NULL, NULL));
}

void tap__metrics_print(FILE *out, const struct tap_proxy *proxy)
{
	print(out, "start_time_seconds", "gauge", "When the proxy started, in seconds since the epoch.",
	      (uint64_t)(proxy->started_ns / 1000000000));
	print(out, "connections", "gauge", "Clients connected now.", proxy->connections);
	print(out, "connections_total", "counter", "Clients that ever connected.", proxy->total_connections);
	print(out, "refused_connections_total", "counter", "Clients closed because no server answered.",
	      proxy->refused_connections);
	print(out, "tls_handshake_failures_total", "counter", "Clients whose TLS handshake failed.",
	      proxy->security.failures);
	print(out, "draining", "gauge", "1 while the proxy takes no new connections.", proxy->is_draining);
	print(out, "held_bytes", "gauge", "Memory for bytes that the other side does not take.",
	      proxy->held_bytes);
	print_upstreams(out, &proxy->upstreams);
	print_latency(out, &proxy->latency);
	if (proxy->observer)
		print_tap(out, proxy);
	if (proxy->options.sink)
		print_recording(out, proxy->options.sink);
	if (proxy->options.mask)
		print_mask(out, proxy->options.mask);
}
