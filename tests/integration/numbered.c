#include "numbered.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/read/reader.h"
#include "support/fail.h"
#include "support/socket.h"

enum { PAYLOAD_MIN = 64, PAYLOAD_SPAN = 512, BATCH = 64, WAIT_MS = 60000 };

/* One step of a small generator of numbers (splitmix64), which is good enough for payloads. */
static uint64_t scramble(uint64_t *seed)
{
	uint64_t value = (*seed += UINT64_C(0x9e3779b97f4a7c15));
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static size_t make_payload(char *out, int round, int publisher, uint64_t n)
{
	uint64_t seed = n * 1000 + (uint64_t)(round * NUMBERED_PUBLISHERS + publisher);
	size_t len = PAYLOAD_MIN + scramble(&seed) % PAYLOAD_SPAN;
	size_t at = (size_t)sprintf(out, "%d %d %llu ", round, publisher, (unsigned long long)n);
	while (at < len) {
		uint64_t bits = scramble(&seed);
		for (int i = 0; i < 8 && at < len; i++, bits >>= 8)
			out[at++] = "0123456789abcdef{\"}:\r\n PUBMSG+-x"[bits % 32];
	}
	return len;
}

size_t numbered_frame(char out[NUMBERED_FRAME_MAX], int round, int publisher, uint64_t n)
{
	char payload[PAYLOAD_MIN + PAYLOAD_SPAN];
	size_t len = make_payload(payload, round, publisher, n);
	size_t at = (size_t)sprintf(out, "PUB numbered.%d %zu\r\n", publisher, len);
	memcpy(out + at, payload, len);
	memcpy(out + at + len, "\r\n", 2);
	return at + len + 2;
}

static pid_t fork_child(void)
{
	pid_t pid = fork();
	if (pid < 0)
		support_fail("cannot fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static _Noreturn void publish_in_child(int port, int round, int publisher, uint64_t count, int pause_us)
{
	static char batch[BATCH * NUMBERED_FRAME_MAX];
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct support_socket sock;
	int error = support_socket_open(&sock, port);
	if (!error)
		error = support_socket_send_text(&sock, "CONNECT {\"verbose\":false}\r\n", deadline);
	for (uint64_t n = 0; !error && n < count;) {
		size_t len = 0;
		for (int i = 0; i < BATCH && n < count; i++)
			len += numbered_frame(batch + len, round, publisher, n++);
		error = support_socket_send(&sock, batch, len, deadline);
		if (pause_us > 0)
			nanosleep(&(struct timespec){.tv_nsec = pause_us * 1000L}, NULL);
	}
	_exit(error || support_socket_sync(&sock, deadline) < 0);
}

pid_t numbered_publish(int port, int round, int publisher, uint64_t count, int pause_us)
{
	pid_t pid = fork_child();
	if (pid == 0)
		publish_in_child(port, round, publisher, count, pause_us);
	return pid;
}

/* Read and discard until the process is killed. */
static _Noreturn void read_in_child(struct support_socket *sock)
{
	while (support_socket_read(sock, support_deadline_in(WAIT_MS)) > 0)
		sock->len = 0;
	_exit(0);
}

pid_t numbered_subscribe(int port)
{
	struct support_deadline deadline = support_deadline_in(WAIT_MS);
	struct support_socket sock;
	if (support_socket_open(&sock, port) < 0 ||
	    support_socket_send_text(&sock, "CONNECT {\"verbose\":false}\r\nSUB > 1\r\n", deadline) < 0 ||
	    support_socket_sync(&sock, deadline) < 0)
		support_fail("cannot subscribe");
	pid_t pid = fork_child();
	if (pid == 0)
		read_in_child(&sock);
	support_socket_close(&sock);
	return pid;
}

int numbered_await(pid_t child)
{
	int status;
	if (waitpid(child, &status, 0) != child)
		support_fail("cannot wait for a child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void numbered_end(pid_t child)
{
	kill(child, SIGKILL);
	numbered_await(child);
}

static bool is_ours(const struct wire_event *event)
{
	static const char PREFIX[] = "numbered.";
	return event->kind == WIRE_EVENT_MESSAGE && event->subject.len >= sizeof(PREFIX) &&
	       memcmp(event->subject.data, PREFIX, sizeof(PREFIX) - 1) == 0;
}

static bool wrong(const struct wire_event *event, const char *what, unsigned long long expected)
{
	fprintf(stderr, "message %llu of the log: %s (expected %llu): %.*s\n", (unsigned long long)event->seq,
		what, expected, event->payload.len > 60 ? 60 : (int)event->payload.len,
		event->payload.data ? event->payload.data : "(no payload)");
	return false;
}

static bool take_message(struct numbered_log *log, const struct wire_event *event)
{
	char head[64] = "", payload[PAYLOAD_MIN + PAYLOAD_SPAN];
	int round, publisher;
	unsigned long long n;
	size_t head_len = event->payload.len < sizeof(head) - 1 ? event->payload.len : sizeof(head) - 1;
	if (event->payload.data)
		memcpy(head, event->payload.data, head_len);
	if (sscanf(head, "%d %d %llu ", &round, &publisher, &n) != 3 || round < 0 || publisher < 0 ||
	    round >= NUMBERED_ROUNDS || publisher >= NUMBERED_PUBLISHERS)
		return wrong(event, "not one of ours", 0);
	size_t len = make_payload(payload, round, publisher, n);
	if (len != event->payload.len || memcmp(payload, event->payload.data, len) != 0)
		return wrong(event, "changed bytes", n);
	uint64_t *count = &log->counts[round][publisher];
	if (n < *count)
		return wrong(event, "again or out of order", *count);
	log->holes += n - *count;
	*count = n + 1;
	log->messages++;
	return true;
}

static bool take_event(struct numbered_log *log, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_GAP) {
		log->gaps++;
		log->gap_messages += event->lost_messages;
	}
	return !is_ours(event) || take_message(log, event);
}

bool numbered_log_read(struct numbered_log *log, const char *path)
{
	const struct store_reader_options options = {.payloads = true};
	struct store_reader *reader;
	struct wire_fault fault;
	struct wire_event event;
	struct wire_damage damage;
	*log = (struct numbered_log){0};
	int got = store_reader_open(&reader, path, &options, &fault);
	if (got < 0) {
		fprintf(stderr, "%s\n", fault.text);
		return false;
	}
	bool good = true;
	while (good && (got = store_reader_next(reader, &event, &fault)) > 0)
		good = take_event(log, &event);
	if (got < 0)
		fprintf(stderr, "%s\n", fault.text);
	store_reader_damage(reader, &damage);
	log->damaged_blocks = damage.places;
	store_reader_close(reader);
	return good && got == 0;
}
