#include "replay/mock/mock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "replay/mock/queue.h"
#include "replay/mock/tally.h"
#include "replay/play/connection.h"
#include "replay/play/pace.h"
#include "replay/play/schedule.h"
#include "wire/headers.h"

enum {
	CONFIRM_MS = 5000,       /* for the server to have taken all subscriptions */
	FULL_MS = 5,             /* between two tries when the kernel takes no more */
	LOOK_MS = 200,           /* between two looks whether the connection is still there */
	PUBLISHES_PER_PUSH = 256 /* at most */
};

struct replay_mock {
	struct replay_mock_index *index;
	struct replay_mock_options options;
	struct replay_loop *loop;
	struct replay_connection *connection;
	struct replay_troubles troubles;
	natsSubscription **subscriptions;
	size_t subscriptions_len;
	int wake_fd;   /* a reply is due earlier than the sender knows, or the limit is reached */
	char *scratch; /* owned: a header block made anew */
	size_t scratch_bytes;
	uint64_t replies, failed; /* the sender's */

	pthread_mutex_t mutex; /* for the index and what follows */
	struct replay__queue queue;
	struct replay__mock_tally tally;
	uint64_t number;
	uint64_t requests, without_reply, overflowed;
	bool is_complete; /* the limit is reached */
	size_t active;    /* subscriptions that may call on_message */
	pthread_cond_t ended;
};

/* ---- receiving: in libnats' thread ---- */

static int64_t scale(const struct replay_mock *mock, int64_t ns)
{
	if (mock->options.speed == 0)
		return 0;
	return (int64_t)((double)ns * REPLAY_SPEED_ONE / (double)mock->options.speed);
}

/* When the reply behind due->reply is due, false when there is none. */
static bool find_next(const struct replay_mock *mock, struct replay__due *due)
{
	struct replay_mock_reply reply;
	int64_t at = due->reply;
	if (!replay_mock_index_reply(mock->index, due->conversation, &at, &reply))
		return false;
	due->due_ns = due->asked_ns + scale(mock, reply.after_ns);
	return true;
}

/* Let the replies wait for their time. Takes the inbox. */
static void enqueue(struct replay_mock *mock, struct replay__due *due)
{
	bool is_wanted = due->conversation == REPLAY_MOCK_NONE || find_next(mock, due);
	if (is_wanted && mock->queue.len < REPLAY_MOCK_WAITING_MAX &&
	    replay__queue_put(&mock->queue, due) == 0)
		return;
	mock->overflowed += is_wanted;
	free(due->inbox);
}

/* What a miss gets: *conversation is what was played last on the subject. False: nothing. */
static bool settle_miss(const struct replay_mock *mock, int64_t *conversation)
{
	switch (mock->options.on_miss) {
	case REPLAY_MOCK_SILENT: return false;
	case REPLAY_MOCK_LAST: return true;
	case REPLAY_MOCK_NO_RESPONDERS: break;
	}
	*conversation = REPLAY_MOCK_NONE;
	return true;
}

static void take_request(struct replay_mock *mock, natsMsg *msg, int64_t now_ns)
{
	struct wire_slice subject = wire_slice_str(natsMsg_GetSubject(msg));
	struct wire_slice payload = wire_slice(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg));
	struct replay__due due = {
	    .due_ns = now_ns, .asked_ns = now_ns, .number = mock->number++, .reply = REPLAY_MOCK_NONE};
	enum replay_mock_match match =
	    replay_mock_index_ask(mock->index, subject, payload, &due.conversation);
	replay__mock_tally_add(&mock->tally, subject, payload, match);
	mock->requests++;
	if (match == REPLAY_MOCK_MISS && !settle_miss(mock, &due.conversation))
		return;
	due.inbox = strdup(natsMsg_GetReply(msg));
	if (due.inbox)
		enqueue(mock, &due);
	else
		mock->overflowed++;
}

/* What comes when the limit is reached is left alone: another member of the group will have to answer. */
static void on_message(natsConnection *nats, natsSubscription *subscription, natsMsg *msg, void *context)
{
	struct replay_mock *mock = context;
	int64_t now_ns = replay_now_ns();
	(void)nats;
	(void)subscription;
	pthread_mutex_lock(&mock->mutex);
	if (!natsMsg_GetReply(msg))
		mock->without_reply++;
	else if (!mock->is_complete)
		take_request(mock, msg, now_ns);
	mock->is_complete = mock->options.limit > 0 && mock->requests >= mock->options.limit;
	pthread_mutex_unlock(&mock->mutex);
	natsMsg_Destroy(msg);
	eventfd_write(mock->wake_fd, 1);
}

