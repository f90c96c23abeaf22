#include "replay/diff/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "replay/diff/pair.h"
#include "store/read/steps.h"

enum {
	WINDOW = 65536,
	MEMORY_BYTES = 256 << 20,
	REQUESTS_MAX = 1 << 18, /* remembered, of each recording */
	EVENTS_PER_POLL = 1024, /* between two calls of options.stop */
};

struct replay_diff *replay_diff_open(const struct replay_diff_options *options)
{
	struct replay_diff *diff = calloc(1, sizeof *diff);
	if (!diff)
		return NULL;
	diff->options = *options;
	if (diff->options.window == 0)
		diff->options.window = WINDOW;
	if (diff->options.window > REPLAY_DIFF_WINDOW_MAX)
		diff->options.window = REPLAY_DIFF_WINDOW_MAX;
	if (diff->options.memory_bytes == 0)
		diff->options.memory_bytes = MEMORY_BYTES;
	diff->order = replay__order_open(diff->options.window, replay__diff_report_moved, diff);
	bool failed = !diff->order || replay__subjects_init(&diff->subjects) != 0;
	for (int side = 0; side < REPLAY_SIDES && !failed; side++) {
		struct replay__recording *recording = &diff->recordings[side];
		recording->counterpart_ns = recording->steady_ns = INT64_MIN;
		trace_requests_init(&recording->requests, REQUESTS_MAX, NULL, NULL);
		failed = replay__window_init(&recording->window) != 0;
	}
	if (!failed)
		return diff;
	replay_diff_close(diff);
	return NULL;
}

void replay_diff_close(struct replay_diff *diff)
{
	if (!diff)
		return;
	for (int side = 0; side < REPLAY_SIDES; side++) {
		replay__window_fini(&diff->recordings[side].window);
		trace_requests_fini(&diff->recordings[side].requests);
	}
	replay__subjects_fini(&diff->subjects);
	replay__order_close(diff->order);
	free(diff->list);
	free(diff);
}

/* The part of headers or payload that is kept. */
static struct wire_slice start_of(struct wire_slice bytes)
{
	return wire_slice(bytes.data,
			  bytes.len < REPLAY_DIFF_KEPT_BYTES ? bytes.len : REPLAY_DIFF_KEPT_BYTES);
}

static uint64_t add_to_hash(uint64_t hash, struct wire_slice text)
{
	return XXH3_64bits_withSeed(text.data, text.len, hash + text.len);
}

/* A receiver is identified by its name and its subscription, because connection numbers differ between recordings. */
static uint64_t receivers_hash(const struct replay__recording *recording, const struct wire_event *message)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; message->receivers && i < message->receivers_len; i++) {
		const struct wire_receiver *receiver = &message->receivers[i];
		if (receiver->outcome != WIRE_SENT)
			continue;
		const struct wire_client *client =
		    recording->source->client(recording->source, receiver->conn);
		uint64_t hash = add_to_hash(0, client ? client->name : wire_slice("", 0));
		sum += add_to_hash(add_to_hash(hash, receiver->sid), receiver->queue);
	}
	return sum;
}

static uint64_t conn_of(const struct replay__recording *recording, const struct wire_event *message)
{
	return wire_source_conn(recording->source, message->conn);
}

static struct replay_diff_message message_of(const struct replay_diff *diff, enum replay_diff_side side,
					     const struct wire_event *message)
{
	bool compares_each = diff->options.receivers == REPLAY_RECEIVERS_EACH;
	return (struct replay_diff_message){
	    .seq = message->seq,
	    .conn = conn_of(&diff->recordings[side], message),
	    .size = message->size,
	    .time_ns = message->time_ns,
	    .steady_ns = message->steady_ns,
	    .receivers = message->receiver_count,
	    .is_masked = (message->flags & WIRE_EVENT_MASKED) != 0,
	    .are_receivers_known = !(message->flags & WIRE_EVENT_RECEIVERS_UNKNOWN),
	    .are_receivers_listed = message->receivers || message->receiver_count == 0,
	    .receivers_hash = compares_each ? receivers_hash(&diff->recordings[side], message) : 0,
	    .subject = message->subject,
	    .reply = message->reply,
	    .headers = start_of(message->headers),
	    .payload = start_of(message->payload),
	};
}

