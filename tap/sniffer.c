#include "tap/sniffer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/read/clients.h"
#include "tap/capture/clock.h"
#include "tap/capture/clock_steps.h"
#include "tap/session/join_output.h"
#include "wire/mark.h"

enum {
	FRAMES_PER_READ = 16, /* few, so that events can leave before many more come */
	DROPS_EVERY_NS = 1000000000,
	LAG_NS = 50000000, /* a frame of a live capture is read at most this long after its time */
	IDLE_MS = 50,      /* between two looks for packets while none come */
};

struct tap_sniffer {
	struct wire_source source; /* first: a source is its sniffer */
	struct tap_budget budget;
	struct tap_capture *capture;
	struct tap_decoder *decoder;
	struct tap_sessions *sessions;
	struct tap_join *join;
	struct tap__clock clock;
	struct store_steps known_steps; /* of a file, when they were searched for in advance */
	struct wire_event held;         /* the event after a mark */
	bool is_held;
	char mark_text[WIRE_MARK_TEXT];
	struct wire_steps passed; /* clock steps between the events given out */
	const struct store_filter *filter;
	struct store_clients clients;
	uint64_t gone;     /* the connection of the disconnect event given out last; 0 = none */
	uint64_t last_seq; /* of an event, wanted or not */
	bool is_live, is_finished, names_servers;
	int64_t stop_ns;         /* frames from this time on are ignored; INT64_MAX = none */
	struct wire_fault end;   /* why the capture ended; code 0 when it has not, or without error */
	int64_t time_ns;         /* of the latest frame, steady */
	int64_t clock_offset_ns; /* live: time of day minus time since boot */
	int64_t idle_since_ns;   /* monotonic: since when no frame came; 0: one came */
	int64_t drops_ns;        /* when drops were last counted */
	struct tap_capture_counts counts; /* at drops_ns */
};

void tap_sniffer_options_init(struct tap_sniffer_options *options)
{
	*options = (struct tap_sniffer_options){
	    .first_conn = 1, .memory_bytes = 256 << 20, .window_ns = TAP_JOIN_WINDOW_NS};
}

/* ---- as a source ---- */

static int next_of(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	return tap_sniffer_next((struct tap_sniffer *)source, event, fault);
}

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	return store_clients_find(&((struct tap_sniffer *)source)->clients, conn);
}

static void steps_of(struct wire_source *source, struct wire_steps *steps)
{
	const struct tap_sniffer *sniffer = (const struct tap_sniffer *)source;
	wire_steps_add(steps, sniffer->passed.count, sniffer->passed.largest_ns);
}

/* Gaps report what a capture lacks; nothing of it is damaged. */
static void damage_of(struct wire_source *source, struct wire_damage *damage)
{
	(void)source;
	*damage = (struct wire_damage){0};
}

static void close_of(struct wire_source *source)
{
	tap_sniffer_close((struct tap_sniffer *)source, NULL);
}

struct wire_source *tap_sniffer_source(struct tap_sniffer *sniffer)
{
	return &sniffer->source;
}

/* ---- dropped packets ---- */

static void report_dropped(struct tap_sniffer *sniffer, const char *who, uint64_t packets,
			   const struct tap_drops *drops)
{
	char text[100];
	if (packets == 0)
		return;
	snprintf(text, sizeof text, "%s dropped %" PRIu64 " packet%s", who, packets, packets == 1 ? "" : "s");
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .time_ns = sniffer->time_ns ? sniffer->time_ns : drops->to_ns,
				       .text = wire_slice_str(text),
				       .from_ns = drops->from_ns,
				       .to_ns = drops->to_ns};
	tap_join_event(sniffer->join, &gap);
}

static void take_drops(struct tap_sniffer *sniffer, const struct tap_drops *drops)
{
	report_dropped(sniffer, "the kernel", drops->kernel, drops);
	report_dropped(sniffer, "the interface", drops->interface, drops);
	report_dropped(sniffer, "the kernel or the interface", drops->either, drops);
}

/* As a tap_drops_taker. The capture states times of day, by its current clock. */
static void take_stated_drops(void *context, const struct tap_drops *stated)
{
	struct tap_sniffer *sniffer = context;
	struct tap_drops drops = *stated;
	drops.from_ns = store_time_minus(stated->from_ns, sniffer->clock.offset_ns);
	drops.to_ns = store_time_minus(stated->to_ns, sniffer->clock.offset_ns);
	take_drops(sniffer, &drops);
}

