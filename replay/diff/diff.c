#include "replay/diff/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "replay/diff/state.h"
#include "store/read/steps.h"

enum {
	WINDOW = 65536,
	MEMORY_BYTES = 256 << 20,
	EVENTS_PER_LOOK = 1024, /* between two questions whether to stop */
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
	diff->order = replay__order_open(diff->options.window, replay__diff_moved, diff);
	bool failed = !diff->order || replay__subjects_init(&diff->subjects) != 0;
	for (int side = 0; side < REPLAY_SIDES && !failed; side++) {
		diff->sides[side].like_ns = diff->sides[side].steady_ns = INT64_MIN;
		failed = replay__window_init(&diff->sides[side].window) != 0;
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
		replay__window_fini(&diff->sides[side].window);
		replay__requests_fini(&diff->sides[side].requests);
	}
	replay__subjects_fini(&diff->subjects);
	replay__order_close(diff->order);
	free(diff->list);
	free(diff);
}

/* At most so many of its bytes are kept. */
static struct wire_slice start_of(struct wire_slice bytes)
{
	return wire_slice(bytes.data,
			  bytes.len < REPLAY_DIFF_KEPT_BYTES ? bytes.len : REPLAY_DIFF_KEPT_BYTES);
}

static uint64_t add_to_hash(uint64_t hash, struct wire_slice text)
{
	return XXH3_64bits_withSeed(text.data, text.len, hash + text.len);
}

/* Connection numbers are a recording's own: a receiver is known by its name and its subscription. */
static uint64_t receivers_hash(const struct replay__side *side, const struct wire_event *message)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; message->receivers && i < message->receivers_len; i++) {
		const struct wire_receiver *receiver = &message->receivers[i];
		if (receiver->outcome != WIRE_SENT)
			continue;
		const struct wire_client *client = side->source->client(side->source, receiver->conn);
		uint64_t hash = add_to_hash(0, client ? client->name : wire_slice("", 0));
		sum += add_to_hash(add_to_hash(hash, receiver->sid), receiver->queue);
	}
	return sum;
}

static struct replay_sighting sighting_of(const struct replay_diff *diff, enum replay_diff_side side,
					  const struct wire_event *message)
{
	bool compares_each = diff->options.receivers == REPLAY_RECEIVERS_EACH;
	return (struct replay_sighting){
	    .seq = message->seq,
	    .conn = message->conn,
	    .size = message->size,
	    .time_ns = message->time_ns,
	    .steady_ns = message->steady_ns,
	    .receivers = message->receiver_count,
	    .is_masked = (message->flags & WIRE_EVENT_MASKED) != 0,
	    .are_receivers_known = !(message->flags & WIRE_EVENT_RECEIVERS_UNKNOWN),
	    .are_receivers_listed = message->receivers || message->receiver_count == 0,
	    .receivers_hash = compares_each ? receivers_hash(&diff->sides[side], message) : 0,
	    .subject = message->subject,
	    .reply = message->reply,
	    .headers = start_of(message->headers),
	    .payload = start_of(message->payload),
	};
}

/* The entry that a message is counted in: a reply's is that of its request. NULL when out of memory. */
static struct replay__subject *subject_of(struct replay_diff *diff, const struct wire_event *message,
					  const struct replay__request *request)
{
	if (request)
		return request->replies;
	if (diff->options.replies != REPLAY_REPLIES_EXACT &&
	    replay__is_inbox(&diff->options, message->subject))
		return replay__subjects_get(&diff->subjects, WIRE_LITERAL("_INBOX.>"), true);
	return replay__subjects_get(&diff->subjects, message->subject, false);
}

/* The request that a message answers; NULL: none, or not known. Notes how long the first answer took. */
static const struct replay__request *find_request(struct replay_diff *diff, enum replay_diff_side side,
						  const struct wire_event *message, uint64_t name)
{
	struct replay__request *request = replay__requests_find(&diff->sides[side].requests, name);
	if (!request)
		return NULL;
	if (!request->is_answered)
		replay__subjects_add_latency(&diff->subjects, request->replies, side,
					     store_time_minus(message->steady_ns, request->time_ns));
	request->is_answered = true;
	return replay__is_inbox(&diff->options, message->subject) ? request : NULL;
}

static int note_request(struct replay_diff *diff, enum replay_diff_side side,
			const struct wire_event *message, uint64_t key)
{
	struct replay__request request = {.inbox = replay__subject_hash(message->reply),
					  .key = key,
					  .time_ns = message->steady_ns,
					  .replies =
					      replay__subjects_get(&diff->subjects, message->subject, true)};
	struct replay__request forgotten;
	if (!request.replies)
		return -ENOMEM;
	return replay__requests_put(&diff->sides[side].requests, &request, &forgotten) < 0 ? -ENOMEM : 0;
}

/* Messages whose publishers are not known may come from several. */
static void note_publisher(struct replay__subject *subject, enum replay_diff_side side,
			   const struct wire_event *message)
{
	if (message->flags & WIRE_EVENT_PUBLISHER_UNKNOWN)
		subject->has_publishers = true;
	else if (subject->counts.messages[side] == 0)
		subject->publisher[side] = message->conn;
	else if (subject->publisher[side] != message->conn)
		subject->has_publishers = true;
}

static void note_time(struct replay__side *side, const struct wire_event *message)
{
	if (side->messages == 0)
		side->first_time_ns = message->time_ns;
	if (side->messages > 0 && message->steady_ns < side->steady_ns)
		return;
	side->last_time_ns = message->time_ns;
	side->steady_ns = message->steady_ns;
}

