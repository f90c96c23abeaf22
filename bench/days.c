#include "bench/days.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bench/payload.h"
#include "store/write/append.h"
#include "store/write/producer.h"

enum { CLIENTS = 20, PAYLOAD_MAX = 1024 };

#define DAY_NS   INT64_C(86400000000000)
#define REPLY_NS 2000000

struct writing {
	const struct bench_days *days;
	struct store_producer *producer;
	struct store_batch *batch;
	uint64_t random, number; /* number: events so far */
	int64_t start_ns, step_ns;
};

static int append(struct writing *writing, const struct wire_event *event)
{
	writing->number++;
	return store_batch_append(writing->batch, event);
}

static int64_t now_of(const struct writing *writing)
{
	return writing->start_ns + (int64_t)writing->number * writing->step_ns;
}

static int add_clients(struct writing *writing)
{
	char name[32];
	int error = 0;
	for (uint64_t conn = 1; conn <= CLIENTS && !error; conn++) {
		snprintf(name, sizeof name, "service-%d", (int)conn);
		const struct wire_client client = {.name = wire_slice_str(name),
						   .address = WIRE_LITERAL("10.0.0.7:53122")};
		const struct wire_event connect = {
		    .kind = WIRE_EVENT_CONNECT, .time_ns = now_of(writing), .conn = conn, .client = &client};
		error = append(writing, &connect);
	}
	return error;
}

static int add_message(struct writing *writing, const char *subject, const char *reply, uint64_t from,
		       uint64_t to, int64_t time_ns)
{
	char payload[PAYLOAD_MAX];
	uint32_t type = (uint32_t)(bench_random(&writing->random) % BENCH_JSON_SUBJECTS);
	size_t len = bench_payload_json(payload, 0, type, writing->number, &writing->random);
	const struct wire_receiver receiver = {.conn = to, .sid = WIRE_LITERAL("1")};
	char name[BENCH_JSON_TYPE_MAX];
	bench_json_type(type, name);
	const struct wire_event message = {.kind = WIRE_EVENT_MESSAGE,
					   .time_ns = time_ns,
					   .conn = from,
					   .subject = wire_slice_str(subject ? subject : name),
					   .reply = wire_slice_str(reply),
					   .payload = wire_slice(payload, len),
					   .size = len,
					   .receiver_count = 1,
					   .receivers = &receiver,
					   .receivers_len = 1};
	return append(writing, &message);
}

static int add_request(struct writing *writing)
{
	char inbox[48];
	snprintf(inbox, sizeof inbox, "_INBOX.days.%llu", (unsigned long long)writing->number);
	int64_t time_ns = now_of(writing);
	int error = add_message(writing, "stock.get", inbox, 1, 2, time_ns);
	return error ? error : add_message(writing, inbox, NULL, 2, 1, time_ns + REPLY_NS);
}

/* A segment ends after each batch. */
static int write_segment(struct writing *writing)
{
	int error = 0;
	while (!(writing->batch = store_producer_batch(writing->producer)))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (writing->number == 0)
		error = add_clients(writing);
	while (store_batch_events(writing->batch) + 2 <= writing->days->events && !error)
		error = writing->number % 10 == 0
			    ? add_request(writing)
			    : add_message(writing, NULL, NULL, writing->number % CLIENTS + 1,
					  (writing->number + 7) % CLIENTS + 1, now_of(writing));
	store_producer_submit(writing->producer, writing->batch);
	return error;
}

static int write_all(struct store_writer *writer, const struct bench_days *days)
{
	struct timespec now;
	struct writing writing = {.days = days, .random = days->seed};
	const int64_t span_ns = days->days * DAY_NS;
	clock_gettime(CLOCK_REALTIME, &now);
	writing.start_ns = now.tv_sec * INT64_C(1000000000) - span_ns;
	writing.step_ns = span_ns / ((int64_t)days->segments * days->events);
	writing.producer = store_producer_open(writer, NULL, NULL);
	int error = writing.producer ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < days->segments && !error; i++)
		error = write_segment(&writing);
	store_producer_close(writing.producer);
	return error;
}

int bench_days_write(const char *dir, const struct bench_days *days, struct wire_fault *fault)
{
	struct store_writer_options options;
	struct store_writer *writer;
	store_writer_options_init(&options);
	options.segment_bytes = 1;
	options.sync = STORE_SYNC_NONE;
	options.written_by = "bench";
	int error = store_writer_open(&writer, dir, &options, fault);
	if (error)
		return error;
	error = write_all(writer, days);
	store_writer_close(writer);
	return error ? wire_fault_set(fault, error, "%s: %s", dir, wire_error_text(error)) : 0;
}
