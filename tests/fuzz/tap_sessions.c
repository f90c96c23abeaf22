/* Fuzz target: bytes and holes on a few connections, with little memory. Nothing may crash, and time must not go back.
 *
 * Input: the budget in KiB (u8), then instructions of two bytes, with the bytes to feed after them:
 *   connection (bits 0-1), stream (bit 2), action (bits 3-5; 0-4: bytes, which are pushed from 3 on), bit 6: the
 *   connection is midstream, when it is opened
 *   length */
#include <stdint.h>
#include <stdlib.h>

#include "tap/session/join_output.h"
#include "tap/session/sessions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONNECTIONS = 4, CLOSE = 7, HOLE = 6, LONG_HOLE = 5, PUSHED = 3, STEP_MS = 4 };

struct fuzz {
	struct tap_budget budget;
	struct tap_join *join;
	struct tap_sessions *sessions;
	struct tap_flow_handler *handler;
	void *flows[CONNECTIONS];
	int64_t now_ns, last_ns;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Read both ends of a slice, so that a sanitizer sees one out of bounds. */
static void touch(struct wire_slice slice)
{
	volatile char byte;
	require(slice.len == 0 || slice.data);
	if (slice.len > 0)
		byte = slice.data[0];
	if (slice.len > 0)
		byte = slice.data[slice.len - 1];
	(void)byte;
}

static void touch_event(struct fuzz *fuzz, const struct wire_event *event)
{
	const struct wire_slice slices[] = {event->subject, event->reply, event->headers, event->payload,
					    event->sid,     event->queue, event->text};
	require(event->kind == WIRE_EVENT_MARK || event->time_ns >= fuzz->last_ns);
	fuzz->last_ns = event->time_ns;
	for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
		touch(slices[i]);
	for (uint32_t i = 0; i < event->receivers_len; i++)
		touch(event->receivers[i].sid);
	if (event->kind <= WIRE_EVENT_DELIVERY)
		require((event->flags & WIRE_EVENT_PARTIAL) ? event->payload.len <= event->size
							    : event->payload.len == event->size);
	if (event->client)
		touch(event->client->name);
}

static void take_events(struct fuzz *fuzz)
{
	struct wire_event event;
	while (tap_join_next(fuzz->join, &event))
		touch_event(fuzz, &event);
}

static void *open_connection(struct fuzz *fuzz, int number, bool is_midstream)
{
	const struct tap_flow_info info = {
	    .ends = {{.port = (uint16_t)(50000 + number)}, {.port = (uint16_t)(4222 + number / 2)}},
	    .is_midstream = is_midstream};
	return fuzz->handler->open(fuzz->handler, &info, fuzz->now_ns);
}

static void say(struct fuzz *fuzz, void **flow, enum tap_peer from, int what, struct wire_slice bytes)
{
	bool is_wanted = true;
	if (what == CLOSE) {
		fuzz->handler->close(fuzz->handler, *flow, fuzz->now_ns,
				     (enum tap_end)(bytes.len % TAP_ENDS));
		is_wanted = false;
	} else if (what == HOLE || what == LONG_HOLE) {
		uint64_t len = what == HOLE ? bytes.len + 1 : 1000 * (bytes.len + 1);
		is_wanted = fuzz->handler->hole(fuzz->handler, *flow, from, fuzz->now_ns, len,
						(enum tap_hole)(len % TAP_HOLES));
	} else if (bytes.len > 0) {
		is_wanted = fuzz->handler->data(fuzz->handler, *flow, from, fuzz->now_ns, bytes);
		if (is_wanted && what >= PUSHED)
			fuzz->handler->pushed(fuzz->handler, *flow, from, fuzz->now_ns);
	}
	if (!is_wanted)
		*flow = NULL;
}

static void obey(struct fuzz *fuzz, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		int number = data[0] & 3, what = data[0] >> 3 & 7;
		enum tap_peer from = (enum tap_peer)(data[0] >> 2 & 1);
		size_t len = data[1];
		bool has_bytes = what != CLOSE && what != HOLE && what != LONG_HOLE;
		if (!fuzz->flows[number])
			fuzz->flows[number] = open_connection(fuzz, number, data[0] & 64);
		data += 2;
		size -= 2;
		if (has_bytes && len > size)
			len = size;
		if (fuzz->flows[number])
			say(fuzz, &fuzz->flows[number], from, what, wire_slice((const char *)data, len));
		data += has_bytes ? len : 0;
		size -= has_bytes ? len : 0;
		fuzz->now_ns += STEP_MS * 1000000;
		take_events(fuzz);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint16_t ports[] = {4222};
	const struct tap_sessions_options options = {.ports = ports, .ports_count = 1, .first_conn = 1};
	if (size == 0)
		return 0;
	struct fuzz fuzz = {.budget = {.max_bytes = ((uint64_t)data[0] << 12) + 1024}, .now_ns = 1};
	fuzz.join = tap_join_open(TAP_JOIN_WINDOW_NS, &fuzz.budget);
	fuzz.sessions = tap_sessions_open(&options, fuzz.join, &fuzz.budget);
	fuzz.handler = tap_sessions_handler(fuzz.sessions);
	obey(&fuzz, data + 1, size - 1);
	for (int i = 0; i < CONNECTIONS; i++)
		if (fuzz.flows[i])
			fuzz.handler->close(fuzz.handler, fuzz.flows[i], fuzz.now_ns, TAP_END_CAPTURE);
	tap_join_finish(fuzz.join);
	take_events(&fuzz);
	tap_sessions_close(fuzz.sessions);
	tap_join_close(fuzz.join);
	require(fuzz.budget.used_bytes == 0);
	return 0;
}
