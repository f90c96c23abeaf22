#include "tests/unit/store/block_fixture.h"

#include "store/write/append.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* SplitMix64. */
uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t random_below(struct random *random, uint32_t bound)
{
	return (uint32_t)(random_next(random) % bound);
}

void events_init(struct events *events, uint64_t seed)
{
	*events = (struct events){.random.state = seed,
				  .lends_hints = true,
				  .subjects = EVENTS_SUBJECTS,
				  .sets = EVENTS_SETS,
				  .time_ns = 1700000000000000000};
	struct random bytes = {.state = 7};
	for (size_t i = 0; i < sizeof events->bytes; i++)
		events->bytes[i] = (char)random_next(&bytes);
}

static struct wire_slice some_text(struct events *events, char *room, size_t cap, const char *format)
{
	uint32_t number = random_below(&events->random, 1000);
	if (number < 100)
		return (struct wire_slice){0};
	snprintf(room, cap, "%s%u", format, number);
	return wire_slice_str(room);
}

static struct wire_slice some_bytes(struct events *events, uint32_t max)
{
	uint32_t len = random_below(&events->random, max + 1);
	return wire_slice(events->bytes + random_below(&events->random, EVENTS_PAYLOAD_BYTES - len + 1), len);
}

/* A number of any magnitude. */
static uint64_t some_number(struct events *events)
{
	return random_next(&events->random) >> random_below(&events->random, 64);
}

/* The receivers of a set follow from its number alone. */
static void fill_receivers(struct events *events, struct wire_event *event)
{
	uint32_t set = random_below(&events->random, events->sets);
	struct random random = {.state = set};
	event->receivers = events->receivers;
	event->receivers_len = random_below(&random, EVENTS_RECEIVERS + 1);
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		struct wire_receiver *receiver = &events->receivers[i];
		snprintf(events->sids[i], sizeof events->sids[i], "%u", random_below(&random, 50));
		*receiver = (struct wire_receiver){
		    .conn = random_next(&random) >> random_below(&random, 64),
		    .sid = wire_slice_str(events->sids[i]),
		    .queue = random_below(&random, 2) ? WIRE_LITERAL("workers") : wire_slice_str(""),
		    .outcome = (enum wire_outcome)random_below(&random, WIRE_OUTCOMES)};
		event->receiver_count += receiver->outcome == WIRE_SENT;
	}
	if (events->lends_hints && set % 3 > 0)
		event->receivers_hint = &events->set_hints[set];
}

/* Delivery times of any size, some of them unknown. */
static void fill_delays(struct events *events, struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		uint32_t dice = random_below(&events->random, 10);
		int64_t delay_ns =
		    dice < 8 ? (int64_t)random_below(&events->random, 100000) : (int64_t)some_number(events);
		events->delays_ns[i] = dice == 0 ? WIRE_DELAY_UNKNOWN : delay_ns;
	}
	event->delays_ns = event->receivers_len > 0 ? events->delays_ns : NULL;
	event->receivers_hint = NULL;
}

static void fill_message(struct events *events, struct wire_event *event)
{
	static const uint32_t flags[] = {WIRE_EVENT_RECEIVERS_UNKNOWN, WIRE_EVENT_PUBLISHER_UNKNOWN,
					 WIRE_EVENT_MASKED};
	uint32_t dice = random_below(&events->random, 40);
	if (dice < 3)
		event->flags |= flags[dice];
	if (random_below(&events->random, 8) == 0)
		event->receiver_count = (uint32_t)some_number(events);
	else
		fill_receivers(events, event);
	if (event->receivers && random_below(&events->random, 10) == 0)
		fill_delays(events, event);
}

static void fill_subject(struct events *events, struct wire_event *event)
{
	uint32_t subject = random_below(&events->random, events->subjects);
	snprintf(events->subject, sizeof events->subject, "orders.%u.created", subject);
	event->subject = wire_slice_str(events->subject);
	if (events->lends_hints && subject % 3 > 0)
		event->subject_hint = &events->subject_hints[subject];
}

