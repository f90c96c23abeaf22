#include "tap/recorder/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "store/write/loss_counter.h"
#include "wire/subject.h"

#ifndef TAPEDECK_VERSION
#error "TAPEDECK_VERSION is set by CMake"
#endif

enum { BATCH_AGE_MS = 20, BATCH_AGE_NS = BATCH_AGE_MS * 1000 * 1000 };

struct tap_recorder {
	struct wire_sink sink;
	struct store_writer *writer;
	struct store_batch *batch; /* being filled; NULL: none was free */
	struct store_batch *next;  /* taken ahead, so that `ready` can promise room for a whole read */
	enum tap_overflow overflow;
	enum tap_detail detail;
	int64_t max_payload;              /* bytes; INT64_MAX = all */
	char **include, **exclude;        /* NULL-terminated, or NULL */
	bool has_event_clock, is_started; /* the mark at the start was made */
	int64_t last_ns;                  /* the time of the last event, for marks */
	bool is_plain;                    /* every event is kept whole: the hot path asks nothing more */
	struct store_loss_counter loss;   /* since the last gap event */
	_Atomic uint64_t lost_messages;   /* ever */
};

void tap_recorder_options_init(struct tap_recorder_options *options)
{
	*options = (struct tap_recorder_options){
	    .overflow = TAP_OVERFLOW_WAIT, .detail = TAP_DETAIL_DELIVERIES, .max_payload = -1};
	store_writer_options_init(&options->writer);
}

/* ---- batches ---- */

/* As soon as there is a batch again, it says what was lost meanwhile. */
static void add_gap(struct tap_recorder *recorder)
{
	if (store_loss_counter_append(&recorder->loss, "recording could not keep up", recorder->batch) == 0)
		recorder->loss = (struct store_loss_counter){0};
}

static struct wire_event mark(const struct tap_recorder *recorder, const char *text)
{
	return (struct wire_event){
	    .kind = WIRE_EVENT_MARK, .time_ns = recorder->last_ns, .text = wire_slice_str(text)};
}

/* The first batch begins with it. */
static void add_start(struct tap_recorder *recorder)
{
	const struct wire_event event = mark(recorder, "start tapedeck " TAPEDECK_VERSION);
	recorder->is_started = store_batch_append(recorder->batch, &event) == 0;
}

/* A batch to fill: the one taken ahead, a free one, or, for what must not be lost, a spare one. */
static bool take_batch(struct tap_recorder *recorder, bool may_be_spare)
{
	recorder->batch = recorder->next ? recorder->next : store_writer_batch(recorder->writer);
	recorder->next = NULL;
	if (!recorder->batch && may_be_spare)
		recorder->batch = store_writer_spare_batch(recorder->writer);
	if (recorder->batch && !recorder->is_started)
		add_start(recorder);
	if (recorder->batch && recorder->loss.events > 0)
		add_gap(recorder);
	return recorder->batch != NULL;
}

static void hand_over(struct tap_recorder *recorder)
{
	if (!recorder->next)
		recorder->next = store_writer_batch(recorder->writer);
	if (recorder->next)
		store_batch_pass_on(recorder->batch, recorder->next);
	store_writer_submit(recorder->writer, recorder->batch);
	recorder->batch = NULL;
}

