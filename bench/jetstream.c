#include "bench/jetstream.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/client.h"
#include "wire/parse.h"

static const char config[] =
    "{\"name\":\"bench\",\"subjects\":[\"bench.>\",\"shop.>\"],\"storage\":\"file\",\"retention\":\"limits\","
    "\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,\"max_age\":0,\"num_replicas\":1,\"discard\":"
    "\"old\"}";

/* Read until a MSG is there, and parse its payload; NULL when none comes. Owned by the caller. */
static json_t *read_answer(int fd)
{
	static const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1024 * 1024};
	char buffer[16384];
	size_t have = 0, need;
	for (struct wire_op op;;) {
		int64_t took = wire_parse(buffer, have, &limits, &op, &need);
		if (took > 0 && op.verb == WIRE_MSG)
			return json_loadb(op.payload.data, op.payload.len, 0, NULL);
		if (took > 0) {
			have -= (size_t)took;
			memmove(buffer, buffer + took, have);
			continue;
		}
		ssize_t got = took < 0 ? -1 : recv(fd, buffer + have, sizeof buffer - have, 0);
		if (got <= 0)
			return NULL;
		have += (size_t)got;
	}
}

/* One request of the JetStream API. The answer is owned by the caller; NULL when none comes. */
static json_t *request(int port, const char *subject, const char *body)
{
	static const char subscription[] = "SUB _INBOX.bench 1\r\n";
	char text[1024];
	int fd = bench_client_open(port, subscription, sizeof subscription - 1);
	if (fd < 0)
		return NULL;
	int len =
	    snprintf(text, sizeof text, "PUB %s _INBOX.bench %zu\r\n%s\r\n", subject, strlen(body), body);
	json_t *answer = bench_client_send(fd, text, (size_t)len) == 0 ? read_answer(fd) : NULL;
	close(fd);
	return answer;
}

int bench_jetstream_create(int port, struct wire_fault *fault)
{
	json_t *answer = request(port, "$JS.API.STREAM.CREATE.bench", config);
	bool created = json_is_true(json_object_get(answer, "did_create"));
	json_decref(answer);
	return created ? 0 : wire_fault_set(fault, -EPROTO, "JetStream does not create the stream");
}

int bench_jetstream_count(int port, uint64_t *messages, struct wire_fault *fault)
{
	json_t *answer = request(port, "$JS.API.STREAM.INFO.bench", "");
	const json_t *count = json_object_get(json_object_get(answer, "state"), "messages");
	bool known = json_is_integer(count);
	*messages = (uint64_t)json_integer_value(count);
	json_decref(answer);
	return known ? 0 : wire_fault_set(fault, -EPROTO, "JetStream does not say what the stream holds");
}