/* No call of on_message is under way for a subscription, nor will be. */
static void on_complete(void *context)
{
	struct replay_mock *mock = context;
	pthread_mutex_lock(&mock->mutex);
	mock->active--;
	pthread_cond_signal(&mock->ended);
	pthread_mutex_unlock(&mock->mutex);
}

/* ---- sending: in the thread that runs the mock ---- */

/* A block with a status line, with the status as headers; other blocks as they are. NULL data when out of memory. */
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
	const struct replay_message message = {
	    .subject = inbox, .headers = without_status(mock, reply->headers), .payload = reply->payload};
	if (replay_connection_publish(mock->connection, &message) == NATS_OK)
		mock->replies++;
	else
		mock->failed++;
}

/* Send what is due of one conversation, and let the rest wait. The mutex is held. */
static void send_one(struct replay_mock *mock)
{
	struct replay_mock_reply reply = {.headers = WIRE_LITERAL("NATS/1.0 503\r\n\r\n")};
	struct replay__due due;
	replay__queue_take(&mock->queue, &due);
	if (due.conversation != REPLAY_MOCK_NONE)
		replay_mock_index_reply(mock->index, due.conversation, &due.reply, &reply);
	publish(mock, due.inbox, &reply);
	if (due.conversation != REPLAY_MOCK_NONE && find_next(mock, &due) &&
	    replay__queue_put(&mock->queue, &due) == 0)
		return;
	free(due.inbox);
}

/* Publish what is due. Returns when the next one is: REPLAY_NEVER_NS for never; 0 when there is nothing more to do. */
static int64_t send_due(struct replay_mock *mock)
{
	int64_t now_ns = replay_now_ns(), next_ns = 0;
	bool is_complete;
	pthread_mutex_lock(&mock->mutex);
	for (int i = 0; i < PUBLISHES_PER_PUSH; i++) {
		if (!replay__queue_next(&mock->queue, &next_ns) || next_ns > now_ns)
			break;
		send_one(mock);
	}
	is_complete = mock->is_complete;
	if (!replay__queue_next(&mock->queue, &next_ns))
		next_ns = is_complete ? 0 : REPLAY_NEVER_NS;
	pthread_mutex_unlock(&mock->mutex);
	return next_ns;
}

/* Wait for the next reply's time, for a request, or for the end. True when it is time to end. */
static bool wait_until(struct replay_mock *mock, int64_t due_ns, bool is_full)
{
	struct pollfd fds[] = {{.fd = mock->options.stop_fd, .events = POLLIN},
			       {.fd = mock->wake_fd, .events = POLLIN}};
	int64_t most_ns = (is_full ? FULL_MS : LOOK_MS) * INT64_C(1000000),
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
	pthread_mutex_lock(&mock->troubles.mutex);
	wire_fault_set(fault, -ECONNRESET, "the server is gone: %s", mock->troubles.last_error);
	pthread_mutex_unlock(&mock->troubles.mutex);
	return -ECONNRESET;
}

int replay_mock_run(struct replay_mock *mock, struct wire_fault *fault)
{
	replay_wake_sharply();
	for (;;) {
		int64_t next_ns = send_due(mock);
		bool is_full = !replay_connection_push(mock->connection);
		if (next_ns == 0 && !is_full)
			break;
		if (wait_until(mock, next_ns, is_full))
			break;
		if (replay_connection_is_closed(mock->connection))
			return closed_fault(mock, fault);
	}
	replay_connection_confirm(mock->connection, CONFIRM_MS);
	return 0;
}

/* ---- opening and closing ---- */

static natsStatus subscribe(struct replay_mock *mock, const struct replay_mock_subscription *wanted,
			    natsSubscription **subscription)
{
	natsConnection *nats = mock->connection->nats;
	if (wanted->queue[0])
		return natsConnection_QueueSubscribe(subscription, nats, wanted->subject, wanted->queue,
						     on_message, mock);
	return natsConnection_Subscribe(subscription, nats, wanted->subject, on_message, mock);
}