static int take_message(struct replay_diff *diff, enum replay_diff_side side,
			const struct wire_event *message)
{
	const uint64_t name = replay__subject_hash(message->subject);
	const struct replay__request *request = find_request(diff, side, message, name);
	struct replay__entry entry = {
	    .content = replay__content(&diff->options, message),
	    .request = request && !request->is_shared ? request->key : 0,
	    .name = name,
	    .index = diff->sides[side].messages,
	    .after_ns = diff->sides[side].like_ns,
	    .before_ns = INT64_MAX,
	    .is_incomplete = (message->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0,
	    .subject = subject_of(diff, message, request),
	    .sighting = sighting_of(diff, side, message),
	};
	if (!entry.subject)
		return -ENOMEM;
	entry.key = entry.request ? replay__answer_key(entry.content, entry.request) : entry.content;
	note_publisher(entry.subject, side, message);
	entry.place = entry.subject->counts.messages[side]++;
	note_time(&diff->sides[side], message);
	diff->sides[side].messages++;
	int status = replay__diff_take(diff, side, &entry);
	if (status == 0 && message->reply.len > 0)
		status = note_request(diff, side, message, entry.key);
	return status;
}

/* When the other side has ended and nothing waits there, nothing can turn up any more. */
static void give_up_hopeless(struct replay_diff *diff, enum replay_diff_side side)
{
	const struct replay__side *other = &diff->sides[replay__other(side)];
	while (other->ended && !replay__window_oldest(&other->window) &&
	       replay__window_oldest(&diff->sides[side].window))
		replay__diff_give_up(diff, side);
}

/* The side to give something up when memory is short: by time where that tells, else the one that takes more. */
static enum replay_diff_side longest_waiting(const struct replay_diff *diff)
{
	const struct replay__window *a = &diff->sides[REPLAY_A].window, *b = &diff->sides[REPLAY_B].window;
	const struct replay__entry *in_a = replay__window_oldest(a), *in_b = replay__window_oldest(b);
	if (!in_a || !in_b)
		return in_a ? REPLAY_A : REPLAY_B;
	if (diff->options.same_clock)
		return in_a->sighting.steady_ns <= in_b->sighting.steady_ns ? REPLAY_A : REPLAY_B;
	return a->bytes > b->bytes ? REPLAY_A : REPLAY_B;
}

static void give_up_for_memory(struct replay_diff *diff)
{
	const struct replay__window *a = &diff->sides[REPLAY_A].window, *b = &diff->sides[REPLAY_B].window;
	while (a->bytes + b->bytes > diff->options.memory_bytes) {
		replay__diff_give_up_unread(diff, longest_waiting(diff));
		diff->short_of_memory++;
	}
}

/* Read one event of a side. 1, 0 at its end, or a negative code with *fault. */
static int read_one(struct replay_diff *diff, enum replay_diff_side side, struct wire_fault *fault)
{
	struct replay__side *own = &diff->sides[side];
	struct wire_event event;
	int status = own->source->next(own->source, &event, fault);
	if (status <= 0)
		return status;
	if (event.kind == WIRE_EVENT_GAP)
		replay__losses_add(&own->losses, &event);
	if (event.kind != WIRE_EVENT_MESSAGE)
		return 1;
	diff->lead += side == REPLAY_A ? 1 : -1;
	if (take_message(diff, side, &event) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	give_up_hopeless(diff, side);
	give_up_for_memory(diff);
	return 1;
}

/* The side that is behind, so that as little as possible waits. */
static enum replay_diff_side next_side(const struct replay_diff *diff)
{
	if (diff->sides[REPLAY_A].ended || diff->sides[REPLAY_B].ended)
		return diff->sides[REPLAY_A].ended ? REPLAY_B : REPLAY_A;
	if (diff->options.same_clock)
		return diff->sides[REPLAY_A].steady_ns <= diff->sides[REPLAY_B].steady_ns ? REPLAY_A
											  : REPLAY_B;
	return diff->lead > 0 ? REPLAY_B : REPLAY_A;
}

static bool should_stop(struct replay_diff *diff, uint64_t events)
{
	if (diff->options.stop && events % EVENTS_PER_LOOK == 0)
		diff->stopped = diff->options.stop(diff->options.context);
	return diff->stopped;
}

static int read_all(struct replay_diff *diff, struct wire_fault *fault)
{
	for (uint64_t events = 1; !diff->sides[REPLAY_A].ended || !diff->sides[REPLAY_B].ended; events++) {
		enum replay_diff_side side = next_side(diff);
		int status = read_one(diff, side, fault);
		if (status < 0)
			return status;
		diff->sides[side].ended = status == 0;
		if (should_stop(diff, events))
			break;
	}
	return 0;
}

/* Give up what is left; but where the comparison was broken off, that says nothing. */
static void finish(struct replay_diff *diff)
{
	for (int side = 0; side < REPLAY_SIDES && !diff->stopped; side++)
		while (replay__window_oldest(&diff->sides[side].window))
			replay__diff_give_up(diff, (enum replay_diff_side)side);
	replay__order_end(diff->order);
}

int replay_diff_run(struct replay_diff *diff, struct wire_source *a, struct wire_source *b,
		    replay_difference_found *found, void *context, struct wire_fault *fault)
{
	diff->sides[REPLAY_A].source = a;
	diff->sides[REPLAY_B].source = b;
	diff->found = found;
	diff->context = context;
	int status = read_all(diff, fault);
	if (status == 0)
		finish(diff);
	return status;
}
