#include "replay/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/pace.h"

/* ---- opening and closing ---- */

/* The name of a recorded client, with ours behind it, so that nobody takes the one for the other. */
static void connection_name(const struct replay_player_options *options, uint32_t index, char *name,
			    size_t size)
{
	if (options->roster)
		snprintf(name, size, "%s (%s)", options->roster->list[index].name, options->name);
	else
		snprintf(name, size, "%s", options->name);
}

int replay_sender_open(struct replay_sender *sender, const struct replay_player_options *options,
		       struct replay_report *report, struct wire_fault *fault)
{
	uint32_t wanted = options->roster && options->roster->count > 0 ? options->roster->count : 1;
	char name[256];

	*sender = (struct replay_sender){.report = report, .tolerance_ns = options->tolerance_ns};
	replay_troubles_init(&sender->troubles);
	sender->connections = calloc(wanted, sizeof(struct replay_connection *));
	if (!sender->connections)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = replay_loop_open(&sender->loop, fault);
	for (; sender->count < wanted && !error; sender->count += !error) {
		connection_name(options, sender->count, name, sizeof(name));
		error = replay_connection_open(&sender->connections[sender->count], sender->loop,
					       options->nats, name, &sender->troubles, fault);
	}
	return error;
}

void replay_sender_close(struct replay_sender *sender)
{
	replay_loop_stop(sender->loop);
	for (uint32_t i = 0; i < sender->count; i++)
		replay_connection_close(sender->connections[i]);
	replay_loop_close(sender->loop);
	free(sender->connections);
	replay_troubles_fini(&sender->troubles);
}

/* ---- sending ---- */

static enum replay_failure failure_of(natsStatus status)
{
	switch (status) {
	case NATS_MAX_PAYLOAD: return REPLAY_FAIL_TOO_LARGE;
	case NATS_INVALID_ARG: return REPLAY_FAIL_HEADERS;
	case NATS_NO_SERVER_SUPPORT: return REPLAY_FAIL_NO_HEADERS;
	default: return REPLAY_FAIL_OTHER;
	}
}

enum replay_sent replay_sender_send(struct replay_sender *sender, const struct replay_message *message,
				    int64_t due_ns)
{
	struct replay_connection *connection = sender->connections[message->connection];
	bool was_dirty = connection->dirty;
	natsStatus status = replay_connection_publish(connection, message);

	if (status == NATS_INSUFFICIENT_BUFFER)
		return REPLAY_AWAY;
	if (status == NATS_CONNECTION_CLOSED)
		return REPLAY_CLOSED;
	if (status != NATS_OK) {
		sender->report->failed[failure_of(status)]++;
		return REPLAY_FAILED;
	}
	if (!was_dirty)
		sender->dirty[sender->dirty_count++] = connection;
	sender->due_ns[sender->pending++] = due_ns;
	sender->pending_bytes += message->headers.len + message->payload.len;
	return REPLAY_SENT;
}

bool replay_sender_is_full(const struct replay_sender *sender)
{
	return sender->pending == REPLAY_SENDER_PENDING ||
	       sender->pending_bytes >= REPLAY_SENDER_PENDING_BYTES;
}

static void count_left(struct replay_sender *sender)
{
	struct replay_report *report = sender->report;
	int64_t left_ns = replay_now_ns();

	if (sender->first_left_ns == 0)
		sender->first_left_ns = left_ns;
	sender->last_left_ns = left_ns;
	for (uint32_t i = 0; i < sender->pending && report->timed; i++) {
		int64_t lag_ns = left_ns - sender->due_ns[i];
		replay_histogram_add(&report->lag, lag_ns);
		report->late += lag_ns > sender->tolerance_ns;
	}
	report->sent += sender->pending;
	report->sent_bytes += sender->pending_bytes;
	sender->pending = 0;
	sender->pending_bytes = 0;
}

bool replay_sender_push(struct replay_sender *sender)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < sender->dirty_count; i++) {
		struct replay_connection *connection = sender->dirty[i];
		if (!replay_connection_push(connection))
			sender->dirty[left++] = connection;
	}
	sender->dirty_count = left;
	if (left == 0 && sender->pending > 0)
		count_left(sender);
	return left == 0;
}

void replay_sender_wait(const struct replay_sender *sender, int timeout_ms)
{
	replay_connection_wait(sender->dirty[0], timeout_ms);
}

bool replay_sender_confirm(struct replay_sender *sender, int64_t timeout_ms)
{
	int64_t end_ns = replay_now_ns() + timeout_ms * 1000000;
	bool confirmed = true;

	for (uint32_t i = 0; i < sender->count; i++) {
		int64_t left_ms = (end_ns - replay_now_ns()) / 1000000;
		confirmed &= replay_connection_confirm(sender->connections[i], left_ms > 1 ? left_ms : 1);
	}
	return confirmed;
}
