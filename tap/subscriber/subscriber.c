#include "tap/subscriber/subscriber.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/queue.h"
#include "net/clock.h"
#include "tap/recorder/marks.h"
#include "tap/subscriber/connz.h"
#include "tap/subscriber/control.h"
#include "tap/subscriber/drops.h"
#include "tap/subscriber/system_events.h"
#include "wire/mark.h"

enum {
	BUSY_MS = 1,  /* between two looks while messages come… */
	IDLE_MS = 20, /* …and when none has come for some time */
	IDLE_LOOKS = 50,
	MESSAGES_PER_CHECK = 1024,
	CHECK_NS = 100 * 1000000, /* between two looks at counters */
};

#define SILENCE_NS 3000000000 /* after which a server that was asked for no more does not answer any more */

struct tap_subscriber {
	struct wire_source source;
	struct tap_subscriber_options options;
	struct net_client *client;
	struct net_client_errors errors;
	struct net_client_queue *queue;

	struct net_clock clock;
	int64_t first_anchor_ns; /* of the clock, when the recording began */
	int64_t checked_ns;      /* when the counters were last looked at; monotonic */
	uint32_t since_check;    /* messages */
	uint32_t idle_looks;     /* in a row */

	struct tap__notices notices;
	struct tap__outage outage;
	struct tap__drops drops;
	bool has_presence;
	struct tap__presence presence;
	struct tap__system_events *system; /* NULL: none */
	struct tap__connz *connz;          /* NULL: none */
	struct tap__control control;
	const struct wire_sink *log;  /* NULL: its state is not known */
	bool has_message, has_notice; /* to be released before the next event */
	bool is_stopped;              /* the server was asked for no more */
	bool has_ended;               /* everything was given out, the gap of a last outage is added */
	bool is_full;                 /* as many messages as are wanted were given out */
	int64_t stopped_ns, given_ns; /* when; when a message was last given out after that; monotonic */
	uint64_t messages, bytes;
	uint64_t lost_notices; /* that a gap event states */
	char lost_text[100];
	char mark_text[WIRE_MARK_TEXT];
};

static int64_t monotonic_ns(const struct tap_subscriber *subscriber, int64_t *time_ns, int64_t *step_ns)
{
	struct net_clock *clock = (struct net_clock *)(uintptr_t)&subscriber->clock;
	*time_ns = net_clock_now(clock, step_ns);
	return *time_ns - clock->anchor_ns;
}

/* ---- libnats' threads ---- */

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void report(const struct tap_subscriber *subscriber, const char *line)
{
	if (subscriber->options.report)
		subscriber->options.report(subscriber->options.context, line);
}

static void on_lost(void *context, uint64_t number, int64_t read_ns, const char *why)
{
	struct tap_subscriber *subscriber = context;
	char line[TAP__OUTAGE_WHY + 64];
	if (subscriber->errors.is_over)
		return;
	tap__outage_begin(&subscriber->outage, number, read_ns, why);
	snprintf(line, sizeof line, "disconnected: %s; reconnecting", why);
	report(subscriber, line);
}

/* So that the server's reason for closing our own connection is recognized. */
static void know_own(struct tap_subscriber *subscriber)
{
	char id[WIRE_MARK_TEXT];
	net_client_server_id(subscriber->client, id, sizeof id);
	if (__atomic_load_n(&subscriber->has_presence, __ATOMIC_ACQUIRE))
		tap__presence_set_own(&subscriber->presence, id, net_client_number(subscriber->client));
}

static void on_back(void *context, uint64_t number)
{
	struct tap_subscriber *subscriber = context;
	char url[512], line[600];
	net_client_server_url(subscriber->client, url, sizeof url);
	if (!*url)
		return;
	know_own(
	    subscriber); /* first: a late reason for the earlier loss would be taken for that of the next one */
	if (!tap__outage_end(&subscriber->outage, number, now_ns(), url))
		return;
	snprintf(line, sizeof line, "reconnected to %s", url);
	report(subscriber, line);
}

