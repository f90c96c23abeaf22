#include "bench/attack.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/client.h"

enum { STACK_BYTES = 128 * 1024, PIECE_BYTES = 64 * 1024, WAIT_MS = 50, READERS = 2 };

/* ---- what attackers send ---- */

static void publish(FILE *out, const char *subject, const char *reply, int size)
{
	fprintf(out, "PUB %s %s%d\r\n%*s\r\n", subject, reply, size, size, "");
}

enum { WILD_TOKENS = 18 };

static void all_wildcards(FILE *out, int scale)
{
	for (int i = 0; i < (1 << WILD_TOKENS) / scale; i++) {
		fputs("SUB ", out);
		for (int token = 0; token < WILD_TOKENS; token++)
			fputs(token ? (i >> token & 1 ? ".*" : ".a") : (i & 1 ? "*" : "a"), out);
		fprintf(out, ".* %d\r\n", i);
	}
}

static void unique_subjects(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 1000; i++) {
		fputs("PUB ", out);
		for (int token = 0; token < WILD_TOKENS; token++)
			fputs("a.", out);
		fprintf(out, "q%d 0\r\n\r\n", i);
	}
}

static void same_subject(FILE *out, int scale)
{
	for (int i = 0; i < 300000 / scale; i++)
		fprintf(out, "SUB same %d\r\n", i);
}

static void publish_same(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 1000; i++)
		publish(out, "same", "", 0);
}

static void subscribe_often(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 10000; i++)
		fprintf(out, "SUB often.%d.x %d\r\n", i, i);
	for (int i = 0; i < 10000; i++)
		fprintf(out, "UNSUB %d\r\n", i);
}

static void churn_wildcards(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 1000; i++) {
		fprintf(out, "SUB churn.*.%d 1\r\n", i);
		publish(out, "churn.a.b", "", 16);
		fputs("UNSUB 1\r\n", out);
	}
}

static void one_subscription(FILE *out, int scale)
{
	(void)scale;
	fputs("SUB flood 1\r\n", out);
}

static void publish_small(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 2000; i++)
		publish(out, "flood", "", 16);
}

static void publish_large(FILE *out, int scale)
{
	publish(out, "flood", "", 1048576 / scale);
}

static void publish_kilobytes(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 100; i++)
		publish(out, "flood", "", 1024);
}

static void ping(FILE *out, int scale)
{
	(void)scale;
	fputs("PING\r\n", out);
}

static void request_in_vain(FILE *out, int scale)
{
	(void)scale;
	fputs("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\nSUB r.* 1\r\n", out);
	for (int i = 0; i < 1000; i++)
		publish(out, "nobody.is.here", "r.1 ", 0);
}

static void offend(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 1000; i++)
		fputs("SUB not..valid 1\r\n", out);
}

static void begin_payload(FILE *out, int scale)
{
	int size = 1000000 / scale;
	fprintf(out, "PUB flood %d\r\n%*s", size, size - 1, "");
}

static void subscribe_much(FILE *out, int scale)
{
	for (int i = 0; i < 50000 / scale; i++)
		fprintf(out, "SUB much.%d.* %d\r\n", i, i);
}

static void publish_headers(FILE *out, int scale)
{
	(void)scale;
	for (int i = 0; i < 100; i++)
		fprintf(out, "HPUB flood 2014 2030\r\nNATS/1.0\r\nKey: %1996s\r\n\r\n%16s\r\n", "", "");
}

static void ping_verbosely(FILE *out, int scale)
{
	(void)scale;
	fputs("CONNECT {\"verbose\":true}\r\n", out);
	for (int i = 0; i < 2000; i++)
		fputs("PING\r\nSUB a 1\r\nUNSUB 1\r\n", out);
}

const struct bench_attack bench_attacks[] = {
    {"wildcards", 1, all_wildcards, false, 1, unique_subjects, false},
    {"same-subject", 1, same_subject, false, 1, publish_same, false},
    {"subscribing", 0, NULL, false, 4, subscribe_often, false},
    {"churn", 4, one_subscription, false, 8, churn_wildcards, false},
    {"publishers", 1, one_subscription, false, 64, publish_small, false},
    {"payloads", 50, one_subscription, false, 4, publish_large, false},
    {"fan-out", 2000, one_subscription, false, 2, publish_small, false},
    {"deaf", 16, one_subscription, true, 4, publish_kilobytes, false},
    {"connecting", 0, NULL, false, 16, ping, true},
    {"requests", 0, NULL, false, 8, request_in_vain, false},
    {"errors", 0, NULL, false, 8, offend, false},
    {"unfinished", 0, NULL, false, 40, begin_payload, true},
    {"closing", 0, NULL, false, 2, subscribe_much, true},
    {"headers", 4, one_subscription, false, 8, publish_headers, false},
    {"verbose", 0, NULL, false, 8, ping_verbosely, false},
    {NULL, 0, NULL, false, 0, NULL, false},
};

const struct bench_attack *bench_attack_find(const char *name)
{
	static const char prefix[] = "attack-";
	if (strncmp(name, prefix, sizeof prefix - 1) != 0)
		return NULL;
	for (const struct bench_attack *attack = bench_attacks; attack->name; attack++)
		if (strcmp(name + sizeof prefix - 1, attack->name) == 0)
			return attack;
	return NULL;
}

