#include "bench/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/write/append.h"
#include "store/write/producer.h"

enum {
	SERVICES = 19,
	MEMBERS = 3, /* clients of each */
	EVENT_SUBJECTS = 60,
	REQUEST_SUBJECTS = BENCH_SERVICES_SUBJECTS - EVENT_SUBJECTS,
	WAITING = 64, /* requests that may wait for their reply */
	STEP_NS = 5000,
	SILENT = 1000, /* one request of so many gets no reply */
};

#define START_NS (INT64_C(1795420639) * 1000000000)

struct waiting {
	uint64_t requester, responder;
	char inbox[48];
	bool is_used;
};

struct maker {
	struct store_producer *producer;
	struct store_batch *batch;
	uint64_t random, number;
	struct waiting waiting[WAITING];
	uint32_t next; /* of `waiting` */
	struct wire_receiver receivers[4];
	char subject[48], inbox[48], payload[160];
	struct bench_services_log *log;
	int error;
};

static uint64_t next_random(struct maker *maker)
{
	maker->random ^= maker->random << 13;
	maker->random ^= maker->random >> 7;
	maker->random ^= maker->random << 17;
	return maker->random;
}

static uint64_t pick(struct maker *maker, uint64_t count)
{
	return (next_random(maker) >> 20) % count;
}

/* Wait for an empty batch, because the writer may be slower. */
static struct store_batch *wait_for_batch(struct store_producer *producer)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	struct store_batch *batch;
	while (!(batch = store_producer_batch(producer)))
		nanosleep(&pause, NULL);
	return batch;
}

static void append(struct maker *maker, const struct wire_event *event)
{
	int error = store_batch_append(maker->batch, event);
	if (error == STORE_EFULL) {
		store_producer_submit(maker->producer, maker->batch);
		maker->batch = wait_for_batch(maker->producer);
		error = store_batch_append(maker->batch, event);
	}
	maker->error = maker->error ? maker->error : error;
}

static void add_client(struct maker *maker, uint64_t conn)
{
	char name[16], address[32];
	snprintf(name, sizeof name, "service-%02u", (unsigned)((conn - 1) / MEMBERS));
	snprintf(address, sizeof address, "10.0.0.%u:40000", (unsigned)conn);
	const struct wire_client client = {.name = wire_slice_str(name),
					   .address = wire_slice_str(address),
					   .lang = WIRE_LITERAL("C"),
					   .version = WIRE_LITERAL("3.8.0")};
	const struct wire_event event = {
	    .kind = WIRE_EVENT_CONNECT, .time_ns = START_NS, .conn = conn, .client = &client};
	append(maker, &event);
}

static struct wire_event begin_message(struct maker *maker, uint64_t conn)
{
	uint64_t number = maker->number++;
	int len = snprintf(
	    maker->payload, sizeof maker->payload,
	    "{\"order_id\":\"order-%llu\",\"step\":%u,\"amount\":%llu.5,\"state\":\"running\",\"by\":%u}",
	    (unsigned long long)(number / BENCH_SERVICES_ORDER_MESSAGES),
	    (unsigned)(number % BENCH_SERVICES_ORDER_MESSAGES), (unsigned long long)(number % 9973),
	    (unsigned)conn);
	maker->log->messages++;
	return (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				   .time_ns = START_NS + (int64_t)number * STEP_NS,
				   .conn = conn,
				   .payload = wire_slice(maker->payload, (size_t)len),
				   .size = (size_t)len};
}

static void add_receiver(struct maker *maker, struct wire_event *event, uint64_t conn, struct wire_slice sid,
			 struct wire_slice queue)
{
	maker->receivers[event->receivers_len++] =
	    (struct wire_receiver){.conn = conn, .sid = sid, .queue = queue, .outcome = WIRE_SENT};
	event->receivers = maker->receivers;
	event->receiver_count = event->receivers_len;
}