/* ---- events ---- */

/* The times of a notice become times of day. */
static void give_notice(const struct tap_subscriber *subscriber, const struct wire_event *notice,
			struct wire_event *event)
{
	*event = *notice;
	event->time_ns += subscriber->clock.anchor_ns;
	event->steady_ns = notice->time_ns + subscriber->first_anchor_ns;
	if (event->kind == WIRE_EVENT_GAP) {
		event->from_ns += subscriber->clock.anchor_ns;
		event->to_ns += subscriber->clock.anchor_ns;
	}
}

/* Hot: once for every message. */
static void give_message(struct tap_subscriber *subscriber, const struct net_client_arrival *arrival,
			 struct wire_event *event)
{
	const struct net_client_delivery *delivery = &arrival->delivery;
	*event = (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				     .flags = WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_RECEIVERS_UNKNOWN,
				     .time_ns = arrival->read_ns + subscriber->clock.anchor_ns,
				     .steady_ns = arrival->read_ns + subscriber->first_anchor_ns,
				     .subject = wire_slice_str(delivery->subject),
				     .headers = net_client_delivery_block(delivery),
				     .payload = delivery->payload,
				     .size = delivery->payload.len};
	if (delivery->reply)
		event->reply = wire_slice_str(delivery->reply);
	subscriber->messages++;
	subscriber->bytes += event->headers.len + event->payload.len;
	subscriber->is_full = subscriber->messages == subscriber->options.limit;
	if (subscriber->is_stopped)
		subscriber->given_ns = now_ns();
}

static void note_step(struct tap_subscriber *subscriber, int64_t mono_ns, int64_t step_ns)
{
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
					.time_ns = mono_ns,
					.text =
					    wire_slice_str(wire_mark_step(subscriber->mark_text, step_ns))};
	tap__notices_add(&subscriber->notices, &mark);
}

/* Notices for which there was no room. */
static void note_lost_notices(struct tap_subscriber *subscriber, int64_t mono_ns)
{
	uint64_t lost = subscriber->notices.lost - subscriber->lost_notices;
	if (lost == 0)
		return;
	snprintf(subscriber->lost_text, sizeof subscriber->lost_text,
		 "%" PRIu64 " events other than messages were lost: too many at a time", lost);
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .time_ns = mono_ns,
				       .from_ns = subscriber->drops.seen_ns,
				       .to_ns = mono_ns,
				       .text = wire_slice_str(subscriber->lost_text)};
	subscriber->lost_notices += lost;
	tap__notices_add(&subscriber->notices, &gap);
}

/* Look at clock and counters, the latter only from time to time. */
static void check(struct tap_subscriber *subscriber)
{
	int64_t time_ns, step_ns, mono_ns = monotonic_ns(subscriber, &time_ns, &step_ns);
	subscriber->since_check = 0;
	if (step_ns != 0)
		note_step(subscriber, mono_ns, step_ns);
	if (mono_ns - subscriber->checked_ns < CHECK_NS && !subscriber->is_stopped)
		return;
	subscriber->checked_ns = mono_ns;
	note_lost_notices(subscriber, mono_ns);
	tap__drops_check(&subscriber->drops, net_client_queue_dropped(subscriber->queue), mono_ns,
			 &subscriber->notices);
}

static void release(struct tap_subscriber *subscriber)
{
	if (subscriber->has_message)
		net_client_queue_release(subscriber->queue);
	if (subscriber->has_notice)
		tap__notices_remove(&subscriber->notices);
	subscriber->has_message = subscriber->has_notice = false;
}

/* A notice comes after the messages that were read before it. */
static const struct wire_event *due_notice(struct tap_subscriber *subscriber,
					   const struct net_client_arrival *arrival)
{
	if (tap__notices_are_empty(&subscriber->notices))
		return NULL;
	const struct wire_event *notice = tap__notices_first(&subscriber->notices);
	return arrival && arrival->read_ns < notice->time_ns ? NULL : notice;
}