static void watch_end(struct replay_mock *mock, natsSubscription *subscription)
{
	pthread_mutex_lock(&mock->mutex);
	if (natsSubscription_SetOnCompleteCB(subscription, on_complete, mock) == NATS_OK)
		mock->active++;
	pthread_mutex_unlock(&mock->mutex);
}

static int subscribe_all(struct replay_mock *mock, struct wire_fault *fault)
{
	size_t count;
	const struct replay_mock_subscription *wanted = replay_mock_index_subscriptions(mock->index, &count);
	mock->subscriptions = calloc(count + 1, sizeof(natsSubscription *));
	if (!mock->subscriptions)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		natsStatus status = subscribe(mock, &wanted[i], &mock->subscriptions[i]);
		if (status != NATS_OK)
			return wire_fault_set(fault, -EACCES, "cannot subscribe to \"%s\": %s",
					      wanted[i].subject, natsStatus_GetText(status));
		mock->subscriptions_len++;
		watch_end(mock, mock->subscriptions[i]);
	}
	while (!replay_connection_push(mock->connection))
		replay_connection_wait(mock->connection, FULL_MS);
	natsStatus status = natsConnection_FlushTimeout(mock->connection->nats, CONFIRM_MS);
	if (status != NATS_OK)
		return wire_fault_set(fault, -ECONNREFUSED, "cannot subscribe: %s",
				      natsStatus_GetText(status));
	return 0;
}

static int open_mock(struct replay_mock *mock, struct wire_fault *fault)
{
	mock->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (mock->wake_fd < 0 || replay__mock_tally_init(&mock->tally) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory or of file descriptors");
	int status = replay_loop_open(&mock->loop, fault);
	if (status == 0)
		status = replay_connection_open(&mock->connection, mock->loop, mock->options.nats,
						mock->options.name, &mock->troubles, fault);
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
	replay_troubles_init(&opened->troubles);
	pthread_mutex_init(&opened->mutex, NULL);
	pthread_cond_init(&opened->ended, NULL);
	int status = open_mock(opened, fault);
	if (status == 0)
		*mock = opened;
	else
		replay_mock_close(opened);
	return status;
}

/* libnats calls from a thread of its own; the mock must be there until that is over. */
static void unsubscribe_all(struct replay_mock *mock)
{
	for (size_t i = 0; i < mock->subscriptions_len; i++)
		natsSubscription_Destroy(mock->subscriptions[i]);
	pthread_mutex_lock(&mock->mutex);
	while (mock->active > 0)
		pthread_cond_wait(&mock->ended, &mock->mutex);
	pthread_mutex_unlock(&mock->mutex);
}

void replay_mock_close(struct replay_mock *mock)
{
	if (!mock)
		return;
	unsubscribe_all(mock);
	replay_loop_stop(mock->loop);
	replay_connection_close(mock->connection);
	replay_loop_close(mock->loop);
	free(mock->subscriptions);
	free(mock->scratch);
	replay__queue_fini(&mock->queue);
	replay__mock_tally_fini(&mock->tally);
	replay_troubles_fini(&mock->troubles);
	pthread_mutex_destroy(&mock->mutex);
	pthread_cond_destroy(&mock->ended);
	if (mock->wake_fd >= 0)
		close(mock->wake_fd);
	free(mock);
}

void replay_mock_tell(struct replay_mock *mock, struct replay_mock_report *report)
{
	bool has_others = false;
	pthread_mutex_lock(&mock->mutex);
	for (int match = 0; match < REPLAY_MOCK_MATCHES; match++)
		has_others = has_others || mock->tally.counts[0].requests[match] > 0;
	*report = (struct replay_mock_report){
	    .total = mock->tally.total,
	    .subjects = mock->tally.counts + !has_others,
	    .subjects_len = mock->tally.counts_len - !has_others,
	    .unknown = mock->tally.unknown,
	    .unknown_len = mock->tally.unknown_len,
	    .without_reply = mock->without_reply,
	    .replies = mock->replies,
	    .failed = mock->failed,
	    .overflowed = mock->overflowed,
	    .disconnects = mock->troubles.disconnects,
	    .not_permitted = mock->troubles.not_permitted,
	    .other_errors = mock->troubles.other_errors,
	};
	pthread_mutex_unlock(&mock->mutex);
	pthread_mutex_lock(&mock->troubles.mutex);
	memcpy(report->last_error, mock->troubles.last_error, sizeof report->last_error);
	pthread_mutex_unlock(&mock->troubles.mutex);
}
