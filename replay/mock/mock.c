#include "replay/mock/mock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/client/subscription.h"
#include "replay/mock/pending_replies.h"
#include "replay/mock/summary.h"
#include "replay/play/pace.h"
#include "replay/play/schedule.h"
#include "wire/headers.h"

enum {
	CONFIRM_MS = 5000,       /* for the server to confirm subscriptions and replies */
	FULL_MS = 5,             /* between two tries when the kernel takes no more */
	CHECK_MS = 200,          /* between two checks that the connection is not closed */
	PUBLISHES_PER_PUSH = 256 /* at most */
};

struct replay_mock {
	struct replay_mock_index *index;
	struct replay_mock_options options;
	struct net_client_loop *loop;
	struct net_client *client;
	struct net_client_errors errors;
	struct net_client_subscription **subscriptions;
	size_t subscriptions_len;
	int wake_fd;   /* written when the sender must look again: a new reply, or the limit */
	char *scratch; /* owned: for a header block that is rewritten */
	size_t scratch_bytes;
	uint64_t replies, failed; /* the sender's */

	pthread_mutex_t mutex; /* guards the index and what follows */
	struct replay__pending_replies pending;
	struct replay__mock_summary summary;
	uint64_t number;
	uint64_t requests, without_reply, overflowed;
	bool is_complete; /* the limit is reached */
};

/* ---- receiving: libnats' thread ---- */

static int64_t scale(const struct replay_mock *mock, int64_t ns)
{
	if (mock->options.speed == 0)
		return 0;
	return (int64_t)((double)ns * REPLAY_SPEED_ONE / (double)mock->options.speed);
}

/* Set due_ns for the reply after due->reply. False when there is none. */
static bool find_next(const struct replay_mock *mock, struct replay__pending_reply *due)
{
	struct replay_mock_reply reply;
	int64_t at = due->reply;
	if (!replay_mock_index_reply(mock->index, due->conversation, &at, &reply))
		return false;
	due->due_ns = due->asked_ns + scale(mock, reply.after_ns);
	return true;
}

/* Add a conversation to the pending replies. Takes the inbox. */
static void enqueue(struct replay_mock *mock, struct replay__pending_reply *due)
{
	bool is_wanted = due->conversation == REPLAY_MOCK_NONE || find_next(mock, due);
	if (is_wanted && mock->pending.len < REPLAY_MOCK_WAITING_MAX &&
	    replay__pending_replies_put(&mock->pending, due) == 0)
		return;
	mock->overflowed += is_wanted;
	free(due->inbox);
}

/* Decide what a miss gets; *conversation is the last one on the subject. False: no reply. */
static bool handle_miss(const struct replay_mock *mock, int64_t *conversation)
{
	switch (mock->options.on_miss) {
	case REPLAY_MOCK_SILENT: return false;
	case REPLAY_MOCK_LAST: return true;
	case REPLAY_MOCK_NO_RESPONDERS: break;
	}
	*conversation = REPLAY_MOCK_NONE;
	return true;
}

/* As net_client_delivery_headers' take. */
static void add_header(void *context, struct wire_slice key, struct wire_slice value)
{
	uint64_t *headers = context;
	*headers = replay_mock_add_header(*headers, key, value);
}

/* The headers of a request, where the index compares them. */
static uint64_t headers_of(const struct replay_mock *mock, const struct net_client_delivery *request)
{
	uint64_t headers = 0;
	if (replay_mock_index_is_exact(mock->index))
		(void)net_client_delivery_headers(request, add_header, &headers);
	return headers;
}

static void take_request(struct replay_mock *mock, const struct net_client_delivery *request, int64_t now_ns)
{
	struct wire_slice subject = wire_slice_str(request->subject);
	struct replay__pending_reply due = {
	    .due_ns = now_ns, .asked_ns = now_ns, .number = mock->number++, .reply = REPLAY_MOCK_NONE};
	enum replay_mock_match match = replay_mock_index_match(
	    mock->index, subject, headers_of(mock, request), request->payload, &due.conversation);
	replay__mock_summary_add(&mock->summary, subject, request->payload, match);
	mock->requests++;
	if (match == REPLAY_MOCK_MISS && !handle_miss(mock, &due.conversation))
		return;
	due.inbox = strdup(request->reply);
	if (due.inbox)
		enqueue(mock, &due);
	else
		mock->overflowed++;
}