static void lose(struct tap_recorder *recorder, const struct wire_event *event)
{
	store_loss_counter_add_event(&recorder->loss, event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		recorder->lost_messages++;
}

/* When nothing is free, `drop` gives up messages and deliveries, of which there are many. What is rare, and what
 * comes although a source that waits was told to pause, finds room in the spare batches. */
static bool may_be_spare(const struct tap_recorder *recorder, const struct wire_event *event)
{
	return recorder->overflow == TAP_OVERFLOW_WAIT || event->kind > WIRE_EVENT_DELIVERY;
}

/* Two batches may be needed: a gap event may leave no room for a large one. */
static void record_in_next(struct tap_recorder *recorder, const struct wire_event *event)
{
	int error = STORE_EFULL;
	for (int i = 0; i < 2 && error == STORE_EFULL; i++) {
		if (recorder->batch)
			hand_over(recorder);
		error = take_batch(recorder, may_be_spare(recorder, event))
			    ? store_batch_append(recorder->batch, event)
			    : -EAGAIN;
	}
	if (error)
		lose(recorder, event);
}

/* Hot: once for every event. */
static void record(struct tap_recorder *recorder, const struct wire_event *event)
{
	int error = recorder->batch ? store_batch_append(recorder->batch, event) : STORE_EFULL;
	if (error == STORE_EFULL)
		record_in_next(recorder, event);
	else if (error)
		lose(recorder, event);
}

/* ---- what to keep ---- */

static bool matches_any(char *const *patterns, struct wire_slice subject)
{
	for (; *patterns; patterns++)
		if (wire_subject_matches(wire_slice_str(*patterns), subject))
			return true;
	return false;
}

static bool is_subscription(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_SUBSCRIBE || event->kind == WIRE_EVENT_UNSUBSCRIBE;
}

static bool is_wanted(const struct tap_recorder *recorder, const struct wire_event *event)
{
	if (is_subscription(event) && recorder->detail < TAP_DETAIL_PROTOCOL)
		return false;
	if (event->kind == WIRE_EVENT_DELIVERY && recorder->detail < TAP_DETAIL_DELIVERIES)
		return false;
	if (event->subject.len == 0)
		return true;
	if (recorder->include && !matches_any(recorder->include, event->subject))
		return false;
	return !recorder->exclude || !matches_any(recorder->exclude, event->subject);
}

/* Some of the messages that a disconnect event counts may not have been recorded, or not with their receivers. */
static bool counts_unrecorded(const struct tap_recorder *recorder, const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_DISCONNECT && event->lost_messages > 0 &&
	       (recorder->include || recorder->exclude || recorder->detail == TAP_DETAIL_MESSAGES);
}

static void record_reduced(struct tap_recorder *recorder, const struct wire_event *event)
{
	struct wire_event kept = *event;
	if (!is_wanted(recorder, event))
		return;
	if (counts_unrecorded(recorder, event))
		kept.flags |= WIRE_EVENT_CUT;
	if ((int64_t)kept.payload.len > recorder->max_payload) {
		kept.payload.len = (size_t)recorder->max_payload;
		kept.flags |= WIRE_EVENT_CUT;
	}
	if (recorder->detail == TAP_DETAIL_MESSAGES) {
		kept.receivers = NULL;
		kept.receivers_len = 0;
		kept.receivers_hint = NULL;
	}
	record(recorder, &kept);
}

/* ---- the sink ---- */

static void take_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	recorder->last_ns = event->time_ns;
	if (recorder->is_plain && !is_subscription(event))
		record(recorder, event);
	else
		record_reduced(recorder, event);
}

/* What is not plain in its batch, and the first of its kind there, goes the way of every event. */
static void take_batch_of_source(struct wire_sink *sink, const struct wire_event *template,
				 const struct wire_batch *batch)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	struct wire_event event = *template;
	for (uint32_t at = 0; at < batch->count;) {
		uint32_t appended = 0;
		if (recorder->is_plain && recorder->batch)
			appended = store_batch_append_entries(recorder->batch, template, batch, at);
		at += appended;
		if (appended > 0)
			continue;
		wire_batch_event(batch, at++, &event);
		take_event(sink, &event);
	}
}

/* How long the batch may still be filled; 0: it is old enough. A clock that was set back makes it so, too. */
static unsigned time_left_ms(const struct tap_recorder *recorder, int64_t now_ns)
{
	int64_t age_ns = now_ns - store_batch_min_time_ns(recorder->batch);
	return age_ns < 0 || age_ns >= BATCH_AGE_NS ? 0 : (unsigned)(BATCH_AGE_MS - age_ns / 1000000);
}

static unsigned hand_over_old(struct wire_sink *sink, int64_t now_ns)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	if (recorder->loss.events > 0 && recorder->batch)
		add_gap(recorder);
	else if (recorder->loss.events > 0)
		take_batch(recorder, false);
	if (recorder->batch && store_batch_events(recorder->batch) > 0) {
		unsigned left_ms = time_left_ms(recorder, now_ns);
		if (left_ms > 0)
			return left_ms;
		hand_over(recorder);
	}
	return recorder->loss.events > 0 ? BATCH_AGE_MS : 0;
}