/* Subject, reply, headers and payload: what a message has, and, now and then, others too. */
static void fill_content(struct events *events, struct wire_event *event)
{
	fill_subject(events, event);
	event->payload = some_bytes(events, random_below(&events->random, 20) ? 100 : EVENTS_PAYLOAD_BYTES);
	event->size = event->payload.len;
	if (random_below(&events->random, 3) == 0)
		event->reply = some_text(events, events->reply, sizeof events->reply, "_INBOX.reply.");
	if (random_below(&events->random, 3) == 0)
		event->headers = some_bytes(events, 60);
	if (random_below(&events->random, 10) == 0) {
		event->flags |= WIRE_EVENT_CUT;
		event->size += some_number(events) >> 8;
	}
}

static void fill_rest(struct events *events, struct wire_event *event)
{
	event->text = some_text(events, events->text, sizeof events->text, "something happened: ");
	event->sid = some_text(events, events->sid, sizeof events->sid, "");
	event->queue = some_text(events, events->queue, sizeof events->queue, "q");
	event->max = some_number(events);
	event->lost_messages = some_number(events);
	event->lost_bytes = some_number(events);
	event->from_ns = (int64_t)some_number(events);
	event->to_ns = -(int64_t)(some_number(events) >> 1);
	event->from_seq = some_number(events);
	event->to_seq = some_number(events);
	event->flags |= random_below(&events->random, 16);
}

static void fill_delivery(struct events *events, struct wire_event *event)
{
	fill_content(events, event);
	event->sid = some_text(events, events->sid, sizeof events->sid, "");
	event->queue = some_text(events, events->queue, sizeof events->queue, "q");
	event->outcome = (enum wire_outcome)random_below(&events->random, WIRE_OUTCOMES);
	event->refers_to = some_number(events);
}

