#include "tap/proxy/relay.h"

#include <stdlib.h>

static const uv_buf_t no_room;

/* ---- waiting ---- */

static bool is_sink_full(const struct tap_proxy *proxy)
{
	struct wire_sink *sink = proxy->options.sink;
	return sink && sink->ready && !sink->ready(sink);
}

static void wait_for_turn(struct tap_proxy *proxy, struct tap__relay *relay)
{
	if (relay->is_waiting)
		return;
	relay->is_waiting = true;
	relay->next_waiting = proxy->waiting;
	proxy->waiting = relay;
}

bool tap__relays_may_resume(const struct tap_proxy *proxy)
{
	return !is_sink_full(proxy);
}

void tap__relays_resume(struct tap_proxy *proxy)
{
	struct tap__relay *relay = proxy->waiting, *next;
	if (is_sink_full(proxy))
		return; /* until the sink wakes the proxy */
	proxy->waiting = NULL;
	for (; relay; relay = next) {
		next = relay->next_waiting;
		relay->is_waiting = false;
		tap__relay_read(relay);
	}
}

void tap__relay_stop(struct tap_proxy *proxy, struct tap__relay *relay)
{
	struct tap__relay **at = &proxy->waiting;
	if (!relay->is_waiting)
		return;
	while (*at != relay)
		at = &(*at)->next_waiting;
	*at = relay->next_waiting;
	relay->is_waiting = false;
}

/* ---- reading ---- */

static bool is_turn_over(const struct tap_proxy *proxy, struct tap__relay *relay)
{
	if (relay->turn != proxy->turn) {
		relay->turn = proxy->turn;
		relay->turn_bytes = 0;
	}
	return relay->turn_bytes >= TAP__TURN_BYTES;
}

uv_buf_t tap__relay_room(struct tap_proxy *proxy, struct tap__relay *relay)
{
	if (relay->memory || relay->is_broken)
		return no_room;
	if (is_turn_over(proxy, relay) || is_sink_full(proxy)) {
		wait_for_turn(proxy, relay);
		return no_room;
	}
	if (!proxy->read_buffer)
		proxy->read_buffer = malloc(TAP__READ_BYTES);
	if (!proxy->read_buffer) {
		wait_for_turn(proxy, relay);
		return no_room;
	}
	return uv_buf_init(proxy->read_buffer, TAP__READ_BYTES);
}

void tap__relay_read(struct tap__relay *relay)
{
	if (relay->from && relay->to && !relay->memory && !relay->has_ended && !relay->is_broken &&
	    !relay->is_waiting && !relay->is_resting)
		net_stream_read(relay->from);
}

/* ---- writing ---- */

static void drop_rest(struct tap_proxy *proxy, struct tap__relay *relay)
{
	proxy->held_bytes -= relay->held_bytes;
	relay->held_bytes = 0;
	free(relay->memory);
	relay->memory = NULL;
	relay->rest = (struct wire_slice){0};
}

/* `to` takes no more bytes. Its other direction goes on: it may hold the reason. */
static void break_off(struct tap_proxy *proxy, struct tap__relay *relay)
{
	relay->is_broken = true;
	drop_rest(proxy, relay);
	net_stream_pause(relay->from);
}

/* Write what is left. False when `to` fails. */
static bool write_rest(struct tap__relay *relay)
{
	while (relay->rest.len > 0 && relay->to->begun_bytes == 0) {
		const uv_buf_t buf =
		    uv_buf_init((char *)(uintptr_t)relay->rest.data, (unsigned)relay->rest.len);
		ssize_t taken = net_stream_write(relay->to, &buf, 1);
		if (taken < 0)
			return false;
		relay->rest.data += taken;
		relay->rest.len -= (size_t)taken;
		relay->begun_bytes = relay->to->begun_bytes;
	}
	return true;
}

static void finish_rest(struct tap_proxy *proxy, struct tap__relay *relay)
{
	drop_rest(proxy, relay);
	tap__latency_add(&proxy->latency, uv_hrtime() - relay->read_ns);
	if (relay->has_ended)
		net_stream_end(relay->to);
}

/* Keep the bytes that were not taken: the memory that they lie in becomes the relay's. */
static void hold_rest(struct tap_proxy *proxy, struct tap__relay *relay, char *memory)
{
	relay->memory = memory ? memory : proxy->read_buffer;
	relay->held_bytes = memory ? relay->rest.len : TAP__READ_BYTES;
	proxy->held_bytes += relay->held_bytes;
	if (!memory)
		proxy->read_buffer = NULL;
	net_stream_pause(relay->from);
}

void tap__relay_pass(struct tap_proxy *proxy, struct tap__relay *relay, const struct tap__passed *passed)
{
	relay->rest = passed->bytes;
	relay->read_ns = proxy->turn_began_ns;
	if (relay->is_broken || !write_rest(relay)) {
		relay->rest = (struct wire_slice){0};
		free(passed->memory);
		if (!relay->is_broken)
			break_off(proxy, relay);
	} else if (relay->rest.len > 0) {
		hold_rest(proxy, relay, passed->memory);
	} else {
		free(passed->memory);
		tap__latency_add(&proxy->latency, uv_hrtime() - relay->read_ns);
	}
}

void tap__relay_end(struct tap__relay *relay)
{
	relay->has_ended = true;
	if (relay->to && !relay->memory)
		net_stream_end(relay->to);
}

/* The bytes that were begun are at the head of the rest; drained says that they were taken. */
void tap__relay_drained(struct tap_proxy *proxy, struct tap__relay *relay, int status)
{
	if (!relay->memory)
		return;
	relay->rest.data += relay->begun_bytes;
	relay->rest.len -= relay->begun_bytes;
	relay->begun_bytes = 0;
	if (status < 0 || !write_rest(relay))
		break_off(proxy, relay);
	else if (relay->rest.len == 0)
		finish_rest(proxy, relay);
	tap__relay_read(relay);
}

bool tap__relay_is_done(const struct tap__relay *relay)
{
	return relay->is_broken || (relay->has_ended && !relay->memory);
}

void tap__relay_fini(struct tap_proxy *proxy, struct tap__relay *relay)
{
	drop_rest(proxy, relay);
}