static int closed_fault(struct tap_subscriber *subscriber, struct wire_fault *fault)
{
	pthread_mutex_lock(&subscriber->errors.mutex);
	wire_fault_set(fault, -ECONNRESET, "the connection to %s has ended for good: %s",
		       net_client_target_servers(subscriber->options.target),
		       subscriber->errors.last_error[0] ? subscriber->errors.last_error
							: "the server refuses it");
	pthread_mutex_unlock(&subscriber->errors.mutex);
	return -ECONNRESET;
}

/* There is no message now. 1 with a notice, 0, or a negative code with *fault. */
static int idle(struct tap_subscriber *subscriber, struct wire_fault *fault)
{
	subscriber->idle_looks++;
	check(subscriber);
	bool is_ending = subscriber->is_stopped || subscriber->is_full;
	bool is_lost = net_client_is_closed(subscriber->client) && !is_ending;
	if (is_lost)
		tap__outage_end(&subscriber->outage, 0, now_ns(), "");
	if (!tap__notices_are_empty(&subscriber->notices))
		return 1;
	return is_lost ? closed_fault(subscriber, fault) : 0;
}

/* ---- as wire_source ---- */

/* Execute a request. True with *mark when it makes an event. */
static bool obey(struct tap_subscriber *subscriber, const struct wire_event *request, struct wire_event *mark)
{
	struct tap_subscriber_stats stats;
	struct wire_sink_status log = {0};
	tap_subscriber_stats(subscriber, &stats);
	if (subscriber->log)
		subscriber->log->status((struct wire_sink *)(uintptr_t)subscriber->log, &log);
	return tap__control_obey(&subscriber->control, request, &stats, &log, mark);
}

/* Give out a notice. False when it was a request that makes no event. */
static bool take_notice(struct tap_subscriber *subscriber, const struct wire_event *notice,
			struct wire_event *event)
{
	struct wire_event mark;
	subscriber->has_notice = true;
	if (notice->kind != WIRE_EVENT_MESSAGE) {
		give_notice(subscriber, notice, event);
		return true;
	}
	if (!obey(subscriber, notice, &mark))
		return false;
	give_notice(subscriber, &mark, event);
	return true;
}

static const struct net_client_arrival *next_arrival(const struct tap_subscriber *subscriber)
{
	return subscriber->is_full ? NULL : net_client_queue_next(subscriber->queue);
}

/* Hot: once for every event. */
static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct tap_subscriber *subscriber = (struct tap_subscriber *)source;
	for (;;) {
		release(subscriber);
		const struct net_client_arrival *arrival = next_arrival(subscriber);
		if (++subscriber->since_check >= MESSAGES_PER_CHECK)
			check(subscriber);
		int status = arrival ? 1 : idle(subscriber, fault);
		if (status <= 0)
			return status;
		if (!arrival) /* one may have come before the notice */
			arrival = next_arrival(subscriber);
		const struct wire_event *notice = due_notice(subscriber, arrival);
		if (notice && take_notice(subscriber, notice, event))
			return 1;
		if (notice)
			continue;
		subscriber->has_message = true;
		if (subscriber->control.is_paused && subscriber->since_check == 0)
			return 0; /* the pump looks for signals */
		if (subscriber->control.is_paused)
			continue;
		subscriber->idle_looks = 0;
		give_message(subscriber, arrival, event);
		return 1;
	}
}

static const struct wire_client *find_client(struct wire_source *source, uint64_t conn)
{
	(void)source;
	(void)conn;
	return NULL;
}

static void no_damage(struct wire_source *source, struct wire_damage *damage)
{
	(void)source;
	*damage = (struct wire_damage){0};
}

static void leave_open(struct wire_source *source)
{
	(void)source;
}

/* ---- as tap_pump_source ---- */

static void stop(struct wire_source *source)
{
	struct tap_subscriber *subscriber = (struct tap_subscriber *)source;
	subscriber->is_stopped = true;
	subscriber->stopped_ns = now_ns();
	net_client_queue_drain(subscriber->queue);
}

