#include "tests/unit/store/cluster_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/conn.h"

static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct cluster_log *log = (struct cluster_log *)source;
	(void)fault;
	if (log->at == log->len)
		return 0;
	*event = log->events[log->reverse ? log->len - 1 - log->at : log->at].event;
	log->at++;
	return 1;
}

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	struct cluster_log *log = (struct cluster_log *)source;
	(void)conn;
	return &log->client;
}

static void damage_of(struct wire_source *source, struct wire_damage *damage)
{
	(void)source;
	*damage = (struct wire_damage){0};
}

static void close_of(struct wire_source *source)
{
	(void)source;
}

void cluster_open(struct cluster_fixture *fixture)
{
	*fixture = (struct cluster_fixture){.max_bytes = STORE_CLUSTER_BYTES, .text_cap = 1 << 20};
	fixture->text = malloc(fixture->text_cap);
	assert_non_null(fixture->text);
	fixture->text[0] = '\0';
	for (uint32_t i = 0; i < CLUSTER_LOGS; i++) {
		struct cluster_log *log = &fixture->logs[i];
		log->source = (struct wire_source){
		    .next = next, .client = client_of, .damage = damage_of, .close = close_of};
		log->events = calloc(CLUSTER_EVENTS, sizeof *log->events);
		assert_non_null(log->events);
		snprintf(log->name, sizeof log->name, "client of log %u", i);
		log->client.name = wire_slice_str(log->name);
		fixture->clusters[i] = 1;
	}
}

void cluster_close(struct cluster_fixture *fixture)
{
	store_merge_close(fixture->merge);
	for (uint32_t i = 0; i < CLUSTER_LOGS; i++)
		free(fixture->logs[i].events);
	free(fixture->text);
}

static struct cluster_event *add(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns, uint64_t conn)
{
	struct cluster_log *to = &fixture->logs[log];
	assert_true(to->len < CLUSTER_EVENTS);
	struct cluster_event *added = &to->events[to->len++];
	added->event.time_ns = added->event.steady_ns = at_ns + to->ahead_ns;
	added->event.conn = conn;
	return added;
}

static struct wire_event *add_message(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				      uint64_t conn, const char *payload)
{
	struct cluster_event *added = add(fixture, log, at_ns, conn);
	snprintf(added->payload, sizeof added->payload, "%s", payload);
	added->event.subject = WIRE_LITERAL("s");
	added->event.payload = wire_slice_str(added->payload);
	added->event.size = added->event.payload.len;
	return &added->event;
}

struct wire_event *cluster_publish(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				   uint64_t conn, const char *payload)
{
	struct wire_event *event = add_message(fixture, log, at_ns, conn, payload);
	event->kind = WIRE_EVENT_MESSAGE;
	event->flags = WIRE_EVENT_RECEIVERS_UNKNOWN;
	return event;
}

struct wire_event *cluster_deliver(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				   uint64_t conn, const char *payload)
{
	struct wire_event *event = add_message(fixture, log, at_ns, conn, payload);
	event->kind = WIRE_EVENT_DELIVERY;
	event->sid = WIRE_LITERAL("1");
	return event;
}

struct wire_event *cluster_subscribe(struct cluster_fixture *fixture, uint32_t log, int64_t at_ns,
				     uint64_t conn)
{
	struct cluster_event *added = add(fixture, log, at_ns, conn);
	added->event.kind = WIRE_EVENT_SUBSCRIBE;
	added->event.subject = WIRE_LITERAL("s");
	added->event.sid = WIRE_LITERAL("1");
	return &added->event;
}

void cluster_exchange(struct cluster_fixture *fixture, int64_t from_ns, int64_t to_ns)
{
	char payload[32];
	for (int64_t at_ns = from_ns; at_ns < to_ns; at_ns += 50 * MS)
		for (uint32_t from = 0; from < CLUSTER_LOGS; from++)
			for (uint32_t to = 0; to < CLUSTER_LOGS; to++) {
				if (from == to)
					continue;
				snprintf(payload, sizeof payload, "x%" PRId64 ".%u.%u", at_ns, from, to);
				cluster_publish(fixture, from, at_ns, CLUSTER_EXCHANGE_CONN, payload);
				cluster_deliver(fixture, to, at_ns + MS / 5, CLUSTER_EXCHANGE_CONN, payload);
			}
}

/* ---- reading ---- */

static int by_time(const void *a, const void *b)
{
	const struct cluster_event *x = a, *y = b;
	return (x->event.time_ns > y->event.time_ns) - (x->event.time_ns < y->event.time_ns);
}

/* Sorting moves the events: their slices must point to their own texts again. */
static void sort(struct cluster_log *log)
{
	qsort(log->events, log->len, sizeof *log->events, by_time);
	for (size_t i = 0; i < log->len; i++) {
		struct cluster_event *each = &log->events[i];
		each->event.seq = i + 1;
		if (each->event.payload.len > 0)
			each->event.payload.data = each->payload;
	}
}

static void put(struct cluster_fixture *fixture, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t room = fixture->text_cap - fixture->text_len;
	int len = vsnprintf(fixture->text + fixture->text_len, room, format, args);
	va_end(args);
	assert_true(len >= 0 && (size_t)len < room);
	fixture->text_len += (size_t)len;
}

static void put_receivers(struct cluster_fixture *fixture, const struct wire_event *event, uint32_t origin)
{
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const uint64_t conn = event->receivers[i].conn;
		put(fixture, "%s%u#%" PRIu64, i == 0 ? " to " : " ", wire_conn_input(conn, origin),
		    wire_conn_number(conn));
		if (!event->delays_ns || event->delays_ns[i] == WIRE_DELAY_UNKNOWN)
			put(fixture, "+?");
		else
			put(fixture, "+%" PRId64, event->delays_ns[i] / 1000);
	}
}

static void put_event(struct cluster_fixture *fixture, const struct wire_event *event)
{
	const uint32_t origin = wire_source_origin(store_merge_source(fixture->merge));
	if ((event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY) ||
	    event->conn == CLUSTER_EXCHANGE_CONN)
		return;
	put(fixture, "%s %.*s %u#%" PRIu64, event->kind == WIRE_EVENT_MESSAGE ? "pub" : "deliv",
	    (int)event->payload.len, event->payload.data, origin, event->conn);
	put_receivers(fixture, event, origin);
	put(fixture, "\n");
}

void cluster_read(struct cluster_fixture *fixture,
		  void (*each)(struct cluster_fixture *fixture, const struct wire_event *event))
{
	struct wire_event event;
	const struct store_cluster_options options = {.clusters = fixture->clusters,
						      .inputs = CLUSTER_LOGS,
						      .max_bytes = fixture->max_bytes,
						      .reverse = fixture->reverse};
	fixture->merge = store_merge_open(fixture->reverse);
	assert_non_null(fixture->merge);
	for (uint32_t i = 0; i < CLUSTER_LOGS; i++) {
		sort(&fixture->logs[i]);
		fixture->logs[i].reverse = fixture->reverse;
		assert_int_equal(store_merge_add(fixture->merge, &fixture->logs[i].source), 0);
	}
	assert_int_equal(store_merge_join(fixture->merge, &options), 0);
	while (store_merge_next(fixture->merge, &event, NULL) > 0) {
		fixture->events++;
		put_event(fixture, &event);
		if (each)
			each(fixture, &event);
	}
	store_cluster_stats(store_merge_cluster(fixture->merge), &fixture->stats);
}

void cluster_expect(struct cluster_fixture *fixture, const char *lines)
{
	cluster_read(fixture, NULL);
	assert_string_equal(fixture->text, lines);
}