static void look_for_drops(struct tap_sniffer *sniffer)
{
	struct tap_capture_counts before = sniffer->counts;
	tap_capture_counts(sniffer->capture, &sniffer->counts);
	const struct tap_drops drops = {.kernel = sniffer->counts.kernel_drops - before.kernel_drops,
					.interface = sniffer->counts.interface_drops - before.interface_drops,
					.from_ns = sniffer->drops_ns ? sniffer->drops_ns : sniffer->time_ns,
					.to_ns = sniffer->time_ns};
	take_drops(sniffer, &drops);
	sniffer->drops_ns = sniffer->time_ns;
}

/* ---- opening and closing ---- */

static int open_stages(struct tap_sniffer *sniffer, const struct tap_sniffer_options *options,
		       struct wire_fault *fault)
{
	const struct tap_sessions_options sessions = {.ports = options->capture.ports,
						      .ports_count = options->capture.ports_count,
						      .first_conn = options->first_conn,
						      .names_servers = options->names_servers};
	struct tap_decoder_options decoder = {.ports = options->capture.ports,
					      .ports_count = options->capture.ports_count};
	tap_reassembly_options_init(&decoder.reassembly);
	sniffer->join = tap_join_open(options->window_ns, &sniffer->budget);
	if (sniffer->join)
		sniffer->sessions = tap_sessions_open(&sessions, sniffer->join, &sniffer->budget);
	if (sniffer->sessions)
		sniffer->decoder =
		    tap_decoder_open(tap_sessions_handler(sniffer->sessions), &decoder, &sniffer->budget);
	return sniffer->decoder
		   ? 0
		   : wire_fault_set(fault, -ENOMEM, "the sniffer needs more memory than %" PRIu64 " MiB",
				    options->memory_bytes >> 20);
}

/* A step ahead is only recognised when it is corrected, so search a file for steps in advance. */
static int look_ahead(struct tap_sniffer *sniffer, const struct tap_sniffer_options *options,
		      struct wire_fault *fault)
{
	if (!options->looks_ahead || !tap__capture_is_rereadable(&options->capture))
		return 0;
	sniffer->clock.known = &sniffer->known_steps;
	return tap__capture_steps(&sniffer->known_steps, &options->capture, fault);
}

int tap_sniffer_open(struct tap_sniffer **sniffer, const struct tap_sniffer_options *options,
		     struct wire_fault *fault)
{
	struct tap_sniffer *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	*opened = (struct tap_sniffer){.source = {.next = next_of,
						  .client = client_of,
						  .damage = damage_of,
						  .close = close_of,
						  .steps = steps_of},
				       .budget = {.max_bytes = options->memory_bytes},
				       .filter = options->filter,
				       .is_live = options->capture.interface != NULL,
				       .names_servers = options->names_servers,
				       .stop_ns = INT64_MAX};
	int error = look_ahead(opened, options, fault);
	error = error ? error : tap_capture_open(&opened->capture, &options->capture, fault);
	error = error ? error : open_stages(opened, options, fault);
	if (error) {
		tap_sniffer_close(opened, NULL);
		return error;
	}
	tap_capture_on_drops(opened->capture, take_stated_drops, opened);
	*sniffer = opened;
	return 0;
}

int tap_sniffer_close(struct tap_sniffer *sniffer, struct wire_fault *fault)
{
	if (!sniffer)
		return 0;
	if (sniffer->decoder && !sniffer->is_finished)
		tap_decoder_finish(sniffer->decoder);
	tap_decoder_close(sniffer->decoder);
	tap_sessions_close(sniffer->sessions);
	tap_join_close(sniffer->join);
	store_clients_fini(&sniffer->clients);
	store_steps_fini(&sniffer->known_steps);
	int error = sniffer->capture ? tap_capture_close(sniffer->capture, fault) : 0;
	free(sniffer);
	return error;
}

void tap_sniffer_set_first_conn(struct tap_sniffer *sniffer, uint64_t first_conn)
{
	tap_sessions_set_first_conn(sniffer->sessions, first_conn);
}

/* ---- reading ---- */

