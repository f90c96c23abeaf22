#include "tap/sniffer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/clients.h"

enum {
	FRAMES_PER_READ = 16, /* few, so that what waits can leave before much more comes */
	DROPS_EVERY_NS = 1000000000,
	LAG_NS = 50000000, /* a frame of a live capture comes at most so late */
};

struct tap_sniffer {
	struct wire_source source; /* first: a source is its sniffer */
	struct tap_budget budget;
	struct tap_capture *capture;
	struct tap_decoder *decoder;
	struct tap_dialogue *dialogue;
	struct tap_join *join;
	const struct store_filter *filter;
	struct store_clients clients;
	uint64_t gone;     /* connection whose disconnect event was given out; 0 = none */
	uint64_t last_seq; /* of an event */
	bool is_live, is_finished;
	int64_t stop_ns;                  /* frames from then on are not of interest; INT64_MAX = all are */
	struct wire_fault end;            /* code 0, or why the capture ended */
	int64_t time_ns;                  /* of the latest frame */
	int64_t drops_ns;                 /* when drops were looked at last */
	struct tap_capture_counts counts; /* as they were then */
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

/* What a capture lacks is told by gaps; nothing of it is damaged. */
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

/* ---- opening and closing ---- */

static int open_stages(struct tap_sniffer *sniffer, const struct tap_sniffer_options *options,
		       struct wire_fault *fault)
{
	const struct tap_dialogue_options dialogue = {.ports = options->capture.ports,
						      .ports_count = options->capture.ports_count,
						      .first_conn = options->first_conn};
	struct tap_streams_options streams;
	tap_streams_options_init(&streams);
	sniffer->join = tap_join_open(options->window_ns, &sniffer->budget);
	if (sniffer->join)
		sniffer->dialogue = tap_dialogue_open(&dialogue, sniffer->join, &sniffer->budget);
	if (sniffer->dialogue)
		sniffer->decoder =
		    tap_decoder_open(tap_capture_link_type(sniffer->capture),
				     tap_dialogue_handler(sniffer->dialogue), &streams, &sniffer->budget);
	return sniffer->decoder
		   ? 0
		   : wire_fault_set(fault, -ENOMEM, "the sniffer needs more memory than %" PRIu64 " MiB",
				    options->memory_bytes >> 20);
}

int tap_sniffer_open(struct tap_sniffer **sniffer, const struct tap_sniffer_options *options,
		     struct wire_fault *fault)
{
	struct tap_sniffer *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	*opened = (struct tap_sniffer){.source = {next_of, client_of, damage_of, close_of},
				       .budget = {.max_bytes = options->memory_bytes},
				       .filter = options->filter,
				       .is_live = options->capture.interface != NULL,
				       .stop_ns = INT64_MAX};
	int error = tap_capture_open(&opened->capture, &options->capture, fault);
	error = error ? error : open_stages(opened, options, fault);
	if (error)
		tap_sniffer_close(opened, NULL);
	else
		*sniffer = opened;
	return error;
}

int tap_sniffer_close(struct tap_sniffer *sniffer, struct wire_fault *fault)
{
	if (!sniffer)
		return 0;
	if (sniffer->decoder && !sniffer->is_finished)
		tap_decoder_finish(sniffer->decoder);
	tap_decoder_close(sniffer->decoder);
	tap_dialogue_close(sniffer->dialogue);
	tap_join_close(sniffer->join);
	store_clients_fini(&sniffer->clients);
	int error = sniffer->capture ? tap_capture_close(sniffer->capture, fault) : 0;
	free(sniffer);
	return error;
}

void tap_sniffer_set_first_conn(struct tap_sniffer *sniffer, uint64_t first_conn)
{
	tap_dialogue_set_first_conn(sniffer->dialogue, first_conn);
}

/* ---- what was dropped ---- */

static void tell_drops(struct tap_sniffer *sniffer, const char *who, uint64_t packets)
{
	char text[100];
	if (packets == 0)
		return;
	snprintf(text, sizeof text, "%s dropped %" PRIu64 " packet%s", who, packets, packets == 1 ? "" : "s");
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .time_ns = sniffer->time_ns,
				       .text = wire_slice_str(text),
				       .from_ns = sniffer->drops_ns ? sniffer->drops_ns : sniffer->time_ns,
				       .to_ns = sniffer->time_ns};
	tap_join_event(sniffer->join, &gap);
}

