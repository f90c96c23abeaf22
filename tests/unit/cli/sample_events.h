/* sample_events.h - one event of each kind, and the clients they speak of, for the tests of the printers. */
#ifndef TESTS_UNIT_CLI_SAMPLE_EVENTS_H
#define TESTS_UNIT_CLI_SAMPLE_EVENTS_H

#include "export/event/clients.h"

/* 2026-11-23T07:57:19.123456789Z */
#define SAMPLE_TIME_NS INT64_C(1795420639123456789)

#define SAMPLE_SLICE(text)               \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct wire_client sample_checkout = {.address = SAMPLE_SLICE("10.0.0.7:53122"),
						   .name = SAMPLE_SLICE("checkout"),
						   .lang = SAMPLE_SLICE("go"),
						   .version = SAMPLE_SLICE("1.22.1"),
						   .user = SAMPLE_SLICE("alice")};
static const struct wire_client sample_nameless = {.address = SAMPLE_SLICE("[::1]:40000")};

/* 3 is checkout, 7 has no name, nothing is known of the others. */
static inline const struct wire_client *sample_find(const void *context, uint64_t conn)
{
	(void)context;
	return conn == 3 ? &sample_checkout : conn == 7 ? &sample_nameless : NULL;
}

static const struct export_clients sample_clients = {.find = sample_find};

static const struct wire_receiver sample_receivers[] = {
    {.conn = 7, .sid = SAMPLE_SLICE("1"), .queue = SAMPLE_SLICE("workers"), .outcome = WIRE_SENT},
    {.conn = 9, .sid = SAMPLE_SLICE("22"), .outcome = WIRE_DROPPED_SLOW},
};

/* A message from checkout with nothing but a subject and a payload. */
static inline struct wire_event sample_message(const char *subject, const char *payload)
{
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .seq = 4711,
				   .time_ns = SAMPLE_TIME_NS,
				   .conn = 3,
				   .subject = wire_slice_str(subject),
				   .payload = wire_slice_str(payload),
				   .size = strlen(payload),
				   .receiver_count = 1,
				   .receivers_len = 1,
				   .receivers = sample_receivers};
}

#endif