/* Requests after the limit are not answered. */
static bool on_message(void *context, const struct net_client_delivery *message)
{
	struct replay_mock *mock = context;
	int64_t now_ns = replay_now_ns();
	pthread_mutex_lock(&mock->mutex);
	if (!message->reply)
		mock->without_reply++;
	else if (!mock->is_complete)
		take_request(mock, message, now_ns);
	mock->is_complete = mock->options.limit > 0 && mock->requests >= mock->options.limit;
	pthread_mutex_unlock(&mock->mutex);
	eventfd_write(mock->wake_fd, 1);
	return false;
}

/* ---- sending: the thread that runs the mock ---- */

/* Turn a status line into headers; other blocks are returned unchanged. NULL data when out of memory. */
static struct wire_slice without_status(struct replay_mock *mock, struct wire_slice block)
{
	struct wire_headers headers;
	if (block.len == 0 || wire_headers_open(&headers, block) != 0 || headers.status.len == 0)
		return block;
	size_t bytes = block.len + 64;
	if (bytes > mock->scratch_bytes) {
		char *grown = realloc(mock->scratch, bytes);
		if (!grown)
			return wire_slice(NULL, 0);
		mock->scratch = grown;
		mock->scratch_bytes = bytes;
	}
	int len = snprintf(mock->scratch, mock->scratch_bytes, "NATS/1.0\r\nStatus: %.*s\r\n",
			   (int)headers.status.len, headers.status.data);
	if (headers.text.len > 0)
		len += snprintf(mock->scratch + len, mock->scratch_bytes - (size_t)len,
				"Description: %.*s\r\n", (int)headers.text.len, headers.text.data);
	memcpy(mock->scratch + len, headers.rest.data, headers.rest.len);
	return wire_slice(mock->scratch, (size_t)len + headers.rest.len);
}

static void publish(struct replay_mock *mock, const char *inbox, const struct replay_mock_reply *reply)
{
	const struct net_client_message message = {
	    .subject = inbox, .headers = without_status(mock, reply->headers), .payload = reply->payload};
	if (net_client_publish(mock->client, &message) == NET_CLIENT_COLLECTED)
		mock->replies++;
	else
		mock->failed++;
}

/* Send the next reply of the earliest conversation, and add the conversation again when it has more. Called with the mutex
 * held. */
static void send_one(struct replay_mock *mock)
{
	struct replay_mock_reply reply = {.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n")};
	struct replay__pending_reply due;
	replay__pending_replies_take(&mock->pending, &due);
	if (due.conversation != REPLAY_MOCK_NONE)
		replay_mock_index_reply(mock->index, due.conversation, &due.reply, &reply);
	publish(mock, due.inbox, &reply);
	if (due.conversation != REPLAY_MOCK_NONE && find_next(mock, &due) &&
	    replay__pending_replies_put(&mock->pending, &due) == 0)
		return;
	free(due.inbox);
}

/* Publish the replies that are due. Returns when the next one is due: REPLAY_NEVER_NS for never, 0 when the mock is
 * done. */
static int64_t send_due(struct replay_mock *mock)
{
	int64_t now_ns = replay_now_ns(), next_ns = 0;
	bool is_complete;
	pthread_mutex_lock(&mock->mutex);
	for (int i = 0; i < PUBLISHES_PER_PUSH; i++) {
		if (!replay__pending_replies_next(&mock->pending, &next_ns) || next_ns > now_ns)
			break;
		send_one(mock);
	}
	is_complete = mock->is_complete;
	if (!replay__pending_replies_next(&mock->pending, &next_ns))
		next_ns = is_complete ? 0 : REPLAY_NEVER_NS;
	pthread_mutex_unlock(&mock->mutex);
	return next_ns;
}

/* Wait until the next reply is due, or for a request. True when stop_fd says to end. */
static bool wait_until(struct replay_mock *mock, int64_t due_ns, bool is_full)
{
	struct pollfd fds[] = {{.fd = mock->options.stop_fd, .events = POLLIN},
			       {.fd = mock->wake_fd, .events = POLLIN}};
	int64_t most_ns = (is_full ? FULL_MS : CHECK_MS) * INT64_C(1000000),
		left_ns = due_ns - replay_now_ns();
	eventfd_t count;
	if (left_ns > most_ns || is_full)
		left_ns = most_ns;
	if (left_ns < 0)
		left_ns = 0;
	struct timespec timeout = {.tv_sec = 0, .tv_nsec = left_ns};
	(void)ppoll(fds, 2, &timeout, NULL);
	if (fds[1].revents)
		(void)eventfd_read(mock->wake_fd, &count);
	return fds[0].revents != 0;
}

static int closed_fault(struct replay_mock *mock, struct wire_fault *fault)
{
	pthread_mutex_lock(&mock->errors.mutex);
	wire_fault_set(fault, -ECONNRESET, "the server %s is gone: %s",
		       net_client_target_servers(mock->options.target), mock->errors.last_error);
	pthread_mutex_unlock(&mock->errors.mutex);
	return -ECONNRESET;
}

int replay_mock_run(struct replay_mock *mock, struct wire_fault *fault)
{
	replay_wake_sharply();
	for (;;) {
		int64_t next_ns = send_due(mock);
		bool is_full = !net_client_push(mock->client);
		if (next_ns == 0 && !is_full)
			break;
		if (wait_until(mock, next_ns, is_full))
			break;
		if (net_client_is_closed(mock->client))
			return closed_fault(mock, fault);
	}
	net_client_confirm(mock->client, CONFIRM_MS);
	return 0;
}

/* ---- opening and closing ---- */

static int subscribe_all(struct replay_mock *mock, struct wire_fault *fault)
{
	size_t count;
	const struct replay_mock_subscription *wanted = replay_mock_index_subscriptions(mock->index, &count);
	mock->subscriptions = calloc(count + 1, sizeof *mock->subscriptions);
	if (!mock->subscriptions)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int error = net_client_subscribe(&mock->subscriptions[i], mock->client, wanted[i].subject,
						 wanted[i].queue, on_message, mock, fault);
		if (error)
			return error;
		mock->subscriptions_len++;
	}
	return net_client_confirm_subscriptions(mock->client, CONFIRM_MS, fault);
}

