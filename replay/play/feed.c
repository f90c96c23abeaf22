#include "replay/play/feed.h"

#include <errno.h>

/* One turn over the source. */
struct pass {
	struct replay_feed *feed;
	struct wire_source *source;
	struct replay_batch *batch; /* being filled, or NULL */
	uint64_t course;
	uint32_t number;
	int64_t since_ns; /* steady; what is before is not played */
};

/* ---- batches ---- */

static void hand_over(struct pass *pass)
{
	if (!pass->batch)
		return;
	pass->batch->course = pass->course;
	replay_queue_put(&pass->feed->queue, pass->batch);
	pass->batch = NULL;
}

/* Have a batch with room for a message of so many bytes. 0, -ECANCELED when the player has stopped, or -ENOMEM. */
static int make_room(struct pass *pass, size_t bytes)
{
	if (pass->batch && replay_batch_reserve(pass->batch, bytes))
		return 0;
	hand_over(pass);
	pass->batch = replay_queue_empty(&pass->feed->queue);
	if (!pass->batch)
		return -ECANCELED;
	return replay_batch_reserve(pass->batch, bytes) ? 0 : -ENOMEM;
}

/* ---- events ---- */

/* A request whose reply is awaited gets an inbox of ours. Its number, or 0. */
static uint64_t ask(struct replay_feed *feed, const struct wire_event *event, uint32_t connection,
		    struct replay_rewritten *rewritten)
{
	struct replay_answers *answers = feed->options.answers;

	if (!answers || !replay_answers_is_inbox(answers, event->reply))
		return 0;
	return replay_answers_ask(answers, event, rewritten->subject, connection, &rewritten->reply);
}

static int add_message(struct pass *pass, const struct wire_event *event, uint32_t clone)
{
	struct replay_feed *feed = pass->feed;
	const struct replay_roster *roster = feed->options.roster;
	uint32_t connection = roster ? replay_roster_find(roster, event->conn) : 0;
	struct replay_rewritten rewritten;

	replay_rewrite(feed->options.rewrite, event, clone, &rewritten);
	uint64_t request = ask(feed, event, connection, &rewritten);
	int error = make_room(pass, rewritten.subject.len + rewritten.reply.len + 2 + rewritten.headers.len +
					event->payload.len);
	if (error)
		return error;
	struct replay_batch *batch = pass->batch;
	struct replay_message *message = &batch->messages[batch->count++];
	*message = (struct replay_message){
	    .recorded_ns = event->time_ns,
	    .steady_ns = event->steady_ns,
	    .seq = event->seq,
	    .subject = replay_batch_put_text(batch, rewritten.subject),
	    .reply = rewritten.reply.len > 0 ? replay_batch_put_text(batch, rewritten.reply) : NULL,
	    .connection = connection,
	    .request = request,
	    .pass = pass->number,
	};
	message->headers.len = rewritten.headers.len;
	message->headers.data = replay_batch_put(batch, rewritten.headers.data, rewritten.headers.len);
	message->payload.len = event->payload.len;
	message->payload.data = replay_batch_put(batch, event->payload.data, event->payload.len);
	return 0;
}

static int take_message(struct pass *pass, const struct wire_event *event)
{
	struct replay_feed *feed = pass->feed;
	const struct wire_client *client = NULL;

	if (feed->options.select->live || feed->options.select->filter)
		client = pass->source->client(pass->source, event->conn);
	bool is_wanted = replay_select_wants(feed->options.select, event, client);
	if (feed->options.answers)
		replay_answers_read_to(feed->options.answers, event->steady_ns);
	bool is_reply =
	    feed->options.answers && replay_answers_is_inbox(feed->options.answers, event->subject);
	if (is_reply)
		replay_answers_recorded(feed->options.answers, event);
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
		error = add_message(pass, event, clone);
	return error;
}

static void take_gap(struct pass *pass, const struct wire_event *event)
{
	pass->feed->counts.gaps++;
	pass->feed->counts.gap_messages += event->lost_messages;
	if (pass->feed->options.answers)
		replay_answers_gap(pass->feed->options.answers, event);
}

/* 0, -ECANCELED when the player has stopped, or -ENOMEM. */
static int take_event(struct pass *pass, const struct wire_event *event)
{
	if (event->steady_ns < pass->since_ns)
		return 0;
	if (event->kind == WIRE_EVENT_MESSAGE)
		return take_message(pass, event);
	if (event->kind == WIRE_EVENT_GAP)
		take_gap(pass, event);
	return 0;
}

/* ---- passes ---- */

static bool course_has_changed(struct replay_feed *feed)
{
	return __atomic_load_n(&feed->course_is_new, __ATOMIC_ACQUIRE);
}