static void take_frame(void *context, const struct tap_frame *frame)
{
	struct tap_sniffer *sniffer = context;
	struct tap_frame steady = *frame;
	steady.time_ns = sniffer->time_ns = tap__clock_frame(&sniffer->clock, frame->time_ns);
	sniffer->idle_since_ns = 0;
	tap_decoder_take(sniffer->decoder, &steady);
}

static int64_t read_clock(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Frames of an interface have the time of day, which may be set. */
static void watch_clock(struct tap_sniffer *sniffer)
{
	int64_t offset_ns = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
	int64_t by_ns = offset_ns - sniffer->clock_offset_ns;
	if (by_ns >= -STORE_STEP_NS && by_ns <= STORE_STEP_NS)
		return;
	if (sniffer->clock_offset_ns != 0)
		tap__clock_expect(&sniffer->clock, by_ns);
	sniffer->clock_offset_ns = offset_ns;
}

/* No frame is there: let the time pass. */
static void idle(struct tap_sniffer *sniffer)
{
	int64_t now_ns = read_clock(CLOCK_MONOTONIC);
	if (sniffer->clock.frames == 0) { /* no event waits yet */
		sniffer->time_ns = read_clock(CLOCK_REALTIME) - LAG_NS;
		return;
	}
	if (sniffer->idle_since_ns == 0)
		sniffer->idle_since_ns = now_ns;
	int64_t idle_ns = now_ns - sniffer->idle_since_ns - LAG_NS;
	sniffer->time_ns = tap__clock_idle(&sniffer->clock, idle_ns > 0 ? idle_ns : 0);
	tap_decoder_expire(sniffer->decoder, sniffer->time_ns);
	tap_join_tick(sniffer->join, sniffer->time_ns);
}

/* Report a file without any TCP as an error, because the output would look as if nothing had happened. */
static void check_understood(struct tap_sniffer *sniffer)
{
	struct tap_decoder_stats packets;
	char kinds[300];
	tap_decoder_stats(sniffer->decoder, &packets);
	if (packets.frames == 0 || packets.kinds[TAP_PACKET_SEGMENT] > 0 || sniffer->end.code != 0)
		return;
	tap_undecoded_frames_list(packets.undecoded, kinds, sizeof kinds);
	wire_fault_set(&sniffer->end, TAP_ENOTCP, "%s: no packet contains TCP that can be decoded: %s",
		       tap_capture_name(sniffer->capture), kinds);
}

static void finish(struct tap_sniffer *sniffer)
{
	if (sniffer->is_live)
		look_for_drops(sniffer);
	tap_decoder_finish(sniffer->decoder);
	if (!sniffer->is_live && sniffer->stop_ns == INT64_MAX)
		check_understood(sniffer);
	tap_join_finish(sniffer->join);
	sniffer->is_finished = true;
}

/* Read some frames. True when there may be new events. */
static bool read_some(struct tap_sniffer *sniffer)
{
	if (sniffer->is_finished)
		return false;
	if (sniffer->is_live)
		watch_clock(sniffer);
	int frames = tap_capture_read(sniffer->capture, FRAMES_PER_READ, take_frame, sniffer, &sniffer->end);
	bool is_over = frames < 0 || sniffer->clock.front_ns >= sniffer->stop_ns ||
		       (frames == 0 && (!sniffer->is_live || sniffer->stop_ns != INT64_MAX));
	if (is_over)
		finish(sniffer);
	else if (frames == 0)
		idle(sniffer);
	if (sniffer->is_live && sniffer->time_ns - sniffer->drops_ns >= DROPS_EVERY_NS)
		look_for_drops(sniffer);
	return frames != 0 || is_over;
}

void tap_sniffer_stop(struct tap_sniffer *sniffer)
{
	if (sniffer->stop_ns == INT64_MAX)
		sniffer->stop_ns = sniffer->is_live ? read_clock(CLOCK_REALTIME) : INT64_MIN;
}

bool tap_sniffer_is_over(const struct tap_sniffer *sniffer)
{
	return sniffer->is_finished;
}

/* Keep track of the clients. A client that disconnected is known until the next one connects or disconnects. */
static void note_client(struct tap_sniffer *sniffer, const struct wire_event *event)
{
	if (sniffer->gone != 0)
		store_clients_remove(&sniffer->clients, sniffer->gone);
	sniffer->gone = event->kind == WIRE_EVENT_DISCONNECT ? event->conn : 0;
	if (event->kind == WIRE_EVENT_CONNECT)
		store_clients_put(&sniffer->clients, event->conn, event->client);
}

/* Set the time of day of an event that has left the stages. */
static void set_times(const struct tap_sniffer *sniffer, struct wire_event *event)
{
	const struct tap__clock *clock = &sniffer->clock;
	event->steady_ns = event->time_ns;
	event->time_ns = tap__clock_time(clock, event->time_ns);
	if (event->kind == WIRE_EVENT_GAP) {
		event->from_ns = tap__clock_time(clock, event->from_ns);
		event->to_ns = tap__clock_time(clock, event->to_ns);
	}
}

static void make_mark(struct tap_sniffer *sniffer, const struct tap__clock_step *step,
		      struct wire_event *event)
{
	if (sniffer->last_seq > 0)
		wire_steps_add(&sniffer->passed, 1, step->by_ns);
	*event = (struct wire_event){.kind = WIRE_EVENT_MARK,
				     .time_ns = tap__clock_time(&sniffer->clock, step->from_ns),
				     .steady_ns = step->from_ns,
				     .text = wire_slice_str(wire_mark_step(sniffer->mark_text, step->by_ns))};
}

/* The next event, wanted or not. A mark precedes the first event after a clock step. */
static bool next_event(struct tap_sniffer *sniffer, struct wire_event *event)
{
	if (!tap__clock_is_settled(&sniffer->clock) && !sniffer->is_finished)
		return false;
	if (sniffer->is_held)
		*event = sniffer->held;
	else if (!tap_join_next(sniffer->join, event))
		return false;
	const struct tap__clock_step *step = tap__clock_next_mark(&sniffer->clock, event->time_ns);
	sniffer->is_held = step != NULL;
	if (step) {
		sniffer->held = *event;
		make_mark(sniffer, step, event);
	} else {
		set_times(sniffer, event);
	}
	return true;
}

/* Does the event pass the filter? When servers are named, marks always do. */
static bool is_wanted(struct tap_sniffer *sniffer, const struct wire_event *event)
{
	return !sniffer->filter || (sniffer->names_servers && event->kind == WIRE_EVENT_MARK) ||
	       store_filter_event(sniffer->filter, event, &sniffer->source);
}

static bool take_event(struct tap_sniffer *sniffer, struct wire_event *event)
{
	while (next_event(sniffer, event)) {
		event->seq = ++sniffer->last_seq;
		if (event->kind > WIRE_EVENT_DELIVERY)
			note_client(sniffer, event);
		if (is_wanted(sniffer, event))
			return true;
	}
	return false;
}

int tap_sniffer_next(struct tap_sniffer *sniffer, struct wire_event *event, struct wire_fault *fault)
{
	do {
		if (take_event(sniffer, event))
			return 1;
	} while (read_some(sniffer));
	if (take_event(sniffer, event))
		return 1;
	return sniffer->is_finished && sniffer->end.code < 0
		   ? wire_fault_set(fault, sniffer->end.code, "%s", sniffer->end.text)
		   : 0;
}

/* ---- as a source of a pump ---- */

static bool is_over(struct wire_source *source)
{
	return tap_sniffer_is_over((const struct tap_sniffer *)source);
}

static void stop(struct wire_source *source)
{
	tap_sniffer_stop((struct tap_sniffer *)source);
}

static int fd_of(struct wire_source *source)
{
	return tap_capture_fd(((const struct tap_sniffer *)source)->capture);
}

/* Without packets the clock of the sniffer must be advanced, so that events can leave. */
static int deadline_of(struct wire_source *source)
{
	const struct tap_sniffer *sniffer = (const struct tap_sniffer *)source;
	return sniffer->is_finished || !sniffer->is_live ? 0 : IDLE_MS;
}

struct tap_pump_source tap_sniffer_pump_source(struct tap_sniffer *sniffer)
{
	return (struct tap_pump_source){&sniffer->source, is_over, stop, fd_of, deadline_of};
}

void tap_sniffer_stats(struct tap_sniffer *sniffer, struct tap_sniffer_stats *stats)
{
	*stats = (struct tap_sniffer_stats){.sessions = tap_sessions_stats(sniffer->sessions),
					    .join = tap_join_stats(sniffer->join),
					    .used_bytes = sniffer->budget.used_bytes};
	tap_capture_counts(sniffer->capture, &stats->capture);
	tap_decoder_stats(sniffer->decoder, &stats->packets);
}
