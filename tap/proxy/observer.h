/* observer.h - the tap of the proxy: the bytes that it relays become events. Internal to tap.
 *
 * Every byte of both directions is shown once, in the order in which it was relayed, and goes through the same sessions and
 * the same join as the bytes of a sniffer. Servers have other clients, whose subscriptions are not seen, so the receivers of
 * a message are never known to be all. Messages wait for their deliveries for the join window; then they go to the sink. */
#ifndef TAP_PROXY_OBSERVER_H
#define TAP_PROXY_OBSERVER_H

#include <uv.h>

#include "tap/session/sessions.h"
#include "wire/event.h"

struct tap__observer_options {
	uv_loop_t *loop;        /* borrowed, as are the sink and the ports */
	struct wire_sink *sink; /* not NULL */
	const uint16_t *ports;  /* of the servers */
	size_t ports_count;
	/* Of sessions and join; each connection adds 8 KiB. */
	uint64_t memory_bytes;
	void (*clock_was_set)(void *context, int64_t step_ns); /* for a log line */
	void *context;
};

struct tap__observer;

/* NULL when out of memory. */
struct tap__observer *tap__observer_open(const struct tap__observer_options *options);

/* Give all events to the sink, and close. Every flow must have been closed. The loop must run once more, which frees the
 * observer. NULL is allowed. */
void tap__observer_close(struct tap__observer *observer);

/* The time at which bytes that are relayed now were read: a server that gets them can only answer later. */
int64_t tap__observer_now(struct tap__observer *observer);

/* A connection, its bytes and its end. The flow is NULL when there was no memory, or after the sessions have lost interest:
 * then it is not to be used again. */
void *tap__observer_flow_open(struct tap__observer *observer, const struct tap_flow_info *info);
void *tap__observer_bytes(struct tap__observer *observer, void *flow, enum tap_peer from, int64_t read_ns,
			  struct wire_slice bytes);

/* The client of the flow did not take all that was relayed to it. */
void tap__observer_note_held(struct tap__observer *observer, void *flow);

/* Is the server of the flow behind, so that what is relayed to it only waits there? */
bool tap__observer_is_behind(struct tap__observer *observer, const void *flow);

void tap__observer_flow_close(struct tap__observer *observer, void *flow, enum tap_end why);

const struct tap_sessions_stats *tap__observer_sessions(const struct tap__observer *observer);
const struct tap_join_stats *tap__observer_join(const struct tap__observer *observer);
uint64_t tap__observer_used_bytes(const struct tap__observer *observer);

#endif