static int read_source(struct pass *pass, struct wire_fault *fault)
{
	struct wire_event event;
	int status;

	while ((status = pass->source->next(pass->source, &event, fault)) > 0) {
		status = take_event(pass, &event);
		if (status < 0 || course_has_changed(pass->feed))
			break;
	}
	if (status == -ENOMEM)
		return wire_fault_set(fault, status, "out of memory");
	return status == -ECANCELED || status > 0 ? 0 : status;
}

/* What the source lacked, and where its clock was set. */
static void note_faults(struct pass *pass)
{
	struct wire_damage *sum = &pass->feed->counts.damage, damage;
	struct wire_steps steps = {0};

	pass->source->damage(pass->source, &damage);
	sum->places += damage.places;
	sum->events += damage.events;
	sum->deleted_places += damage.deleted_places;
	sum->deleted_events += damage.deleted_events;
	if (pass->source->steps)
		pass->source->steps(pass->source, &steps);
	if (steps.count > pass->feed->counts.steps.count) /* each pass meets the same */
		pass->feed->counts.steps = steps;
}

static int run_pass(struct pass *pass, int64_t since_ns, struct wire_fault *fault)
{
	const struct replay_input *input = &pass->feed->options.input;
	pass->since_ns = since_ns;
	int status = input->open(input->context, since_ns, &pass->source, fault);

	if (status < 0)
		return status;
	status = read_source(pass, fault);
	note_faults(pass);
	pass->source->close(pass->source);
	if (pass->feed->options.answers)
		replay_answers_end_of_log(pass->feed->options.answers);
	hand_over(pass);
	return status;
}

/* Take up the course that was set last. */
static int64_t begin_course(struct pass *pass)
{
	struct replay_feed *feed = pass->feed;

	pthread_mutex_lock(&feed->queue.mutex);
	pass->course = feed->course;
	feed->course_is_new = false;
	int64_t since_ns = feed->seek_ns;
	if (pass->course > 0 && feed->options.answers)
		replay_answers_void(feed->options.answers);
	pthread_mutex_unlock(&feed->queue.mutex);
	/* Back from the end: the last pass again. */
	if (feed->options.passes > 0 && pass->number >= feed->options.passes)
		pass->number = (uint32_t)feed->options.passes - 1;
	return since_ns;
}

/* All passes of a course. */
static int run_course(struct pass *pass, struct wire_fault *fault)
{
	struct replay_feed *feed = pass->feed;
	int64_t since_ns = begin_course(pass);
	int status = 0;

	while (status == 0 && !course_has_changed(feed) && !replay_queue_is_stopped(&feed->queue) &&
	       (feed->options.passes == 0 || pass->number < feed->options.passes)) {
		uint64_t before = feed->counts.messages;
		status = run_pass(pass, since_ns, fault);
		since_ns = INT64_MIN;
		if (course_has_changed(feed))
			break;
		pass->number++;
		if (feed->counts.messages == before)
			break; /* an empty log would be read for ever */
	}
	return status;
}

/* Wait for a new course after the end of one, until the player stops. */
static bool wait_for_course(struct replay_feed *feed)
{
	pthread_mutex_lock(&feed->queue.mutex);
	while (!feed->course_is_new && !feed->queue.stopped)
		pthread_cond_wait(&feed->queue.changed, &feed->queue.mutex);
	bool is_stopped = feed->queue.stopped;
	pthread_mutex_unlock(&feed->queue.mutex);
	return !is_stopped;
}

static void *feed_main(void *context)
{
	struct replay_feed *feed = context;
	struct pass pass = {.feed = feed};

	do {
		feed->status = run_course(&pass, &feed->fault);
		if (feed->status < 0 || !course_has_changed(feed))
			replay_queue_close(&feed->queue, feed->status < 0);
	} while (feed->status == 0 && wait_for_course(feed));
	return NULL;
}

int replay_feed_open(struct replay_feed *feed, const struct replay_feed_options *options,
		     struct wire_fault *fault)
{
	*feed = (struct replay_feed){.options = *options, .seek_ns = INT64_MIN};
	int error = replay_queue_init(&feed->queue);
	if (!error)
		error = -pthread_create(&feed->thread, NULL, feed_main, feed);
	feed->running = !error;
	if (!error)
		return 0;
	replay_queue_fini(&feed->queue);
	return wire_fault_set(fault, error, "cannot read ahead: %s", wire_error_text(error));
}

void replay_feed_stop(struct replay_feed *feed)
{
	if (!feed->running)
		return;
	replay_queue_stop(&feed->queue);
	pthread_join(feed->thread, NULL);
	feed->running = false;
}

void replay_feed_close(struct replay_feed *feed)
{
	replay_feed_stop(feed);
	replay_queue_fini(&feed->queue);
}

void replay_feed_seek(struct replay_feed *feed, int64_t ns)
{
	pthread_mutex_lock(&feed->queue.mutex);
	feed->seek_ns = ns;
	feed->course++;
	__atomic_store_n(&feed->course_is_new, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&feed->queue.mutex);
	replay_queue_drop(&feed->queue);
}