static int open_mock(struct replay_mock *mock, struct wire_fault *fault)
{
	mock->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mock->wake_fd < 0 || replay__mock_summary_init(&mock->summary) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory or of file descriptors");
	int status = net_client_loop_open(&mock->loop, fault);
	if (status == 0)
		status = net_client_open(&mock->client, mock->loop, mock->options.target, mock->options.name,
					 &mock->errors, fault);
	return status == 0 ? subscribe_all(mock, fault) : status;
}

int replay_mock_open(struct replay_mock **mock, struct replay_mock_index *index,
		     const struct replay_mock_options *options, struct wire_fault *fault)
{
	struct replay_mock *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->index = index;
	opened->options = *options;
	net_client_errors_init(&opened->errors);
	pthread_mutex_init(&opened->mutex, NULL);
	int status = open_mock(opened, fault);
	if (status == 0)
		*mock = opened;
	else
		replay_mock_close(opened);
	return status;
}

void replay_mock_close(struct replay_mock *mock)
{
	if (!mock)
		return;
	net_client_unsubscribe(mock->subscriptions, mock->subscriptions_len);
	net_client_loop_stop(mock->loop);
	net_client_close(mock->client);
	net_client_loop_close(mock->loop);
	free(mock->subscriptions);
	free(mock->scratch);
	replay__pending_replies_fini(&mock->pending);
	replay__mock_summary_fini(&mock->summary);
	net_client_errors_fini(&mock->errors);
	pthread_mutex_destroy(&mock->mutex);
	if (mock->wake_fd >= 0)
		close(mock->wake_fd);
	free(mock);
}

void replay_mock_get_report(struct replay_mock *mock, struct replay_mock_report *report)
{
	bool has_others = false;
	pthread_mutex_lock(&mock->mutex);
	for (int match = 0; match < REPLAY_MOCK_MATCHES; match++)
		has_others = has_others || mock->summary.counts[0].requests[match] > 0;
	*report = (struct replay_mock_report){
	    .total = mock->summary.total,
	    .subjects = mock->summary.counts + !has_others,
	    .subjects_len = mock->summary.counts_len - !has_others,
	    .unknown = mock->summary.unknown,
	    .unknown_len = mock->summary.unknown_len,
	    .without_reply = mock->without_reply,
	    .replies = mock->replies,
	    .failed = mock->failed,
	    .overflowed = mock->overflowed,
	    .disconnects = mock->errors.disconnects,
	    .not_permitted = mock->errors.not_permitted,
	    .other_errors = mock->errors.other_errors,
	};
	pthread_mutex_unlock(&mock->mutex);
	pthread_mutex_lock(&mock->errors.mutex);
	memcpy(report->last_error, mock->errors.last_error, sizeof report->last_error);
	pthread_mutex_unlock(&mock->errors.mutex);
}