/* One batch is always held ahead: what a single read brings fits in it and the spare ones, so that a source that
 * pauses after the read during which this became false loses nothing. */
static bool has_room(struct wire_sink *sink)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	if (!recorder->next)
		recorder->next = store_writer_batch(recorder->writer);
	return recorder->next || recorder->overflow == TAP_OVERFLOW_DROP;
}

static void tell_status(struct wire_sink *sink, struct wire_sink_status *status)
{
	const struct tap_recorder *recorder = (struct tap_recorder *)sink;
	struct store_writer_status writer;
	store_writer_status(recorder->writer, &writer);
	*status = (struct wire_sink_status){.degraded = writer.degraded,
					    .events = writer.events,
					    .messages = writer.messages,
					    .lost_messages = writer.lost_messages + recorder->lost_messages,
					    .stored_bytes = writer.written_bytes,
					    .queued_bytes = writer.queued_bytes};
	memcpy(status->reason, writer.reason, sizeof status->reason);
}

/* ---- opening and closing ---- */

static void free_list(char **list)
{
	for (char **entry = list; entry && *entry; entry++)
		free(*entry);
	free(list);
}

/* NULL for NULL. False when out of memory. */
static bool copy_list(char ***out, const char *const *list)
{
	size_t count = 0;
	while (list && list[count])
		count++;
	*out = list ? calloc(count + 1, sizeof(**out)) : NULL;
	for (size_t i = 0; i < count && *out; i++)
		if (!((*out)[i] = strdup(list[i])))
			return false;
	return !list || *out;
}

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int open_parts(struct tap_recorder *recorder, const char *dir,
		      const struct tap_recorder_options *options, struct wire_fault *fault)
{
	if (!copy_list(&recorder->include, options->include) ||
	    !copy_list(&recorder->exclude, options->exclude))
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	return store_writer_open(&recorder->writer, dir, &options->writer, fault);
}

static void free_recorder(struct tap_recorder *recorder)
{
	store_writer_close(recorder->writer);
	free_list(recorder->include);
	free_list(recorder->exclude);
	free(recorder);
}

int tap_recorder_open(struct tap_recorder **recorder, const char *dir,
		      const struct tap_recorder_options *options, struct wire_fault *fault)
{
	struct tap_recorder *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	opened->sink = (struct wire_sink){.event = take_event,
					  .batch = take_batch_of_source,
					  .tick = hand_over_old,
					  .ready = has_room,
					  .status = tell_status};
	opened->overflow = options->overflow;
	opened->detail = options->detail;
	opened->has_event_clock = options->has_event_clock;
	opened->max_payload = options->max_payload < 0 ? INT64_MAX : options->max_payload;
	opened->is_plain = !options->include && !options->exclude && options->max_payload < 0 &&
			   options->detail != TAP_DETAIL_MESSAGES;
	int error = open_parts(opened, dir, options, fault);
	if (error) {
		free_recorder(opened);
		return error;
	}
	opened->last_ns = realtime_ns();
	if (!opened->has_event_clock)
		take_batch(opened, true);
	*recorder = opened;
	return 0;
}

void tap_recorder_close(struct tap_recorder *recorder)
{
	if (!recorder)
		return;
	if (!recorder->has_event_clock)
		recorder->last_ns = realtime_ns();
	const struct wire_event stop = mark(recorder, "stop tapedeck " TAPEDECK_VERSION);
	record(recorder, &stop);
	if (recorder->loss.events > 0 && recorder->batch)
		add_gap(recorder);
	if (recorder->batch)
		hand_over(recorder);
	if (recorder->loss.events > 0 && take_batch(recorder, true))
		hand_over(recorder);
	if (recorder->next)
		store_writer_submit(recorder->writer, recorder->next);
	free_recorder(recorder);
}

struct wire_sink *tap_recorder_sink(struct tap_recorder *recorder)
{
	return &recorder->sink;
}

uint64_t tap_recorder_next_conn(const struct tap_recorder *recorder)
{
	return store_writer_next_conn(recorder->writer);
}
