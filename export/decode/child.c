#include "export/decode/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "export/decode/answer.h"
#include "export/text/utf8.h"
#include "wire/json.h"

enum { CHUNK_BYTES = 1 << 16, END_MS = 500, LOOK_MS = 5 };

#define SUBJECT_VARIABLE "TAPEDECK_SUBJECT="

/* ---- starting ---- */

/* The six ends of three pipes: the child's ends of standard input, output and error output come first. */
struct pipes {
	int theirs[3], ours[3];
};

static void close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 3; i++) {
		if (pipes->theirs[i] >= 0)
			close(pipes->theirs[i]);
		if (pipes->ours[i] >= 0)
			close(pipes->ours[i]);
	}
}

/* 0 or a negative errno. */
static int open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1, -1}, {-1, -1, -1}};
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0) {
			const int error = -errno;
			close_pipes(pipes);
			return error;
		}
		pipes->theirs[i] = ends[i == 0 ? 0 : 1];
		pipes->ours[i] = ends[i == 0 ? 1 : 0];
		(void)fcntl(pipes->ours[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

/* Our environment with the subject: an owned list; its first text is owned as well. NULL when out of memory. */
static char **environment_with(struct wire_slice subject)
{
	const size_t name_len = sizeof(SUBJECT_VARIABLE) - 1;
	size_t count = 0, kept = 1;

	while (environ[count])
		count++;
	char **list = calloc(count + 2, sizeof(*list));
	if (list && asprintf(&list[0], SUBJECT_VARIABLE "%.*s", (int)subject.len,
			     subject.len ? subject.data : "") < 0) {
		free(list);
		return NULL;
	}
	for (size_t i = 0; list && i < count; i++)
		if (strncmp(environ[i], SUBJECT_VARIABLE, name_len) != 0)
			list[kept++] = environ[i];
	return list;
}

/* A process group of its own, no signal blocked (the program may handle some by descriptor) and SIGPIPE as usual. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, usual;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &usual);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0 or a positive errno. */
static int spawn(struct export__child *child, const char *command, const struct pipes *pipes,
		 char **environment)
{
	char *arguments[] = {"stdbuf", "-oL", "sh", "-c", (char *)command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = ENOENT;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, pipes->theirs[i], i);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	if (child->framing == EXPORT__LINES)
		error =
		    posix_spawnp(&child->pid, arguments[0], &actions, &attributes, arguments, environment);
	if (error == ENOENT)
		error = posix_spawnp(&child->pid, arguments[2], &actions, &attributes, arguments + 2,
				     environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

int export__child_start(struct export__child *child, const char *command, enum export__framing framing,
			struct wire_slice subject, struct wire_fault *fault)
{
	char **environment = environment_with(subject);
	struct pipes pipes;

	*child = (struct export__child){.framing = framing, .in = -1, .out = -1, .err = -1};
	int error = environment ? open_pipes(&pipes) : -ENOMEM;
	if (!error && (error = -spawn(child, command, &pipes, environment)) != 0) {
		child->pid = 0;
		close_pipes(&pipes);
	}
	if (environment)
		free(environment[0]);
	free(environment);
	if (error)
		return wire_fault_set(fault, error, "cannot be started: %s", wire_error_text(error));
	for (int i = 0; i < 3; i++)
		close(pipes.theirs[i]);
	child->in = pipes.ours[0];
	child->out = pipes.ours[1];
	child->err = pipes.ours[2];
	return 0;
}

/* ---- ending ---- */

static void close_end(int *end)
{
	if (*end >= 0)
		close(*end);
	*end = -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for the process to end until a moment. Where the kernel has no descriptors for processes (before Linux 5.3), look again and
 * again. */
static void await_end(pid_t pid, int64_t until_ms)
{
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	siginfo_t info = {0};

	while (now_ms() < until_ms && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0)
		(void)poll(&end, 1, end.fd >= 0 ? (int)(until_ms - now_ms()) : LOOK_MS);
	if (end.fd >= 0)
		close(end.fd);
}

/* Wait for the process until a moment, then kill its group. Returns its status as waitpid has it. */
static int reap(struct export__child *child, int64_t until_ms)
{
	int status = 0;

	if (child->pid > 0) {
		await_end(child->pid, until_ms);
		kill(-child->pid, SIGKILL); /* it, or what it started and left behind */
		waitpid(child->pid, &status, 0);
	}
	child->pid = 0;
	close_end(&child->in);
	close_end(&child->out);
	close_end(&child->err);
	return status;
}

void export__child_finish(struct export__child *child)
{
	close_end(&child->in);
}

void export__child_end(struct export__child *child)
{
	if (child->pid == 0)
		return;
	export__child_finish(child);
	close_end(&child->out); /* nobody reads what it may still write */
	close_end(&child->err);
	reap(child, now_ms() + END_MS);
}

/* End a process that did something wrong at once. Returns the code, with *fault. */
static int give_up(struct export__child *child, const char *what, struct wire_fault *fault)
{
	reap(child, 0);
	return wire_fault_set(fault, -EPROTO, "%s%s%s", what, child->note_len > 0 ? ": " : "", child->note);
}

/* It closed its output: it is about to end, or has ended. */
static int report_end(struct export__child *child, struct wire_fault *fault)
{
	const int status = reap(child, now_ms() + END_MS);
	char what[60];

	if (WIFEXITED(status))
		snprintf(what, sizeof(what), "ended with status %d", WEXITSTATUS(status));
	else
		snprintf(what, sizeof(what), "was ended by signal %d", WTERMSIG(status));
	return give_up(child, what, fault);
}

/* ---- an exchange ---- */

struct exchange {
	struct export__child *child;
	struct wire_slice parts[3]; /* to be sent */
	struct export_out arrived;
	struct wire_slice bytes; /* all that has arrived */
	struct export__answer answer;
	struct wire_slice text; /* of the answer, once it is whole */
	size_t used;
	bool is_whole, has_ended;
};

static bool is_sent(const struct exchange *exchange)
{
	return exchange->parts[0].len + exchange->parts[1].len + exchange->parts[2].len == 0;
}

/* Send as much as it takes. False when it takes nothing any more. */
static bool send_more(struct exchange *exchange)
{
	for (size_t i = 0; i < 3; i++) {
		struct wire_slice *part = &exchange->parts[i];

		while (part->len > 0) {
			const ssize_t written = write(exchange->child->in, part->data, part->len);

			if (written < 0 && errno != EINTR)
				return errno == EAGAIN;
			if (written > 0)
				*part = wire_slice(part->data + written, part->len - (size_t)written);
		}
	}
	return true;
}

/* Keep the first line that it writes to its error output, so that nothing of it reaches a terminal unescaped. */
static void read_note(struct export__child *child)
{
	char chunk[1024];
	const ssize_t got = read(child->err, chunk, sizeof(chunk));

	if (got == 0)
		close_end(&child->err);
	for (ssize_t i = 0; i < got && child->note_len + 1 < sizeof(child->note); i++) {
		const char c = chunk[i];
		const bool is_end = c == '\n' && child->note_len > 0;

		if (is_end)
			break;
		if (c >= ' ' && c < 0x7f)
			child->note[child->note_len++] = c;
	}
}

static void read_answer(struct exchange *exchange)
{
	char chunk[CHUNK_BYTES];
	const ssize_t got = read(exchange->child->out, chunk, sizeof(chunk));

	exchange->has_ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	if (got <= 0)
		return;
	export_out_bytes(&exchange->arrived, chunk, (size_t)got);
	exchange->bytes = export_out_kept(&exchange->arrived);
	exchange->is_whole = export__answer_is_whole(&exchange->answer, exchange->child->framing,
						     exchange->bytes, &exchange->text, &exchange->used);
}

static void wait_for_any(struct exchange *exchange, int64_t wait_ms)
{
	const struct export__child *child = exchange->child;
	struct pollfd ends[] = {{.fd = is_sent(exchange) ? -1 : child->in, .events = POLLOUT},
				{.fd = child->out, .events = POLLIN},
				{.fd = child->err, .events = POLLIN}};

	if (poll(ends, 3, (int)wait_ms) <= 0)
		return;
	if (ends[2].revents)
		read_note(exchange->child);
	if (ends[1].revents)
		read_answer(exchange);
	if (ends[0].revents && !send_more(exchange))
		exchange->has_ended = true;
}

static bool is_too_large(const struct exchange *exchange)
{
	return exchange->arrived.error != 0 ||
	       export__answer_is_too_large(exchange->child->framing, exchange->bytes);
}

static int run_exchange(struct exchange *exchange, int deadline_ms, struct wire_fault *fault)
{
	const int64_t until_ms = now_ms() + deadline_ms;
	char text[60];

	while (!(exchange->is_whole && is_sent(exchange))) {
		const int64_t left_ms = until_ms - now_ms();

		if (exchange->has_ended)
			return report_end(exchange->child, fault);
		if (is_too_large(exchange))
			return give_up(exchange->child, "answered with more than 16 MiB", fault);
		if (left_ms <= 0) {
			snprintf(text, sizeof(text), "gave no answer within %.3g s", deadline_ms / 1e3);
			return give_up(exchange->child, text, fault);
		}
		wait_for_any(exchange, left_ms);
	}
	if (exchange->used < exchange->bytes.len)
		return give_up(exchange->child, "gave more than one answer to a payload", fault);
	return 0;
}

/* It has written something since its last answer. */
static bool has_spoken(const struct export__child *child)
{
	struct pollfd out = {.fd = child->out, .events = POLLIN};

	return poll(&out, 1, 0) > 0 && (out.revents & POLLIN);
}

int export__child_ask(struct export__child *child, struct wire_slice payload, struct export_out *out,
		      int deadline_ms, struct wire_fault *fault)
{
	const uint32_t len = (uint32_t)payload.len;
	const char head[4] = {(char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len};
	const bool is_framed = child->framing == EXPORT__FRAMES;
	struct exchange exchange = {.child = child,
				    .parts = {wire_slice(head, is_framed ? sizeof(head) : 0), payload,
					      wire_slice("\n", is_framed ? 0 : 1)}};

	if (has_spoken(child))
		return give_up(child, "gave more than one answer to a payload", fault);
	if (export_out_init_memory(&exchange.arrived, EXPORT_DECODE_BYTES_MAX + sizeof(head)) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	const int error = run_exchange(&exchange, deadline_ms, fault);
	if (!error)
		export_out_slice(out, exchange.text);
	export_out_fini(&exchange.arrived);
	return error;
}

/* ---- payloads as lines ---- */

static bool is_blank(struct wire_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(" \t\r\n", text.data[i], 4))
			return false;
	return true;
}

bool export__line_of(struct wire_slice payload, struct export_out *scratch, struct wire_slice *line)
{
	*line = payload;
	if (is_blank(payload))
		return false;
	if (!memchr(payload.data, '\n', payload.len))
		return true;
	if (!wire_json_is_valid(payload, NULL))
		return false;
	export_out_reset(scratch);
	for (size_t i = 0; i < payload.len; i++)
		export_out_char(scratch, payload.data[i] == '\n' ? ' ' : payload.data[i]);
	*line = export_out_kept(scratch);
	return scratch->error == 0;
}
