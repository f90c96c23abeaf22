#include "replay/play/feed.h"

#include <errno.h>

/* Where the reading thread is. */
struct reading {
	struct replay_feed *feed;
	struct wire_source *source;
	struct replay_batch *batch; /* being filled, or NULL */
	uint64_t epoch;
	uint32_t iteration;
	int64_t since_ns; /* steady; events before it are skipped */
};

/* ---- batches ---- */

static void hand_over(struct reading *reading)
{
	if (!reading->batch)
		return;
	reading->batch->epoch = reading->epoch;
	replay_batch_queue_put(&reading->feed->queue, reading->batch);
	reading->batch = NULL;
}

/* Make sure that the batch has room for a message of this many bytes. 0, -ECANCELED when the player has stopped, or
 * -ENOMEM. */
static int make_room(struct reading *reading, size_t bytes)
{
	if (reading->batch && replay_batch_reserve(reading->batch, bytes))
		return 0;
	hand_over(reading);
	reading->batch = replay_batch_queue_take_empty(&reading->feed->queue);
	if (!reading->batch)
		return -ECANCELED;
	return replay_batch_reserve(reading->batch, bytes) ? 0 : -ENOMEM;
}

/* ---- events ---- */

/* Give a request that gets live replies an inbox of ours. Its id; 0 when it is no such request. */
static uint64_t replace_inbox(struct replay_feed *feed, const struct wire_event *event, uint32_t connection,
			      struct replay_rewritten *rewritten)
{
	struct replay_live_replies *live = feed->options.live;

	if (!live || !replay_live_replies_is_inbox(live, event->reply))
		return 0;
	return replay_live_replies_add_request(live, event, rewritten->subject, connection,
					       &rewritten->reply);
}

static int add_message(struct reading *reading, const struct wire_event *event, uint32_t clone)
{
	struct replay_feed *feed = reading->feed;
	const struct replay_publishers *publishers = feed->options.publishers;
	uint32_t connection =
	    publishers ? replay_publishers_find(publishers, wire_source_conn(reading->source, event->conn))
		       : 0;
	struct replay_rewritten rewritten;

	replay_rewrite(feed->options.rewrite, event, clone, &rewritten);
	uint64_t request = replace_inbox(feed, event, connection, &rewritten);
	int error = make_room(reading, rewritten.subject.len + rewritten.reply.len + 2 +
					   rewritten.headers.len + event->payload.len);
	if (error)
		return error;
	struct replay_batch *batch = reading->batch;
	struct replay_message *message = &batch->messages[batch->count++];
	*message = (struct replay_message){
	    .recorded_ns = event->time_ns,
	    .steady_ns = event->steady_ns,
	    .seq = event->seq,
	    .subject = replay_batch_put_text(batch, rewritten.subject),
	    .reply = rewritten.reply.len > 0 ? replay_batch_put_text(batch, rewritten.reply) : NULL,
	    .connection = connection,
	    .request = request,
	    .is_masked = (event->flags & WIRE_EVENT_MASKED) != 0,
	    .iteration = reading->iteration,
	};
	message->headers.len = rewritten.headers.len;
	message->headers.data = replay_batch_put(batch, rewritten.headers.data, rewritten.headers.len);
	message->payload.len = event->payload.len;
	message->payload.data = replay_batch_put(batch, event->payload.data, event->payload.len);
	return 0;
}

static int take_message(struct reading *reading, const struct wire_event *event)
{
	struct replay_feed *feed = reading->feed;
	const struct wire_client *client = NULL;

	if (feed->options.select->live)
		client = reading->source->client(reading->source, event->conn);
	bool is_wanted = replay_select_wants(feed->options.select, event, reading->source);
	if (feed->options.live)
		replay_live_replies_read_to(feed->options.live, event->steady_ns);
	bool is_reply =
	    feed->options.live && replay_live_replies_is_inbox(feed->options.live, event->subject);
	if (is_reply)
		replay_live_replies_add_recorded(feed->options.live, event);
	if (!is_wanted)
		return 0;
	if (feed->counts.messages++ == 0)
		feed->origin_ns = event->steady_ns;
	enum replay_omission omission =
	    is_reply ? REPLAY_OMIT_REPLY : replay_select_judge(feed->options.select, event, client);
	if (omission != REPLAY_PLAYED) {
		feed->counts.omitted[omission]++;
		return 0;
	}
	int error = 0;
	for (uint32_t clone = 1; clone <= feed->options.clones && !error; clone++)
		error = add_message(reading, event, clone);
	return error;
}

static void take_gap(struct reading *reading, const struct wire_event *event)
{
	reading->feed->counts.gaps++;
	reading->feed->counts.gap_messages += event->lost_messages;
	if (reading->feed->options.live)
		replay_live_replies_add_gap(reading->feed->options.live, event);
}

/* 0, -ECANCELED when the player has stopped, or -ENOMEM. */
static int take_event(struct reading *reading, const struct wire_event *event)
{
	if (event->steady_ns < reading->since_ns)
		return 0;
	if (event->kind == WIRE_EVENT_MESSAGE)
		return take_message(reading, event);
	if (event->kind == WIRE_EVENT_GAP)
		take_gap(reading, event);
	return 0;
}

/* ---- iterations ---- */

static bool has_new_epoch(struct replay_feed *feed)
{
	return __atomic_load_n(&feed->epoch_is_new, __ATOMIC_ACQUIRE);
}