static void look_for_drops(struct tap_sniffer *sniffer)
{
	struct tap_capture_counts before = sniffer->counts;
	tap_capture_counts(sniffer->capture, &sniffer->counts);
	tell_drops(sniffer, "the kernel", sniffer->counts.kernel_drops - before.kernel_drops);
	tell_drops(sniffer, "the interface", sniffer->counts.interface_drops - before.interface_drops);
	sniffer->drops_ns = sniffer->time_ns;
}

/* ---- reading ---- */

static void take_frame(void *context, const struct tap_frame *frame)
{
	struct tap_sniffer *sniffer = context;
	sniffer->time_ns = frame->time_ns;
	tap_decoder_take(sniffer->decoder, frame);
}

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* No frame is there now: time passes all the same. */
static void idle(struct tap_sniffer *sniffer)
{
	sniffer->time_ns = realtime_ns() - LAG_NS;
	tap_decoder_expire(sniffer->decoder, sniffer->time_ns);
	tap_join_tick(sniffer->join, sniffer->time_ns);
}

static void finish(struct tap_sniffer *sniffer)
{
	if (sniffer->is_live)
		look_for_drops(sniffer);
	tap_decoder_finish(sniffer->decoder);
	tap_join_finish(sniffer->join);
	sniffer->is_finished = true;
}

/* Read some frames. True when there may be events now. */
static bool read_some(struct tap_sniffer *sniffer)
{
	if (sniffer->is_finished)
		return false;
	int frames = tap_capture_read(sniffer->capture, FRAMES_PER_READ, take_frame, sniffer, &sniffer->end);
	bool is_over = frames < 0 || sniffer->time_ns >= sniffer->stop_ns ||
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
		sniffer->stop_ns = sniffer->is_live ? realtime_ns() : INT64_MIN;
}

bool tap_sniffer_is_over(const struct tap_sniffer *sniffer)
{
	return sniffer->is_finished;
}

/* Keep track of who is who. What is known of one that has gone is known until the next one comes or goes. */
static void note_client(struct tap_sniffer *sniffer, const struct wire_event *event)
{
	if (sniffer->gone != 0)
		store_clients_remove(&sniffer->clients, sniffer->gone);
	sniffer->gone = event->kind == WIRE_EVENT_DISCONNECT ? event->conn : 0;
	if (event->kind == WIRE_EVENT_CONNECT)
		store_clients_put(&sniffer->clients, event->conn, event->client);
}

static bool take_event(struct tap_sniffer *sniffer, struct wire_event *event)
{
	while (tap_join_next(sniffer->join, event)) {
		event->seq = ++sniffer->last_seq;
		if (event->kind > WIRE_EVENT_DELIVERY)
			note_client(sniffer, event);
		if (!sniffer->filter ||
		    store_filter_event(sniffer->filter, event,
				       store_clients_find(&sniffer->clients, event->conn)))
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

int tap_sniffer_wait(struct tap_sniffer *sniffer, int timeout_ms)
{
	struct pollfd wait = {.fd = tap_capture_fd(sniffer->capture), .events = POLLIN};
	if (sniffer->is_finished || wait.fd < 0)
		return 1;
	int ready = poll(&wait, 1, timeout_ms);
	return ready < 0 ? -errno : ready > 0;
}

void tap_sniffer_stats(struct tap_sniffer *sniffer, struct tap_sniffer_stats *stats)
{
	*stats = (struct tap_sniffer_stats){.dialogue = tap_dialogue_stats(sniffer->dialogue),
					    .join = tap_join_stats(sniffer->join),
					    .used_bytes = sniffer->budget.used_bytes};
	tap_capture_counts(sniffer->capture, &stats->capture);
	tap_decoder_stats(sniffer->decoder, &stats->packets);
}
