#include "replay/play/sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "replay/play/pace.h"

enum {
	SUBSCRIBE_MS = 5000,
	CONFIRM_EVERY_MS = 250, /* a lost connection makes about as much doubtful */
	CONFIRM_MS = 1000,
};

/* ---- confirming ---- */

/* Wait until the next confirmation is due. False when the sender closes. */
static bool wait_to_confirm(struct replay_sender *sender)
{
	int64_t at_ns = replay_now_ns() + CONFIRM_EVERY_MS * 1000000LL;
	const struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
	int status = 0;

	pthread_mutex_lock(&sender->mutex);
	while (!sender->is_closing && status == 0)
		status = pthread_cond_timedwait(&sender->closing, &sender->mutex, &at);
	bool is_closing = sender->is_closing;
	pthread_mutex_unlock(&sender->mutex);
	return !is_closing;
}

static void *confirm(void *context)
{
	struct replay_sender *sender = context;

	while (wait_to_confirm(sender))
		for (uint32_t i = 0; i < sender->count; i++)
			net_client_confirm(sender->connections[i], CONFIRM_MS);
	return NULL;
}

static int start_confirming(struct replay_sender *sender, struct wire_fault *fault)
{
	int error = pthread_create(&sender->confirmer, NULL, confirm, sender);

	sender->is_confirming = error == 0;
	return error ? wire_fault_set(fault, -error, "cannot start a thread: %s", wire_error_text(-error))
		     : 0;
}

static void stop_confirming(struct replay_sender *sender)
{
	if (!sender->is_confirming)
		return;
	pthread_mutex_lock(&sender->mutex);
	sender->is_closing = true;
	pthread_cond_signal(&sender->closing);
	pthread_mutex_unlock(&sender->mutex);
	pthread_join(sender->confirmer, NULL);
	sender->is_confirming = false;
}

/* ---- opening and closing ---- */

/* The name of a recorded client followed by ours, so that nobody takes the player for the client. */
static void connection_name(const struct replay_player_options *options, uint32_t index, char *name,
			    size_t size)
{
	if (options->publishers)
		snprintf(name, size, "%s (%s)", options->publishers->list[index].name, options->name);
	else
		snprintf(name, size, "%s", options->name);
}

static int listen_for_replies(struct replay_sender *sender, uint32_t index, struct wire_fault *fault)
{
	struct net_client *client = sender->connections[index];

	if (sender->acks) {
		int failed = replay_acks_subscribe(sender->acks, client, fault);
		return failed ? failed : net_client_confirm_subscriptions(client, SUBSCRIBE_MS, fault);
	}
	if (!sender->live)
		return 0;
	int error = replay_live_replies_subscribe(sender->live, client, index, fault);
	return error ? error : net_client_confirm_subscriptions(client, SUBSCRIBE_MS, fault);
}

