#include "bench/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/clock.h"
#include "bench/sample.h"
#include "wire/error.h"

enum { READ_BYTES = 512 * 1024 };

struct connection {
	pthread_t thread;
	bool started;
	int fd;
	const struct bench_frames *frames; /* publishers */
	uint64_t rounds;                   /* publishers */
	double pace;                       /* publishers: messages per second, 0 = as fast as it goes… */
	int64_t step_ns;                   /* …sent as many at a time as are due after so long */
	struct bench_sample sample;        /* subscribers */
	uint64_t got;                      /* subscribers: bytes of MSG operations */
	int error;                         /* 0 or a negated errno */
};

struct run {
	const struct bench_shape *shape;
	uint64_t rounds;
	uint64_t expected; /* bytes, for each subscriber or for the queue group together */
	struct connection *subscribers, *publishers;
};

int bench_load_init(struct bench_load *load, const struct bench_shape *shape, uint64_t seed, double seconds)
{
	*load = (struct bench_load){.shape = *shape, .messages = bench_shape_messages(shape, seconds)};
	load->frames = calloc(shape->publishers, sizeof *load->frames);
	int error = load->frames ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < shape->publishers && !error; i++)
		error = bench_frames_init(&load->frames[i], shape, seed, i, load->messages);
	if (error)
		bench_load_fini(load);
	return error;
}

void bench_load_fini(struct bench_load *load)
{
	for (uint32_t i = 0; load->frames && i < load->shape.publishers; i++)
		bench_frames_fini(&load->frames[i]);
	free(load->frames);
	load->frames = NULL;
}

/* Send the frames at the connection's pace: at each step the bytes that are due, wherever that cuts them. */
static int send_paced(const struct connection *self)
{
	double bytes_per_step =
	    self->pace * (double)self->step_ns / 1e9 * (double)self->frames->len / self->frames->count;
	int64_t due_ns = bench_now_ns();
	size_t sent = 0;
	for (uint64_t step = 1; sent < self->frames->len; step++, due_ns += self->step_ns) {
		size_t due = (size_t)((double)step * bytes_per_step);
		due = due < self->frames->len ? due : self->frames->len;
		bench_sleep_until(due_ns);
		int error = bench_client_send(self->fd, self->frames->bytes + sent, due - sent);
		if (error)
			return error;
		sent = due;
	}
	return 0;
}

static void *publish(void *context)
{
	struct connection *self = context;
	for (uint64_t i = 0; i < self->rounds && !self->error; i++)
		self->error = self->pace > 0
				  ? send_paced(self)
				  : bench_client_send(self->fd, self->frames->bytes, self->frames->len);
	if (!self->error)
		self->error = bench_client_flush(self->fd);
	return NULL;
}

/* The messages that a subscriber has received. */
struct count {
	uint64_t bytes; /* of MSG operations */
	bool after_p;   /* the last piece ended in a capital P */
	bool pong;      /* the final PONG has begun */
};

/* Count a piece without the PINGs and the final PONG in it: they have 6 bytes each, and nothing else has a capital
 * P. True when the PONG, and with it everything, is there. */
static bool count_piece(struct count *count, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	count->pong |= count->after_p && *bytes == 'O';
	count->after_p = end[-1] == 'P';
	count->bytes += len;
	for (const char *at = bytes; (at = memchr(at, 'P', (size_t)(end - at))) != NULL; at++) {
		count->bytes -= 6;
		count->pong |= at + 1 < end && at[1] == 'O';
	}
	return count->pong && end[-1] == '\n';
}

static void *subscribe(void *context)
{
	struct connection *self = context;
	struct count count = {0};
	char *buffer = malloc(READ_BYTES);
	bool done = false;
	self->error = buffer ? 0 : -ENOMEM;
	while (!done && !self->error) {
		ssize_t len = recv(self->fd, buffer, READ_BYTES, 0);
		if (len <= 0) {
			self->error = len < 0 ? -errno : -ECONNRESET;
			break;
		}
		done = count_piece(&count, buffer, (size_t)len);
		bench_sample_feed(&self->sample, buffer, (size_t)len);
	}
	self->got = count.bytes;
	bench_sample_finish(&self->sample);
	free(buffer);
	return NULL;
}

/* The SUB operations of one subscriber, owned by the caller. */
static char *subscriptions(const struct bench_shape *shape, size_t *len)
{
	uint32_t sid = bench_shape_first_sid(shape);
	const char *group = shape->queue ? "group " : "";
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	if (!out)
		return NULL;
	for (uint32_t i = 0; i < shape->subscriptions; i++)
		fprintf(out, "SUB bench.%u.* %u\r\n", i, sid + i);
	if (shape->subscriptions == 0 && shape->text == BENCH_LETTERS && shape->subjects == 1)
		fprintf(out, "SUB bench.0 %s%u\r\n", group, sid);
	else if (shape->subscriptions == 0)
		fprintf(out, "SUB %s.> %s%u\r\n", shape->text == BENCH_JSON ? "shop" : "bench", group, sid);
	return fclose(out) == 0 ? text : NULL;
}

/* Send messages one by one when the pace allows it, else those that are due each millisecond together. */
static void set_pace(struct connection *publisher, const struct bench_load *load)
{
	publisher->pace = load->pace / load->shape.publishers;
	publisher->step_ns =
	    load->pace > 0 && load->pace <= 20e3 ? (int64_t)(1e9 / publisher->pace) : 1000000;
}

