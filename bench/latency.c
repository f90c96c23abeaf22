/* Request and reply at a fixed rate, open loop: each request is sent when it is due, whether or not earlier ones were
 * answered, and its round trip counts from the time it was due. A stall of the server therefore shows in all requests
 * that were due during it. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/client.h"
#include "bench/clock.h"
#include "bench/suite.h"
#include "wire/parse.h"

enum {
	PAYLOAD_BYTES = 128,
	FRAME_MAX = PAYLOAD_BYTES + 64,
	BUFFER_BYTES = 256 * 1024,
	LEAD_NS = 10000000, /* from the start of the threads to the first request */
	WARM_UP_PART = 10,  /* the first 1/WARM_UP_PART of the requests is not counted */
};

static const double rates[] = {10e3, 50e3};

/* One end of the conversation. */
struct end {
	pthread_t thread;
	int fd;
	uint64_t wanted, got; /* messages */
	int64_t *taken_ns;    /* requester: round trips, by arrival; owned by the run */
	int error;
};

/* Let an end handle one message; out holds FRAME_MAX. Returns the bytes written to out. */
typedef size_t take_message(struct end *end, const struct wire_op *op, int64_t now_ns, char *out);

static size_t answer(struct end *end, const struct wire_op *op, int64_t now_ns, char *out)
{
	(void)end;
	(void)now_ns;
	size_t head = (size_t)snprintf(out, FRAME_MAX, "PUB %.*s %zu\r\n", (int)op->reply.len, op->reply.data,
				       op->payload.len);
	if (head + op->payload.len + 2 > FRAME_MAX)
		return 0;
	memcpy(out + head, op->payload.data, op->payload.len);
	memcpy(out + head + op->payload.len, "\r\n", 2);
	return head + op->payload.len + 2;
}

/* The payload begins with the time at which the request was due. */
static size_t count_answer(struct end *end, const struct wire_op *op, int64_t now_ns, char *out)
{
	(void)out;
	end->taken_ns[end->got] = now_ns - strtoll(op->payload.data, NULL, 10);
	return 0;
}

/* Take all whole messages in buffer[0..*have), and send what they cause at once. 0 or a negative code. */
static int take_all(struct end *end, take_message *take, char *buffer, size_t *have, char *out)
{
	static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = BUFFER_BYTES / 2};
	struct wire_op op;
	size_t need, done = 0, out_len = 0;
	int64_t took, now_ns = bench_now_ns();
	while ((took = wire_parse(buffer + done, *have - done, &limits, &op, &need)) > 0) {
		done += (size_t)took;
		if (op.verb != WIRE_MSG || end->got == end->wanted)
			continue;
		out_len += take(end, &op, now_ns, out + out_len);
		end->got++;
	}
	*have -= done;
	memmove(buffer, buffer + done, *have);
	return took < 0 ? (int)took : bench_client_send(end->fd, out, out_len);
}

static void run_end(struct end *end, take_message *take)
{
	char *buffer = malloc(BUFFER_BYTES), *out = malloc(2 * BUFFER_BYTES);
	size_t have = 0;
	end->error = buffer && out ? 0 : -ENOMEM;
	while (end->got < end->wanted && !end->error) {
		ssize_t len = recv(end->fd, buffer + have, BUFFER_BYTES - have, 0);
		if (len <= 0) {
			end->error = len < 0 ? -errno : -ECONNRESET;
			break;
		}
		have += (size_t)len;
		end->error = take_all(end, take, buffer, &have, out);
	}
	free(buffer);
	free(out);
}

static void *run_responder(void *context)
{
	run_end(context, answer);
	return NULL;
}

static void *run_requester(void *context)
{
	run_end(context, count_answer);
	return NULL;
}

static size_t write_request(char *out, uint64_t number, int64_t due_ns)
{
	int head = sprintf(out, "PUB bench.request _INBOX.bench.%llu %d\r\n", (unsigned long long)number,
			   PAYLOAD_BYTES);
	memset(out + head, '.', PAYLOAD_BYTES);
	int digits = sprintf(out + head, "%020lld", (long long)due_ns);
	out[head + digits] = ' ';
	memcpy(out + head + PAYLOAD_BYTES, "\r\n", 2);
	return (size_t)head + PAYLOAD_BYTES + 2;
}