static void init_locks(struct replay_sender *sender)
{
	pthread_condattr_t monotonic;

	net_client_errors_init(&sender->errors);
	pthread_mutex_init(&sender->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&sender->closing, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int replay_sender_open(struct replay_sender *sender, const struct replay_player_options *options,
		       struct replay_report *report, struct wire_fault *fault)
{
	uint32_t wanted =
	    options->publishers && options->publishers->count > 0 ? options->publishers->count : 1;
	char name[256];

	*sender = (struct replay_sender){.report = report,
					 .live = options->live,
					 .acks = options->acks,
					 .tolerance_ns = options->tolerance_ns};
	init_locks(sender);
	sender->connections = calloc(wanted, sizeof(struct net_client *));
	if (!sender->connections)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = net_client_loop_open(&sender->loop, fault);
	while (sender->count < wanted && !error) {
		connection_name(options, sender->count, name, sizeof(name));
		error = net_client_open(&sender->connections[sender->count], sender->loop, options->target,
					name, &sender->errors, fault);
		if (!error)
			error = listen_for_replies(sender, sender->count++, fault);
	}
	return error ? error : start_confirming(sender, fault);
}

void replay_sender_disconnect(struct replay_sender *sender)
{
	sender->errors.is_over = true;
	stop_confirming(sender);
	if (sender->live)
		replay_live_replies_unsubscribe(sender->live);
	if (sender->acks)
		replay_acks_unsubscribe(sender->acks);
	net_client_loop_stop(sender->loop);
	while (sender->count > 0)
		net_client_close(sender->connections[--sender->count]);
}

void replay_sender_close(struct replay_sender *sender)
{
	replay_sender_disconnect(sender);
	net_client_loop_close(sender->loop);
	free(sender->connections);
	pthread_cond_destroy(&sender->closing);
	pthread_mutex_destroy(&sender->mutex);
	net_client_errors_fini(&sender->errors);
}

/* ---- sending ---- */

static enum replay_failure failure_of(enum net_client_published result)
{
	switch (result) {
	case NET_CLIENT_TOO_LARGE: return REPLAY_FAIL_TOO_LARGE;
	case NET_CLIENT_BAD_HEADERS: return REPLAY_FAIL_HEADERS;
	case NET_CLIENT_NO_HEADERS: return REPLAY_FAIL_NO_HEADERS;
	default: return REPLAY_FAIL_OTHER;
	}
}

static enum replay_sent fail(struct replay_sender *sender, const struct replay_message *message,
			     enum net_client_published result)
{
	if (result == NET_CLIENT_AWAY)
		return REPLAY_AWAY;
	if (result == NET_CLIENT_CLOSED)
		return REPLAY_CLOSED;
	sender->report->failed[failure_of(result)]++;
	if (message->request)
		replay_live_replies_not_sent(sender->live, message->request);
	return REPLAY_FAILED;
}

enum replay_sent replay_sender_send(struct replay_sender *sender, const struct replay_message *message,
				    int64_t due_ns)
{
	struct net_client *client = sender->connections[message->connection];
	struct net_client_message sent = {.subject = message->subject,
					  .reply = message->reply,
					  .headers = message->headers,
					  .payload = message->payload};
	bool was_dirty = net_client_is_dirty(client);

	if (message->request)
		replay_live_replies_sent(sender->live, message->request, due_ns);
	if (sender->acks)
		sent.reply = replay_acks_add(sender->acks, message->seq, replay_now_ns());
	enum net_client_published result = net_client_publish(client, &sent);
	if (result != NET_CLIENT_COLLECTED && sender->acks)
		replay_acks_remove_last(sender->acks);
	if (result != NET_CLIENT_COLLECTED)
		return fail(sender, message, result);
	if (!was_dirty)
		sender->dirty[sender->dirty_count++] = client;
	sender->due_ns[sender->pending++] = due_ns;
	sender->pending_bytes += message->headers.len + message->payload.len;
	sender->pending_masked += message->is_masked;
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
		(void)trace_histogram_add(&report->lag, lag_ns);
		report->late += lag_ns > sender->tolerance_ns;
	}
	report->sent += sender->pending;
	report->sent_bytes += sender->pending_bytes;
	report->masked += sender->pending_masked;
	sender->pending = 0;
	sender->pending_bytes = sender->pending_masked = 0;
}

bool replay_sender_push(struct replay_sender *sender)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < sender->dirty_count; i++) {
		struct net_client *client = sender->dirty[i];
		if (!net_client_push(client))
			sender->dirty[left++] = client;
	}
	sender->dirty_count = left;
	if (left == 0 && sender->pending > 0)
		count_left(sender);
	return left == 0;
}

void replay_sender_wait(const struct replay_sender *sender, int timeout_ms)
{
	net_client_wait(sender->dirty[0], timeout_ms);
}

bool replay_sender_confirm(struct replay_sender *sender, int64_t timeout_ms)
{
	int64_t end_ns = replay_now_ns() + timeout_ms * 1000000;
	bool confirmed = true;

	for (uint32_t i = 0; i < sender->count; i++) {
		int64_t left_ms = (end_ns - replay_now_ns()) / 1000000;
		confirmed &= net_client_confirm(sender->connections[i], left_ms > 1 ? left_ms : 1);
	}
	return confirmed;
}