static int read_source(struct reading *reading, struct wire_fault *fault)
{
	struct wire_event event;
	int status;

	while ((status = reading->source->next(reading->source, &event, fault)) > 0) {
		status = take_event(reading, &event);
		if (status < 0 || has_new_epoch(reading->feed))
			break;
	}
	if (status == -ENOMEM)
		return wire_fault_set(fault, status, "out of memory");
	return status == -ECANCELED || status > 0 ? 0 : status;
}

/* Add up the damage of the source, and note the steps of its clock. */
static void note_faults(struct reading *reading)
{
	struct wire_damage *sum = &reading->feed->counts.damage, damage;
	struct wire_steps steps = {0};

	reading->source->damage(reading->source, &damage);
	sum->places += damage.places;
	sum->events += damage.events;
	sum->deleted_places += damage.deleted_places;
	sum->deleted_events += damage.deleted_events;
	if (reading->source->steps)
		reading->source->steps(reading->source, &steps);
	if (steps.count > reading->feed->counts.steps.count) /* every iteration finds the same ones */
		reading->feed->counts.steps = steps;
}

static int run_iteration(struct reading *reading, int64_t since_ns, struct wire_fault *fault)
{
	const struct replay_input *input = &reading->feed->options.input;
	reading->since_ns = since_ns;
	int status = input->open(input->context, since_ns, &reading->source, fault);

	if (status < 0)
		return status;
	status = read_source(reading, fault);
	note_faults(reading);
	replay_input_close(input, reading->source);
	if (reading->feed->options.live)
		replay_live_replies_end_of_log(reading->feed->options.live);
	hand_over(reading);
	return status;
}

/* Begin the newest epoch. Returns the steady time at which it starts. */
static int64_t begin_epoch(struct reading *reading)
{
	struct replay_feed *feed = reading->feed;

	pthread_mutex_lock(&feed->queue.mutex);
	reading->epoch = feed->epoch;
	feed->epoch_is_new = false;
	int64_t since_ns = feed->seek_ns;
	if (reading->epoch > 0 && feed->options.live)
		replay_live_replies_cancel_unsent(feed->options.live);
	pthread_mutex_unlock(&feed->queue.mutex);
	/* A seek back from the end plays the last iteration again. */
	if (feed->options.iterations > 0 && reading->iteration >= feed->options.iterations)
		reading->iteration = (uint32_t)feed->options.iterations - 1;
	return since_ns;
}

/* Read until the iterations are done, a seek begins a new epoch, or the player stops. */
static int run_epoch(struct reading *reading, struct wire_fault *fault)
{
	struct replay_feed *feed = reading->feed;
	int64_t since_ns = begin_epoch(reading);
	int status = 0;

	while (status == 0 && !has_new_epoch(feed) && !replay_batch_queue_is_stopped(&feed->queue) &&
	       (feed->options.iterations == 0 || reading->iteration < feed->options.iterations)) {
		uint64_t before = feed->counts.messages;
		status = run_iteration(reading, since_ns, fault);
		since_ns = INT64_MIN;
		if (has_new_epoch(feed))
			break;
		reading->iteration++;
		if (feed->counts.messages == before)
			break; /* an empty log would be read for ever */
	}
	return status;
}

/* Wait for a seek after everything was read. False when the player stops first. */
static bool wait_for_epoch(struct replay_feed *feed)
{
	pthread_mutex_lock(&feed->queue.mutex);
	while (!feed->epoch_is_new && !feed->queue.stopped)
		pthread_cond_wait(&feed->queue.changed, &feed->queue.mutex);
	bool is_stopped = feed->queue.stopped;
	pthread_mutex_unlock(&feed->queue.mutex);
	return !is_stopped;
}

static void *feed_main(void *context)
{
	struct replay_feed *feed = context;
	struct reading reading = {.feed = feed};

	do {
		feed->status = run_epoch(&reading, &feed->fault);
		if (feed->status < 0 || !has_new_epoch(feed))
			replay_batch_queue_close(&feed->queue, feed->status < 0);
	} while (feed->status == 0 && wait_for_epoch(feed));
	return NULL;
}

int replay_feed_open(struct replay_feed *feed, const struct replay_feed_options *options,
		     struct wire_fault *fault)
{
	*feed = (struct replay_feed){.options = *options, .seek_ns = INT64_MIN};
	int error = replay_batch_queue_init(&feed->queue);
	if (!error)
		error = -pthread_create(&feed->thread, NULL, feed_main, feed);
	feed->running = !error;
	if (!error)
		return 0;
	replay_batch_queue_fini(&feed->queue);
	return wire_fault_set(fault, error, "cannot read ahead: %s", wire_error_text(error));
}

void replay_feed_stop(struct replay_feed *feed)
{
	if (!feed->running)
		return;
	replay_batch_queue_stop(&feed->queue);
	pthread_join(feed->thread, NULL);
	feed->running = false;
}

void replay_feed_close(struct replay_feed *feed)
{
	replay_feed_stop(feed);
	replay_batch_queue_fini(&feed->queue);
}

void replay_feed_seek(struct replay_feed *feed, int64_t ns)
{
	pthread_mutex_lock(&feed->queue.mutex);
	feed->seek_ns = ns;
	feed->epoch++;
	__atomic_store_n(&feed->epoch_is_new, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&feed->queue.mutex);
	replay_batch_queue_drop(&feed->queue);
}