/* Send every request when it is due; those that are overdue are sent together. */
static int send_requests(int fd, uint64_t count, double rate)
{
	char *out = malloc(BUFFER_BYTES);
	int error = out ? 0 : -ENOMEM;
	int64_t start_ns = bench_now_ns() + LEAD_NS;
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	for (uint64_t sent = 0; sent < count && !error;) {
		size_t len = 0;
		bench_sleep_until(start_ns + (int64_t)((double)sent * 1e9 / rate));
		int64_t now_ns = bench_now_ns();
		while (sent < count && len + FRAME_MAX < BUFFER_BYTES) {
			int64_t due_ns = start_ns + (int64_t)((double)sent * 1e9 / rate);
			if (due_ns > now_ns)
				break;
			len += write_request(out + len, sent++, due_ns);
		}
		error = bench_client_send(fd, out, len);
	}
	free(out);
	return error;
}

static int converse(struct end *requester, struct end *responder, double rate)
{
	int error = -pthread_create(&responder->thread, NULL, run_responder, responder);
	if (error)
		return error;
	error = -pthread_create(&requester->thread, NULL, run_requester, requester);
	if (!error) {
		error = send_requests(requester->fd, requester->wanted, rate);
		if (error)
			shutdown(requester->fd, SHUT_RDWR);
		pthread_join(requester->thread, NULL);
	}
	if (error || requester->error)
		shutdown(responder->fd, SHUT_RDWR);
	pthread_join(responder->thread, NULL);
	return error ? error : requester->error ? requester->error : responder->error;
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void add_results(struct bench_results *results, const char *test, const char *contender,
			int64_t *taken_ns, uint64_t count)
{
	uint64_t skip = count / WARM_UP_PART;
	int64_t *counted = taken_ns + skip;
	count -= skip;
	qsort(counted, count, sizeof *counted, compare_times);
	bench_results_add(results, test, contender, BENCH_P99, (double)counted[count * 99 / 100] / 1e3);
	bench_results_add(results, test, contender, BENCH_P50, (double)counted[count / 2] / 1e3);
	bench_results_add(results, test, contender, BENCH_P999, (double)counted[count * 999 / 1000] / 1e3);
}

static int talk(const struct bench_server *server, double rate, uint64_t count, int64_t *taken_ns)
{
	static const char answers[] = "SUB _INBOX.bench.* 1\r\n", requests[] = "SUB bench.request 1\r\n";
	struct end requester = {.wanted = count, .taken_ns = taken_ns}, responder = {.wanted = count};
	responder.fd = bench_client_open(server->port, requests, sizeof requests - 1);
	requester.fd = bench_client_open(server->port, answers, sizeof answers - 1);
	int error = responder.fd < 0 ? responder.fd : requester.fd < 0 ? requester.fd : 0;
	if (!error)
		error = converse(&requester, &responder, rate);
	close(responder.fd);
	close(requester.fd);
	return error;
}

static int measure(const struct bench_plan *plan, const char *test, const struct bench_contender *contender,
		   const void *context, struct bench_results *results)
{
	const double rate = *(const double *)context;
	uint64_t count = (uint64_t)(2 * plan->seconds * rate) + WARM_UP_PART;
	struct bench_load_result load = {.messages = 2 * count, .deliveries = 2 * count};
	struct bench_server server;
	struct bench_usage usage;
	struct wire_fault fault = {0};
	int64_t *taken_ns = calloc(count, sizeof *taken_ns);
	int error = taken_ns ? bench_contender_start(contender, plan, &server, &fault) : -ENOMEM;
	if (!error && (error = talk(&server, rate, count, taken_ns)) != 0)
		wire_fault_set(&fault, error, "%s", wire_error_text(error));
	if (!error)
		error = bench_contender_stop(contender, plan, &load, &server, &usage, &fault);
	if (taken_ns)
		bench_server_remove(&server);
	if (!error)
		add_results(results, test, contender->name, taken_ns, count);
	free(taken_ns);
	return error ? bench_suite_complain(test, contender->name, error, fault.text) : 0;
}

int bench_latency_at(const struct bench_plan *plan, double rate, struct bench_results *results)
{
	char test[32];
	snprintf(test, sizeof test, "latency-%.0fk", rate / 1e3);
	return bench_suite_rounds(plan, test, measure, &rate, results);
}

int bench_latency_run(const struct bench_plan *plan, struct bench_results *results)
{
	int error = 0;
	for (size_t i = 0; i < sizeof rates / sizeof *rates && !error; i++)
		error = bench_latency_at(plan, rates[i], results);
	return error;
}