/* The subject that counts a message; for a reply, that of its request. NULL when out of memory. */
static struct replay__subject *subject_of(struct replay_diff *diff, const struct wire_event *message,
					  const struct trace_request *request)
{
	if (request)
		return request->owner;
	if (diff->options.replies != REPLAY_REPLIES_EXACT &&
	    trace_is_inbox(&diff->options.inboxes, message->subject))
		return replay__subjects_get(&diff->subjects, WIRE_LITERAL(TRACE_INBOX_PATTERN), true);
	return replay__subjects_get(&diff->subjects, message->subject, false);
}

/* The request that a message to an inbox answers; NULL: none, or not known. Counts the latency of the first reply. */
static const struct trace_request *find_request(struct replay_diff *diff, enum replay_diff_side side,
						const struct wire_event *message)
{
	const struct trace_request *request = trace_requests_reply(&diff->recordings[side].requests, message);
	if (!request)
		return NULL;
	if (request->replies == 1 && !trace_is_no_responders(message))
		replay__subjects_add_latency(&diff->subjects, request->owner, side,
					     trace_reply_after_ns(request, message));
	return trace_is_inbox(&diff->options.inboxes, message->subject) ? request : NULL;
}

static int note_request(struct replay_diff *diff, enum replay_diff_side side,
			const struct wire_event *message, uint64_t key)
{
	struct replay__subject *replies = replay__subjects_get(&diff->subjects, message->subject, true);
	if (!replies)
		return -ENOMEM;
	return trace_requests_add(&diff->recordings[side].requests, message, key, replies);
}