static uint64_t member_of(uint64_t service, uint64_t member)
{
	return service % SERVICES * MEMBERS + member % MEMBERS + 1;
}

static void add_event(struct maker *maker)
{
	static const char *const sids[] = {"1", "2", "3", "4"};
	uint64_t subject = pick(maker, EVENT_SUBJECTS);
	struct wire_event event = begin_message(maker, member_of(subject, next_random(maker) >> 40));
	snprintf(maker->subject, sizeof maker->subject, "platform.event.e%02u.changed", (unsigned)subject);
	event.subject = wire_slice_str(maker->subject);
	event.receivers = maker->receivers;
	for (uint64_t i = 0; i < subject % 5; i++)
		add_receiver(maker, &event, member_of(subject + i + 1, subject), wire_slice_str(sids[i]),
			     wire_slice(NULL, 0));
	append(maker, &event);
}

static void add_reply(struct maker *maker, struct waiting *waiting)
{
	struct wire_event event = begin_message(maker, waiting->responder);
	event.subject = wire_slice_str(waiting->inbox);
	add_receiver(maker, &event, waiting->requester, WIRE_LITERAL("9"), wire_slice(NULL, 0));
	append(maker, &event);
	waiting->is_used = false;
	maker->log->replies++;
}

static void add_request(struct maker *maker)
{
	struct waiting *waiting = &maker->waiting[maker->next++ % WAITING];
	uint64_t subject = pick(maker, REQUEST_SUBJECTS);
	uint64_t requester = pick(maker, BENCH_SERVICES_CLIENTS) + 1;
	if (waiting->is_used)
		add_reply(maker, waiting);
	*waiting = (struct waiting){.requester = requester,
				    .responder = member_of(subject, next_random(maker) >> 40),
				    .is_used = maker->log->requests % SILENT != 0};
	snprintf(waiting->inbox, sizeof waiting->inbox, "_INBOX.yqXt2dMSbFhkVwEoQ7c%03u.%08llx",
		 (unsigned)requester, (unsigned long long)maker->log->requests);
	struct wire_event event = begin_message(maker, requester);
	snprintf(maker->subject, sizeof maker->subject, "platform.ask.r%02u", (unsigned)subject);
	event.subject = wire_slice_str(maker->subject);
	event.reply = wire_slice_str(waiting->inbox);
	add_receiver(maker, &event, waiting->responder, WIRE_LITERAL("7"), WIRE_LITERAL("workers"));
	append(maker, &event);
	maker->log->requests++;
}

static void add_messages(struct maker *maker, uint64_t messages)
{
	for (uint64_t conn = 1; conn <= BENCH_SERVICES_CLIENTS; conn++)
		add_client(maker, conn);
	while (maker->log->messages < messages && !maker->error) {
		if (pick(maker, 3) < 2)
			add_event(maker);
		else
			add_request(maker);
	}
	for (uint32_t i = 0; i < WAITING; i++)
		if (maker->waiting[i].is_used)
			add_reply(maker, &maker->waiting[i]);
}

int bench_services_write(const char *path, uint64_t messages, uint64_t seed, struct bench_services_log *log,
			 struct wire_fault *fault)
{
	struct store_writer_options options;
	struct store_writer *writer;
	struct maker *maker = calloc(1, sizeof *maker);
	store_writer_options_init(&options);
	*log = (struct bench_services_log){0};
	int error = maker ? store_writer_open(&writer, path, &options, fault)
			  : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (error) {
		free(maker);
		return error;
	}
	*maker = (struct maker){.random = seed * 2 + 1, .log = log};
	maker->producer = store_producer_open(writer, NULL, NULL);
	maker->batch = wait_for_batch(maker->producer);
	add_messages(maker, messages);
	store_producer_submit(maker->producer, maker->batch);
	store_producer_close(maker->producer);
	store_writer_close(writer);
	error = maker->error;
	free(maker);
	return error ? wire_fault_set(fault, error, "an event does not fit into a block") : 0;
}
