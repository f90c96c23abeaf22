#include "tap/recorder/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "store/write/append.h"
#include "store/write/loss_counter.h"
#include "store/write/producer.h"
#include "tap/recorder/marks.h"
#include "wire/mark.h"

enum { BATCH_AGE_MS = 20, BATCH_AGE_NS = BATCH_AGE_MS * 1000 * 1000 };

struct tap_recorder {
	struct wire_sink sink;
	struct tap_recording *recording;
	struct store_producer *producer;
	struct store_batch *batch; /* being filled; NULL: none was free, or there was no event */
	struct store_batch *next;  /* taken in advance, so that `ready` can promise room for a whole read */
	bool keeps_plain;          /* as the selection's: the hot path asks nothing more */
	int64_t last_ns;           /* the time of the last event; INT64_MIN = there was none */
	struct store_loss_counter loss; /* since the last gap event */
};

/* ---- batches ---- */

/* A gap event has the time of now, so that it is not older than the batches of other recorders. */
static void add_gap(struct tap_recorder *recorder, int64_t now_ns)
{
	if (store_loss_counter_append(&recorder->loss, "recording could not keep up", now_ns,
				      recorder->batch) == 0)
		recorder->loss = (struct store_loss_counter){0};
}

/* Begin the batch that was taken in advance, a free one, or, for events that must not be lost, a spare one. The first
 * events in it are a mark when it is the first of the recording, and a gap event when events were lost. */
static bool begin_batch(struct tap_recorder *recorder, bool may_be_spare, int64_t now_ns)
{
	recorder->batch = recorder->next ? recorder->next : store_producer_batch(recorder->producer);
	recorder->next = NULL;
	if (!recorder->batch && may_be_spare)
		recorder->batch = store_producer_spare_batch(recorder->producer);
	if (!recorder->batch)
		return false;
	tap__marks_start(recorder->recording, recorder->batch, now_ns);
	if (recorder->loss.events > 0)
		add_gap(recorder, now_ns);
	return true;
}

static void hand_over(struct tap_recorder *recorder)
{
	if (!recorder->next)
		recorder->next = store_producer_batch(recorder->producer);
	if (recorder->next)
		store_batch_pass_on(recorder->batch, recorder->next);
	store_producer_submit(recorder->producer, recorder->batch);
	recorder->batch = NULL;
}

static void lose(struct tap_recorder *recorder, const struct wire_event *event)
{
	store_loss_counter_add_event(&recorder->loss, event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		recorder->recording->lost_messages++;
}

/* When no batch is free, `drop` loses messages and deliveries. Spare batches are for other events, and for events that come
 * although a source that waits was asked to pause. */
static bool may_be_spare(const struct tap_recorder *recorder, const struct wire_event *event)
{
	return recorder->recording->overflow == TAP_OVERFLOW_WAIT || event->kind > WIRE_EVENT_DELIVERY;
}

/* Two batches may be needed: a gap event may leave no room for a large event. */
static void record_in_next(struct tap_recorder *recorder, const struct wire_event *event)
{
	int error = STORE_EFULL;
	for (int i = 0; i < 2 && error == STORE_EFULL; i++) {
		if (recorder->batch)
			hand_over(recorder);
		error = begin_batch(recorder, may_be_spare(recorder, event), event->time_ns)
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

static void record_reduced(struct tap_recorder *recorder, const struct wire_event *event)
{
	struct wire_event kept = *event;
	if (tap__selection_apply(&recorder->recording->selection, &kept))
		record(recorder, &kept);
}

/* A message on WIRE_MARK_SUBJECT is followed by the mark that it asks for, whether or not the message itself is recorded. */
static void add_remark(struct tap_recorder *recorder, const struct wire_event *message)
{
	char text[WIRE_MARK_REMARK];
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
					.time_ns = message->time_ns,
					.conn = message->conn,
					.text = wire_slice_str(wire_mark_remark(text, message->payload))};
	record(recorder, &mark);
}

/* ---- the sink ---- */

static bool is_subscription(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_SUBSCRIBE || event->kind == WIRE_EVENT_UNSUBSCRIBE;
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	recorder->last_ns = event->time_ns;
	if (recorder->keeps_plain && !is_subscription(event))
		record(recorder, event);
	else
		record_reduced(recorder, event);
	if (event->kind == WIRE_EVENT_MESSAGE && wire_mark_is_remark(event->subject))
		add_remark(recorder, event);
}

/* Hand messages that cannot be appended at once to on_event, one by one: the first of a subject in its batch, or messages
 * of which not all is kept, or that are remarks. */
static void on_batch(struct wire_sink *sink, const struct wire_event *template,
		     const struct wire_batch *messages)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	struct wire_event event = *template;
	bool may_append = recorder->keeps_plain && !wire_mark_is_remark(template->subject);
	for (uint32_t at = 0; at < messages->count;) {
		uint32_t appended = 0;
		if (may_append && recorder->batch)
			appended = store_batch_append_entries(recorder->batch, template, messages, at);
		at += appended;
		if (appended > 0)
			continue;
		wire_batch_event(messages, at++, &event);
		on_event(sink, &event);
	}
}

/* How long the batch may still be filled; 0: it is old enough, or the clock was set back. */
static unsigned time_left_ms(const struct tap_recorder *recorder, int64_t now_ns)
{
	int64_t age_ns = now_ns - store_batch_min_time_ns(recorder->batch);
	return age_ns < 0 || age_ns >= BATCH_AGE_NS ? 0 : (unsigned)(BATCH_AGE_MS - age_ns / 1000000);
}

static unsigned on_tick(struct wire_sink *sink, int64_t now_ns)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	if (recorder->loss.events > 0 && recorder->batch)
		add_gap(recorder, now_ns);
	else if (recorder->loss.events > 0)
		begin_batch(recorder, false, now_ns);
	if (recorder->batch && store_batch_events(recorder->batch) > 0) {
		unsigned left_ms = time_left_ms(recorder, now_ns);
		if (left_ms > 0)
			return left_ms;
		hand_over(recorder);
	}
	return recorder->loss.events > 0 ? BATCH_AGE_MS : 0;
}