/* ---- attackers and receivers ---- */

struct text {
	char *bytes;
	size_t len;
};

struct bench_attack_run {
	const struct bench_attack *attack;
	int port, scale;
	struct text text;
	int *receivers;
	int receivers_len, threads_len;
	pthread_t *threads;
	_Atomic int next_reader;
	_Atomic bool is_over;
};

static int write_text(struct text *text, void (*say)(FILE *out, int scale), int scale)
{
	FILE *out = open_memstream(&text->bytes, &text->len);
	if (!out)
		return -ENOMEM;
	say(out, scale);
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/* Discard the input that has arrived. False when the server has closed the connection. */
static bool drain(int fd)
{
	char trash[PIECE_BYTES];
	ssize_t got = recv(fd, trash, sizeof trash, MSG_DONTWAIT);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Send the text once or repeatedly, and discard the answers. */
static void send_text(struct bench_attack_run *run, int fd)
{
	size_t at = 0;
	while (!run->is_over && !(run->attack->once && at == run->text.len)) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT};
		if (poll(&poll_fd, 1, WAIT_MS) <= 0)
			continue;
		if ((poll_fd.revents & ~POLLOUT) && !drain(fd))
			return;
		if (!(poll_fd.revents & POLLOUT))
			continue;
		at = at == run->text.len ? 0 : at;
		size_t left = run->text.len - at;
		ssize_t sent = send(fd, run->text.bytes + at, left < PIECE_BYTES ? left : PIECE_BYTES,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		at += sent > 0 ? (size_t)sent : 0;
	}
}

/* Attackers and their receivers would run on other machines. Here they take only the processor time that the server and the
 * client that is measured leave, or the scheduler would let those wait for dozens of threads, whatever the server does. */
static void yield_to_server(void)
{
	enum { LEAST_PRIORITY = 19 };
	setpriority(PRIO_PROCESS, (id_t)gettid(), LEAST_PRIORITY);
}

static void *attack(void *context)
{
	struct bench_attack_run *run = context;
	yield_to_server();
	while (!run->is_over) {
		int fd = bench_client_open(run->port, "", 0);
		if (fd < 0)
			continue;
		send_text(run, fd);
		close(fd);
	}
	return NULL;
}

/* Each reader has its share of the receivers. */
static void *read_all(void *context)
{
	struct bench_attack_run *run = context;
	yield_to_server();
	int first = run->next_reader++, count = 0;
	struct pollfd *fds = calloc((size_t)run->receivers_len + 1, sizeof *fds);
	for (int i = first; fds && i < run->receivers_len; i += READERS)
		fds[count++] = (struct pollfd){.fd = run->receivers[i], .events = POLLIN};
	while (fds && !run->is_over) {
		poll(fds, (nfds_t)count, WAIT_MS);
		for (int i = 0; i < count; i++)
			if (fds[i].revents && !drain(fds[i].fd))
				fds[i].fd = -1;
	}
	free(fds);
	return NULL;
}

static int start_thread(struct bench_attack_run *run, void *(*work)(void *))
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int error = pthread_create(&run->threads[run->threads_len], &attributes, work, run);
	pthread_attr_destroy(&attributes);
	run->threads_len += !error;
	return -error;
}

static int connect_receivers(struct bench_attack_run *run)
{
	const struct bench_attack *attack = run->attack;
	struct text text = {0};
	int wanted = attack->receivers > run->scale ? attack->receivers / run->scale : attack->receivers;
	int error = attack->subscribe ? write_text(&text, attack->subscribe, run->scale) : 0;
	run->receivers = calloc((size_t)wanted + 1, sizeof *run->receivers);
	if (!run->receivers)
		error = -ENOMEM;
	while (!error && run->receivers_len < wanted) {
		int fd = bench_client_open(run->port, text.bytes, text.len);
		if (fd < 0)
			error = fd;
		else
			run->receivers[run->receivers_len++] = fd;
	}
	free(text.bytes);
	return error;
}

int bench_attack_start(struct bench_attack_run **out, const struct bench_attack *attack_it, int port,
		       int scale)
{
	struct bench_attack_run *run = calloc(1, sizeof *run);
	if (!run)
		return -ENOMEM;
	*run = (struct bench_attack_run){.attack = attack_it, .port = port, .scale = scale};
	run->threads = calloc((size_t)attack_it->attackers + READERS, sizeof *run->threads);
	int error = run->threads ? write_text(&run->text, attack_it->say, scale) : -ENOMEM;
	if (!error)
		error = connect_receivers(run);
	for (int i = 0; i < READERS && !attack_it->are_deaf && !error; i++)
		error = start_thread(run, read_all);
	for (int i = 0; i < attack_it->attackers && !error; i++)
		error = start_thread(run, attack);
	if (error)
		bench_attack_stop(run);
	else
		*out = run;
	return error;
}

void bench_attack_stop(struct bench_attack_run *run)
{
	run->is_over = true;
	for (int i = 0; i < run->threads_len; i++)
		pthread_join(run->threads[i], NULL);
	for (int i = 0; i < run->receivers_len; i++)
		close(run->receivers[i]);
	free(run->receivers);
	free(run->threads);
	free(run->text.bytes);
	free(run);
}
