#include "tap/proxy/link_bytes.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tap/proxy/link_end.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/security.h"

/* ---- decoding ---- */

static bool parse_end(struct tap_endpoint *end, const char *ip, int port)
{
	end->port = (uint16_t)port;
	end->is_v6 = strchr(ip, ':') != NULL;
	return inet_pton(end->is_v6 ? AF_INET6 : AF_INET, ip, end->address) == 1;
}

void tap__link_open_flow(struct tap__link *link)
{
	struct tap_flow_info info = {.conn = link->cid, .certificate = link->certificate};
	parse_end(&info.ends[TAP_ORIGINATOR], link->client->ip, link->client->port);
	parse_end(&info.ends[TAP_RESPONDER], link->server->ip, link->server->port);
	if (link->proxy->observer)
		link->flow = tap__observer_flow_open(link->proxy->observer, &info);
}

int64_t tap__link_now(const struct tap__link *link)
{
	return link->flow ? tap__observer_now(link->proxy->observer) : 0;
}

void tap__link_observe(struct tap__link *link, bool is_client, int64_t read_ns, struct wire_slice bytes)
{
	struct tap__observer *observer = link->proxy->observer;
	if (!link->flow)
		return;
	const struct tap_join_stats *join = tap__observer_join(observer);
	uint64_t messages = join->messages, deliveries = join->deliveries;
	link->flow = tap__observer_bytes(observer, link->flow, is_client ? TAP_ORIGINATOR : TAP_RESPONDER,
					 read_ns, bytes);
	link->upstream->messages[0] += join->messages - messages;
	link->upstream->messages[1] += join->deliveries - deliveries;
}

/* ---- passing on ---- */

static int filter(struct tap__link *link, bool is_client, struct wire_slice bytes, struct tap__passed *passed)
{
	struct tap_proxy *proxy = link->proxy;
	if (!is_client)
		return tap__info_filter_take(&link->filter, tap__security_rules(proxy, link->upstream), bytes,
					     passed);
	if (proxy->key)
		return tap__connect_filter_take(&link->connect, proxy->key, link->filter.nonce, bytes,
						passed);
	return 0;
}

void tap__link_pass(struct tap__link *link, bool is_client, struct wire_slice bytes)
{
	struct tap_proxy *proxy = link->proxy;
	struct tap__passed passed = {.bytes = bytes};
	if (filter(link, is_client, bytes, &passed) < 0)
		tap__link_finish(link, TAP_END_BY_PROXY, true);
	else if (passed.bytes.len > 0)
		tap__relay_pass(proxy, is_client ? &link->up : &link->down, &passed);
	else
		free(passed.memory);
	if (!is_client && link->down.memory && link->flow)
		tap__observer_note_held(proxy->observer, link->flow);
}

void tap__link_pass_copy(struct tap__link *link, bool is_client, struct wire_slice bytes)
{
	if (bytes.len == 0 || link->life == TAP__LINK_GONE)
		return;
	struct tap__relay *relay = is_client ? &link->up : &link->down;
	struct tap__passed passed = {.bytes = bytes};
	if (filter(link, is_client, bytes, &passed) < 0) {
		tap__link_finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	if (!passed.memory && passed.bytes.len > 0) {
		passed.memory = malloc(passed.bytes.len);
		if (!passed.memory) {
			tap__link_finish(link, TAP_END_BY_PROXY, true);
			return;
		}
		memcpy(passed.memory, passed.bytes.data, passed.bytes.len);
		passed.bytes.data = passed.memory;
	}
	if (passed.bytes.len > 0)
		tap__relay_pass(link->proxy, relay, &passed);
	else
		free(passed.memory);
}

void tap__link_pass_end(struct tap__link *link, bool is_client)
{
	struct tap__passed passed = {0};
	if (is_client)
		tap__connect_filter_end(&link->connect, &passed);
	else
		tap__info_filter_end(&link->filter, &passed);
	if (passed.memory)
		tap__relay_pass(link->proxy, is_client ? &link->up : &link->down, &passed);
	tap__relay_end(is_client ? &link->up : &link->down);
}