/* One batch is always taken in advance: it and the spare ones have room for what a single read brings, so that a source
 * that pauses after the read during which this became false loses nothing. */
static bool has_room(struct wire_sink *sink)
{
	struct tap_recorder *recorder = (struct tap_recorder *)sink;
	if (!recorder->next)
		recorder->next = store_producer_batch(recorder->producer);
	return recorder->next || recorder->recording->overflow == TAP_OVERFLOW_DROP;
}

static void get_status(struct wire_sink *sink, struct wire_sink_status *status)
{
	tap_recording_status(((const struct tap_recorder *)sink)->recording, status);
}

/* ---- opening and closing ---- */

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A recorder that gets no event would hold the mark back: the batch that begins with it is handed over at once. */
static void attach(struct tap_recorder *recorder)
{
	struct tap_recording *recording = recorder->recording;
	pthread_mutex_lock(&recording->attaching);
	if (recording->recorders++ == 0 && !recording->has_event_clock &&
	    begin_batch(recorder, true, realtime_ns()))
		hand_over(recorder);
	pthread_mutex_unlock(&recording->attaching);
}

int tap_recorder_open(struct tap_recorder **recorder, struct tap_recording *recording,
		      void (*wake)(void *context), void *context)
{
	struct tap_recorder *opened = calloc(1, sizeof *opened);
	if (!opened)
		return -ENOMEM;
	opened->sink = (struct wire_sink){
	    .event = on_event, .batch = on_batch, .tick = on_tick, .ready = has_room, .status = get_status};
	opened->recording = recording;
	opened->keeps_plain = recording->selection.keeps_plain;
	opened->last_ns = INT64_MIN;
	opened->producer = store_producer_open(recording->writer, wake, context);
	if (!opened->producer) {
		free(opened);
		return -ENOMEM;
	}
	attach(opened);
	*recorder = opened;
	return 0;
}

static int64_t stop_ns(const struct tap_recorder *recorder)
{
	bool has_event = recorder->last_ns != INT64_MIN;
	return recorder->recording->has_event_clock && has_event ? recorder->last_ns : realtime_ns();
}

static void hand_over_all(struct tap_recorder *recorder, int64_t now_ns)
{
	if (recorder->loss.events > 0 && recorder->batch)
		add_gap(recorder, now_ns);
	if (recorder->batch)
		hand_over(recorder);
	if (recorder->loss.events > 0 && begin_batch(recorder, true, now_ns))
		hand_over(recorder);
	if (recorder->next)
		store_producer_submit(recorder->producer, recorder->next);
}

/* The last recorder ends with the mark at the stop. */
static void detach(struct tap_recorder *recorder)
{
	struct tap_recording *recording = recorder->recording;
	pthread_mutex_lock(&recording->attaching);
	int64_t now_ns = stop_ns(recorder);
	bool is_last = --recording->recorders == 0;
	if (is_last) {
		const struct wire_event stop = tap__marks_stop(now_ns);
		record(recorder, &stop);
	}
	hand_over_all(recorder, now_ns);
	if (is_last)
		tap__marks_reset(recording);
	pthread_mutex_unlock(&recording->attaching);
}

void tap_recorder_close(struct tap_recorder *recorder)
{
	if (!recorder)
		return;
	detach(recorder);
	store_producer_close(recorder->producer);
	free(recorder);
}

bool tap_recorder_has_lost(const struct tap_recorder *recorder)
{
	return recorder->recording->lost_messages > 0;
}

struct wire_sink *tap_recorder_sink(struct tap_recorder *recorder)
{
	return &recorder->sink;
}