static int64_t later(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

/* The server does not say that there are no more messages: it is away, or does not answer any more. */
static bool is_abandoned(const struct tap_subscriber *subscriber)
{
	if (!net_client_is_up(subscriber->client))
		return true;
	int64_t read_ns = net_client_read_ns(subscriber->client);
	int64_t last_ns = later(later(subscriber->stopped_ns, subscriber->given_ns), read_ns);
	return now_ns() - last_ns > SILENCE_NS;
}

/* After a stop: all messages that will come were given out. */
static bool has_given_all(struct tap_subscriber *subscriber)
{
	if (net_client_queue_is_drained(subscriber->queue))
		return true;
	return is_abandoned(subscriber) && net_client_queue_is_empty(subscriber->queue);
}

/* libnats may not have reported the loss yet. */
static void end_outage(struct tap_subscriber *subscriber)
{
	if (is_abandoned(subscriber))
		tap__outage_note(&subscriber->outage, net_client_read_ns(subscriber->client),
				 "the server does not answer");
	tap__outage_end(&subscriber->outage, 0, now_ns(), "");
}

/* The last check comes after the last message; the one before it sees the drops while libnats still counts them. */
static bool is_over(struct wire_source *source)
{
	struct tap_subscriber *subscriber = (struct tap_subscriber *)source;
	if (!subscriber->is_stopped && !subscriber->is_full)
		return false;
	check(subscriber);
	if (!subscriber->is_full && !has_given_all(subscriber))
		return false;
	check(subscriber);
	if (!subscriber->has_ended)
		end_outage(subscriber);
	subscriber->has_ended = true;
	return tap__notices_are_empty(&subscriber->notices);
}

static int deadline_ms(struct wire_source *source)
{
	const struct tap_subscriber *subscriber = (const struct tap_subscriber *)source;
	return subscriber->idle_looks < IDLE_LOOKS || subscriber->is_stopped ? BUSY_MS : IDLE_MS;
}

struct tap_pump_source tap_subscriber_pump_source(struct tap_subscriber *subscriber)
{
	return (struct tap_pump_source){
	    .source = &subscriber->source, .is_over = is_over, .stop = stop, .deadline_ms = deadline_ms};
}

/* ---- opening and closing ---- */

static int subscribe(struct tap_subscriber *subscriber, struct wire_fault *fault)
{
	const struct tap_subscriber_options *options = &subscriber->options;
	int error = 0;
	for (const char *const *subject = options->subjects; *subject && !error; subject++)
		error = net_client_queue_subscribe(subscriber->queue, *subject, options->group,
						   options->memory_bytes, fault);
	if (!error)
		error = net_client_confirm_subscriptions(subscriber->client, options->confirm_ms, fault);
	if (error || subscriber->errors.not_permitted == 0)
		return error;
	pthread_mutex_lock(&subscriber->errors.mutex);
	error = wire_fault_set(fault, -EACCES, "%s: %s", net_client_target_servers(options->target),
			       subscriber->errors.last_error);
	pthread_mutex_unlock(&subscriber->errors.mutex);
	return error;
}

/* The log names its server, so that a replay into that server is refused unless it is asked for. */
static void note_server(struct tap_subscriber *subscriber)
{
	char id[WIRE_MARK_TEXT], text[WIRE_MARK_TEXT];
	net_client_server_id(subscriber->client, id, sizeof id);
	const struct wire_event mark = {
	    .kind = WIRE_EVENT_MARK, .time_ns = now_ns(), .text = wire_slice_str(wire_mark_server(text, id))};
	if (*id)
		tap__notices_add(&subscriber->notices, &mark);
}

static void note_pause(struct tap_subscriber *subscriber)
{
	const struct wire_event stop = tap__marks_stop(now_ns());
	subscriber->control.is_paused = true;
	tap__notices_add(&subscriber->notices, &stop);
}

static int connect(struct tap_subscriber *subscriber, struct wire_fault *fault)
{
	const struct tap_subscriber_options *options = &subscriber->options;
	const struct net_client_watch watch = {.lost = on_lost, .back = on_back, .context = subscriber};
	int error = net_client_open_watched(&subscriber->client, options->target, options->name,
					    &subscriber->errors, &watch, fault);
	if (error)
		return error;
	subscriber->queue = net_client_queue_open(subscriber->client);
	if (!subscriber->queue)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	error = subscribe(subscriber, fault);
	if (!error && options->control)
		error = tap__control_open(&subscriber->control, subscriber->client, &subscriber->notices,
					  options->control, fault);
	if (error)
		return error;
	note_server(subscriber);
	if (options->is_paused)
		note_pause(subscriber);
	return 0;
}

int tap_subscriber_open(struct tap_subscriber **subscriber, const struct tap_subscriber_options *options,
			struct wire_fault *fault)
{
	struct tap_subscriber *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->source = (struct wire_source){
	    .next = next, .client = find_client, .damage = no_damage, .close = leave_open};
	opened->options = *options;
	net_clock_init(&opened->clock);
	opened->first_anchor_ns = opened->clock.anchor_ns;
	opened->checked_ns = opened->drops.seen_ns = now_ns();
	net_client_errors_init(&opened->errors);
	tap__notices_init(&opened->notices);
	tap__outage_init(&opened->outage, &opened->notices);
	int error = connect(opened, fault);
	if (error)
		tap_subscriber_close(opened);
	else
		*subscriber = opened;
	return error;
}

int tap_subscriber_watch(struct tap_subscriber *subscriber, const struct tap_subscriber_watch *watch,
			 struct wire_fault *fault)
{
	subscriber->log = watch->log;
	if (!watch->system && !watch->monitors)
		return 0;
	int error = tap__presence_init(&subscriber->presence, &subscriber->notices, &subscriber->outage,
				       watch->first_conn);
	__atomic_store_n(&subscriber->has_presence, true, __ATOMIC_RELEASE);
	if (error)
		return wire_fault_set(fault, error, "out of memory");
	know_own(subscriber);
	if (watch->system)
		error =
		    tap__system_events_open(&subscriber->system, watch->system, &subscriber->presence, fault);
	if (!error && watch->monitors)
		error = tap__connz_open(&subscriber->connz, watch->monitors, &subscriber->presence,
					subscriber->options.report, subscriber->options.context, fault);
	return error;
}

void tap_subscriber_close(struct tap_subscriber *subscriber)
{
	if (!subscriber)
		return;
	subscriber->errors.is_over = true;
	/* First: libnats' thread may wait for room in the queue, and delivers the other subscriptions, too. */
	release(subscriber);
	net_client_queue_close(subscriber->queue);
	tap__connz_close(subscriber->connz);
	tap__system_events_close(subscriber->system);
	tap__control_close(&subscriber->control);
	net_client_close(subscriber->client);
	if (subscriber->has_presence)
		tap__presence_fini(&subscriber->presence);
	tap__outage_fini(&subscriber->outage);
	tap__notices_fini(&subscriber->notices);
	net_client_errors_fini(&subscriber->errors);
	free(subscriber);
}

void tap_subscriber_stats(struct tap_subscriber *subscriber, struct tap_subscriber_stats *stats)
{
	struct net_client_errors *errors = &subscriber->errors;
	*stats = (struct tap_subscriber_stats){.messages = subscriber->messages,
					       .bytes = subscriber->bytes,
					       .dropped = net_client_queue_dropped(subscriber->queue),
					       .refused = errors->not_permitted};
	pthread_mutex_lock(&subscriber->outage.lock);
	stats->outages = subscriber->outage.count;
	stats->outage_ns = subscriber->outage.total_ns;
	pthread_mutex_unlock(&subscriber->outage.lock);
	pthread_mutex_lock(&errors->mutex);
	memcpy(stats->last_error, errors->last_error, sizeof stats->last_error);
	pthread_mutex_unlock(&errors->mutex);
}