/* Messages with unknown publishers may come from several. */
static void note_publisher(struct replay__subject *subject, enum replay_diff_side side,
			   const struct wire_event *message, uint64_t conn)
{
	if (message->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		subject->has_publishers = true;
	else if (subject->counts.messages[side] == 0)
		subject->publisher[side] = conn;
	else if (subject->publisher[side] != conn)
		subject->has_publishers = true;
}

static void note_time(struct replay__recording *recording, const struct wire_event *message)
{
	if (recording->messages == 0)
		recording->first_time_ns = message->time_ns;
	if (recording->messages > 0 && message->steady_ns < recording->steady_ns)
		return;
	recording->last_time_ns = message->time_ns;
	recording->steady_ns = message->steady_ns;
}

static int take_message(struct replay_diff *diff, enum replay_diff_side side,
			const struct wire_event *message)
{
	const struct trace_request *request = find_request(diff, side, message);
	struct replay__entry entry = {
	    .content = replay__content_hash(&diff->options, message),
	    .request = request && !request->is_shared ? request->key : 0,
	    .name = replay__subject_hash(message->subject),
	    .index = diff->recordings[side].messages,
	    .after_ns = diff->recordings[side].counterpart_ns,
	    .before_ns = INT64_MAX,
	    .is_incomplete = (message->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0,
	    .subject = subject_of(diff, message, request),
	    .message = message_of(diff, side, message),
	};
	if (!entry.subject)
		return -ENOMEM;
	entry.key = entry.request ? replay__reply_key(entry.content, entry.request) : entry.content;
	note_publisher(entry.subject, side, message, conn_of(&diff->recordings[side], message));
	entry.place = entry.subject->counts.messages[side]++;
	note_time(&diff->recordings[side], message);
	diff->recordings[side].messages++;
	int status = replay__diff_match(diff, side, &entry);
	if (status == 0 && message->reply.len > 0)
		status = note_request(diff, side, message, entry.key);
	return status;
}

/* Give up what waits when the other recording has ended and nothing waits there. */
static void give_up_hopeless(struct replay_diff *diff, enum replay_diff_side side)
{
	const struct replay__recording *other = &diff->recordings[replay_diff_other(side)];
	while (other->ended && !replay__window_oldest(&other->window) &&
	       replay__window_oldest(&diff->recordings[side].window))
		replay__diff_give_up(diff, side);
}

/* The side that gives up a message when memory is short: the one that is earlier, or without a common clock the one that
 * takes more. */
static enum replay_diff_side longest_waiting(const struct replay_diff *diff)
{
	const struct replay__window *a = &diff->recordings[REPLAY_A].window,
				    *b = &diff->recordings[REPLAY_B].window;
	const struct replay__entry *in_a = replay__window_oldest(a), *in_b = replay__window_oldest(b);
	if (!in_a || !in_b)
		return in_a ? REPLAY_A : REPLAY_B;
	if (diff->options.same_clock)
		return in_a->message.steady_ns <= in_b->message.steady_ns ? REPLAY_A : REPLAY_B;
	return a->bytes > b->bytes ? REPLAY_A : REPLAY_B;
}

static void give_up_for_memory(struct replay_diff *diff)
{
	const struct replay__window *a = &diff->recordings[REPLAY_A].window,
				    *b = &diff->recordings[REPLAY_B].window;
	while (a->bytes + b->bytes > diff->options.memory_bytes) {
		replay__diff_give_up_alone(diff, longest_waiting(diff));
		diff->short_of_memory++;
	}
}

/* Read one event of a side. 1, 0 at its end, or a negative code with *fault. */
static int read_one(struct replay_diff *diff, enum replay_diff_side side, struct wire_fault *fault)
{
	struct replay__recording *own = &diff->recordings[side];
	struct wire_event event;
	int status = own->source->next(own->source, &event, fault);
	if (status <= 0)
		return status;
	if (event.kind == WIRE_EVENT_GAP)
		replay__gaps_add(&own->gaps, &event);
	if (event.kind != WIRE_EVENT_MESSAGE)
		return 1;
	diff->lead += side == REPLAY_A ? 1 : -1;
	if (take_message(diff, side, &event) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	give_up_hopeless(diff, side);
	give_up_for_memory(diff);
	return 1;
}

/* Read the recording that lags, so that as few messages as possible wait. */
static enum replay_diff_side next_side(const struct replay_diff *diff)
{
	if (diff->recordings[REPLAY_A].ended || diff->recordings[REPLAY_B].ended)
		return diff->recordings[REPLAY_A].ended ? REPLAY_B : REPLAY_A;
	if (diff->options.same_clock)
		return diff->recordings[REPLAY_A].steady_ns <= diff->recordings[REPLAY_B].steady_ns
			   ? REPLAY_A
			   : REPLAY_B;
	return diff->lead > 0 ? REPLAY_B : REPLAY_A;
}

static bool should_stop(struct replay_diff *diff, uint64_t events)
{
	if (diff->options.stop && events % EVENTS_PER_POLL == 0)
		diff->stopped = diff->options.stop(diff->options.context);
	return diff->stopped;
}

static int read_all(struct replay_diff *diff, struct wire_fault *fault)
{
	for (uint64_t events = 1; !diff->recordings[REPLAY_A].ended || !diff->recordings[REPLAY_B].ended;
	     events++) {
		enum replay_diff_side side = next_side(diff);
		int status = read_one(diff, side, fault);
		if (status < 0)
			return status;
		diff->recordings[side].ended = status == 0;
		if (should_stop(diff, events))
			break;
	}
	return 0;
}

/* Give up the messages that are left, unless the comparison was stopped: then they say nothing. */
static void finish(struct replay_diff *diff)
{
	for (int side = 0; side < REPLAY_SIDES && !diff->stopped; side++)
		while (replay__window_oldest(&diff->recordings[side].window))
			replay__diff_give_up(diff, (enum replay_diff_side)side);
	replay__order_end(diff->order);
}

int replay_diff_run(struct replay_diff *diff, struct wire_source *a, struct wire_source *b,
		    replay_difference_found *found, void *context, struct wire_fault *fault)
{
	diff->recordings[REPLAY_A].source = a;
	diff->recordings[REPLAY_B].source = b;
	diff->found = found;
	diff->context = context;
	int status = read_all(diff, fault);
	if (status == 0)
		finish(diff);
	return status;
}