/* Subscribers first, so that no message is published before they are there. */
static int open_all(struct run *run, const struct bench_load *load, int port)
{
	size_t len = 0;
	char *text = subscriptions(run->shape, &len);
	int error = text ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < run->shape->subscribers && !error; i++) {
		struct connection *subscriber = &run->subscribers[i];
		error = bench_sample_init(&subscriber->sample, load->frames, run->shape->publishers);
		if (!error && (subscriber->fd = bench_client_open(port, text, len)) < 0)
			error = subscriber->fd;
	}
	for (uint32_t i = 0; i < run->shape->publishers && !error; i++) {
		struct connection *publisher = &run->publishers[i];
		publisher->frames = &load->frames[i];
		publisher->rounds = run->rounds;
		set_pace(publisher, load);
		if ((publisher->fd = bench_client_open(port, "", 0)) < 0)
			error = publisher->fd;
	}
	free(text);
	return error;
}

static int start(struct connection *connections, uint32_t count, void *(*work)(void *))
{
	int error = 0;
	for (uint32_t i = 0; i < count && !error; i++) {
		error = -pthread_create(&connections[i].thread, NULL, work, &connections[i]);
		connections[i].started = !error;
	}
	return error;
}

static int join(struct connection *connections, uint32_t count)
{
	int error = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (connections[i].started)
			pthread_join(connections[i].thread, NULL);
		if (!error)
			error = connections[i].error;
	}
	return error;
}

/* After a publisher has failed, shut its subscribers' sockets: they would wait without end. */
static void end_subscribers(const struct run *run, bool failed)
{
	for (uint32_t i = 0; i < run->shape->subscribers; i++)
		if (failed || bench_client_send(run->subscribers[i].fd, "PING\r\n", 6) != 0)
			shutdown(run->subscribers[i].fd, SHUT_RDWR);
}

static int run_all(struct run *run)
{
	int error = start(run->subscribers, run->shape->subscribers, subscribe);
	if (!error)
		error = start(run->publishers, run->shape->publishers, publish);
	int published = join(run->publishers, run->shape->publishers);
	error = error ? error : published;
	end_subscribers(run, error != 0);
	int received = join(run->subscribers, run->shape->subscribers);
	return error ? error : received;
}

/* Check that every byte arrived once, and that every sampled message is a published one. */
static int check_received(const struct run *run, struct wire_fault *fault)
{
	uint64_t total = 0, checked = 0, expected = run->expected;
	for (uint32_t i = 0; i < run->shape->subscribers; i++) {
		const struct connection *subscriber = &run->subscribers[i];
		if (subscriber->sample.wrong > 0)
			return wire_fault_set(fault, -EPROTO,
					      "subscriber %u got a message that nobody published", i);
		if (!run->shape->queue && subscriber->got != expected)
			return wire_fault_set(fault, -EPROTO, "subscriber %u got %llu bytes of %llu", i,
					      (unsigned long long)subscriber->got,
					      (unsigned long long)expected);
		total += subscriber->got;
		checked += subscriber->sample.checked;
	}
	if (run->shape->queue && total != expected)
		return wire_fault_set(fault, -EPROTO, "the queue group got %llu bytes of %llu",
				      (unsigned long long)total, (unsigned long long)expected);
	if (expected > 0 && total > 0 && checked == 0)
		return wire_fault_set(fault, -EPROTO, "not one message could be checked");
	return 0;
}

static void close_all(struct connection *connections, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		bench_sample_fini(&connections[i].sample);
		if (connections[i].fd >= 0)
			close(connections[i].fd);
	}
	free(connections);
}

static struct connection *connections_open(uint32_t count)
{
	struct connection *connections = calloc(count + 1, sizeof *connections);
	for (uint32_t i = 0; connections && i < count; i++)
		connections[i].fd = -1;
	return connections;
}

/* Plan whole rounds of every publisher's frames, at least one. */
static void plan_run(struct run *run, const struct bench_load *load, double share,
		     struct bench_load_result *result)
{
	uint64_t round = 0, bytes = 0;
	for (uint32_t i = 0; i < load->shape.publishers; i++) {
		round += load->frames[i].count;
		bytes += load->frames[i].delivered_bytes;
	}
	run->rounds = (uint64_t)((double)load->messages * share) / round;
	run->rounds = run->rounds > 0 ? run->rounds : 1;
	run->expected = run->rounds * bytes;
	result->messages = run->rounds * round;
	result->deliveries = result->messages * bench_shape_receivers(&load->shape);
}

int bench_load_run(const struct bench_load *load, double share, int port, struct bench_load_result *result,
		   struct wire_fault *fault)
{
	const struct bench_shape *shape = &load->shape;
	struct run run = {.shape = shape,
			  .subscribers = connections_open(shape->subscribers),
			  .publishers = connections_open(shape->publishers)};
	int error = run.subscribers && run.publishers ? 0 : -ENOMEM;
	plan_run(&run, load, share, result);
	if (!error)
		error = open_all(&run, load, port);
	double start_s = bench_now_s();
	if (!error)
		error = run_all(&run);
	result->seconds = bench_now_s() - start_s;
	if (error)
		wire_fault_set(fault, error, "%s: %s", shape->name, wire_error_text(error));
	else
		error = check_received(&run, fault);
	if (run.subscribers)
		close_all(run.subscribers, shape->subscribers);
	if (run.publishers)
		close_all(run.publishers, shape->publishers);
	return error;
}