void events_next(struct events *events, struct wire_event *event)
{
	uint32_t dice = random_below(&events->random, 100);
	events->time_ns += dice > 30 ? 0 : (int64_t)some_number(events) >> 40;
	*event = (struct wire_event){.time_ns = events->time_ns,
				     .conn = random_below(&events->random, 200) +
					     (dice == 7 ? UINT64_MAX / 2 : 0)};
	if (dice < 15)
		event->kind = (enum wire_event_kind)random_below(&events->random, WIRE_EVENT_KINDS);
	if (event->kind == WIRE_EVENT_DELIVERY)
		fill_delivery(events, event);
	else if (event->kind == WIRE_EVENT_MESSAGE || dice == 14)
		fill_content(events, event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		fill_message(events, event);
	if (event->kind > WIRE_EVENT_DELIVERY)
		fill_rest(events, event);
	if (event->kind == WIRE_EVENT_CONNECT) {
		events->client = (struct wire_client){.address = wire_slice_str("[::1]:4222"),
						      .name = event->text,
						      .lang = wire_slice_str(dice % 2 ? "c" : ""),
						      .version = wire_slice_str("3.4.1"),
						      .user = event->queue,
						      .account = event->sid,
						      .certificate = event->queue};
		event->client = &events->client;
	}
}

static void assert_slice(const char *what, uint64_t seq, struct wire_slice got, struct wire_slice want)
{
	if (!wire_slice_equal(got, want))
		fail_msg("event %lu: %s is %zu bytes \"%.*s\", wanted %zu bytes \"%.*s\"", (unsigned long)seq,
			 what, got.len, (int)got.len, got.data ? got.data : "", want.len, (int)want.len,
			 want.data ? want.data : "");
}

static void assert_number(const char *what, uint64_t seq, uint64_t got, uint64_t want)
{
	if (got != want)
		fail_msg("event %lu: %s is %lu, wanted %lu", (unsigned long)seq, what, (unsigned long)got,
			 (unsigned long)want);
}

static void assert_client(uint64_t seq, const struct wire_client *got, const struct wire_client *want)
{
	assert_number("has a client", seq, got != NULL, want != NULL);
	if (!want)
		return;
	assert_slice("address", seq, got->address, want->address);
	assert_slice("name", seq, got->name, want->name);
	assert_slice("lang", seq, got->lang, want->lang);
	assert_slice("version", seq, got->version, want->version);
	assert_slice("user", seq, got->user, want->user);
	assert_slice("account", seq, got->account, want->account);
	assert_slice("certificate", seq, got->certificate, want->certificate);
}

static void assert_receivers(uint64_t seq, const struct wire_event *got, const struct wire_event *want)
{
	assert_number("knows its receivers", seq, got->receivers != NULL, want->receivers != NULL);
	assert_number("receiver_count", seq, got->receiver_count, want->receiver_count);
	assert_number("receivers_len", seq, got->receivers_len, want->receivers_len);
	assert_number("knows delivery times", seq, got->delays_ns != NULL, want->delays_ns != NULL);
	for (uint32_t i = 0; i < want->receivers_len; i++) {
		assert_number("receiver's conn", seq, got->receivers[i].conn, want->receivers[i].conn);
		assert_number("receiver's outcome", seq, got->receivers[i].outcome,
			      want->receivers[i].outcome);
		assert_slice("receiver's sid", seq, got->receivers[i].sid, want->receivers[i].sid);
		assert_slice("receiver's queue", seq, got->receivers[i].queue, want->receivers[i].queue);
		if (want->delays_ns)
			assert_number("delivery time", seq, (uint64_t)got->delays_ns[i],
				      (uint64_t)want->delays_ns[i]);
	}
}

void assert_event(const struct wire_event *got, const struct wire_event *want, uint64_t seq)
{
	assert_number("seq", seq, got->seq, seq);
	assert_number("kind", seq, got->kind, want->kind);
	assert_number("flags", seq, got->flags, want->flags);
	assert_number("time_ns", seq, (uint64_t)got->time_ns, (uint64_t)want->time_ns);
	assert_number("conn", seq, got->conn, want->conn);
	assert_slice("subject", seq, got->subject, want->subject);
	assert_slice("reply", seq, got->reply, want->reply);
	assert_slice("headers", seq, got->headers, want->headers);
	assert_slice("payload", seq, got->payload, want->payload);
	assert_number("size", seq, got->size, want->size);
	assert_receivers(seq, got, want);
	assert_slice("sid", seq, got->sid, want->sid);
	assert_slice("queue", seq, got->queue, want->queue);
	assert_number("max", seq, got->max, want->max);
	assert_number("refers_to", seq, got->refers_to, want->refers_to);
	assert_number("outcome", seq, got->outcome, want->outcome);
	assert_client(seq, got->client, want->client);
	assert_slice("text", seq, got->text, want->text);
	assert_number("lost_messages", seq, got->lost_messages, want->lost_messages);
	assert_number("lost_bytes", seq, got->lost_bytes, want->lost_bytes);
	assert_number("from_ns", seq, (uint64_t)got->from_ns, (uint64_t)want->from_ns);
	assert_number("to_ns", seq, (uint64_t)got->to_ns, (uint64_t)want->to_ns);
	assert_number("from_seq", seq, got->from_seq, want->from_seq);
	assert_number("to_seq", seq, got->to_seq, want->to_seq);
}

int block_load_all(struct store_block *block, const unsigned char *bytes)
{
	struct store_block_header header;
	int error = store_block_header_get(&header, bytes);
	if (error)
		return error;
	store_block_begin(block, &header);
	bytes += STORE_BLOCK_HEADER_BYTES;
	for (int i = 0; i < STORE_FRAMES && !error; i++) {
		error = store_block_load(block, (enum store_frame)i, bytes);
		bytes += header.frames[i].stored_bytes;
	}
	return error;
}

int block_fixture_setup(void **state)
{
	struct block_fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	fixture->batch = store_batch_open();
	fixture->encoder = store_encoder_open();
	fixture->block = store_block_open();
	return fixture->batch && fixture->encoder && fixture->block ? 0 : -1;
}

int block_fixture_teardown(void **state)
{
	struct block_fixture *fixture = *state;
	store_batch_close(fixture->batch);
	store_encoder_close(fixture->encoder);
	store_block_close(fixture->block);
	free(fixture);
	return 0;
}

void fixture_append(struct block_fixture *fixture, const struct wire_event *event)
{
	assert_int_equal(store_batch_append(fixture->batch, event), 0);
}

void fixture_encode(struct block_fixture *fixture, uint64_t first_seq, int level)
{
	fixture->bytes_len = store_encode(fixture->encoder, fixture->batch, first_seq, level, &fixture->bytes,
					  &fixture->header);
	assert_true(fixture->bytes_len > 0);
	assert_int_equal(fixture->bytes_len, store_block_bytes(&fixture->header));
	assert_int_equal(block_load_all(fixture->block, fixture->bytes), 0);
	store_batch_reset(fixture->batch);
}
