#include "tap/subscriber/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/client/queue.h"

enum { LOOK_MS = 1 /* between two looks for messages */ };

#define SILENCE_NS 2000000000 /* without a message, until the server is asked whether there are more */

struct tap_stream {
	struct wire_source source;
	struct tap_stream_options options;
	struct net_client *client;
	struct net_client_errors errors;
	struct net_client_queue *queue; /* NULL: nothing is to be read */
	struct net_client_stream_info info;
	struct tap_stream_stats stats;
	bool has_message; /* to be released before the next event */
	bool is_over;
	uint64_t seen_seq; /* of the last message that came, given out or not */
	int64_t silent_ns; /* since when no message has come; monotonic; 0: one has just come */
	bool must_report_loss;
	char text[200];
};

static void release(struct tap_stream *stream)
{
	if (stream->has_message)
		net_client_queue_release(stream->queue);
	stream->has_message = false;
}

static void count(struct tap_stream *stream, const struct net_client_place *place,
		  const struct wire_event *event)
{
	struct tap_stream_stats *stats = &stream->stats;
	if (stats->last_seq > 0)
		stats->missing += place->seq - stats->last_seq - 1;
	else
		stats->first_seq = place->seq;
	stats->last_seq = place->seq;
	stats->messages++;
	stats->bytes += event->headers.len + event->payload.len;
	stats->expected = stats->messages + place->pending;
}

static void give(struct tap_stream *stream, const struct net_client_arrival *arrival,
		 const struct net_client_place *place, struct wire_event *event)
{
	const struct net_client_delivery *delivery = &arrival->delivery;
	*event = (struct wire_event){.kind = WIRE_EVENT_MESSAGE,
				     .flags = WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_RECEIVERS_UNKNOWN,
				     .time_ns = place->time_ns,
				     .steady_ns = place->time_ns,
				     .subject = wire_slice_str(delivery->subject),
				     .reply = wire_slice_str(delivery->reply),
				     .headers = net_client_delivery_block(delivery),
				     .payload = delivery->payload,
				     .size = delivery->payload.len};
	count(stream, place, event);
}

static void note_seen(struct tap_stream *stream, const struct net_client_place *place)
{
	stream->seen_seq = place->seq;
	stream->silent_ns = 0;
	stream->is_over =
	    !stream->options.follows && (place->pending == 0 || place->seq >= stream->stats.end_seq);
}

/* The next message; one that came before, or is older than the time to begin with, is left out. NULL when there is none now, or none
 * any more. */
static const struct net_client_arrival *take(struct tap_stream *stream, struct net_client_place *place)
{
	while (stream->queue && !stream->is_over) {
		const struct net_client_arrival *arrival = net_client_queue_next(stream->queue);
		if (!arrival)
			return NULL;
		bool is_new =
		    net_client_delivery_place(&arrival->delivery, place) && place->seq > stream->seen_seq;
		if (is_new && (stream->options.from_seq > 0 || place->time_ns >= stream->options.from_ns))
			return arrival;
		if (is_new)
			note_seen(stream, place);
		net_client_queue_release(stream->queue);
	}
	return NULL;
}

/* The gap between an earlier run and this one. */
static void give_loss(struct tap_stream *stream, int64_t time_ns, struct wire_event *event)
{
	snprintf(stream->text, sizeof stream->text,
		 "deleted from the stream before they were imported: sequence %" PRIu64 " to %" PRIu64,
		 stream->options.from_seq, stream->options.from_seq + stream->stats.lost - 1);
	*event = (struct wire_event){.kind = WIRE_EVENT_GAP,
				     .time_ns = time_ns,
				     .steady_ns = time_ns,
				     .from_ns = time_ns,
				     .to_ns = time_ns,
				     .lost_messages = stream->stats.lost,
				     .text = wire_slice_str(stream->text)};
	stream->must_report_loss = false;
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Messages that were expected may have been deleted, or all may be older than the time to begin with. Asked only after a silence: a
 * server may say for some milliseconds that a new consumer has got nothing and nothing is left, while it has messages under way. 0, or -ENOENT with *fault when the stream was. */
static int ask_for_end(struct tap_stream *stream, struct wire_fault *fault)
{
	struct net_client_stream_info info;
	uint64_t have = stream->seen_seq;
	int error = net_client_stream_get_info(stream->client, &stream->options.stream, &info, fault);
	if (error)
		return error == -ENOENT ? error : 0;
	stream->is_over =
	    info.messages == 0 || info.last_seq <= have || net_client_queue_has_all(stream->queue, have);
	return 0;
}

/* No message has come. 0, or a negative code with *fault. */
static int idle(struct tap_stream *stream, struct wire_fault *fault)
{
	if (stream->is_over)
		return 0;
	if (net_client_is_closed(stream->client))
		return wire_fault_set(fault, -ECONNRESET, "the connection to %s has ended for good",
				      net_client_target_servers(stream->options.target));
	if (stream->options.follows)
		return 0;
	int64_t now = now_ns();
	if (stream->silent_ns == 0)
		stream->silent_ns = now;
	if (now - stream->silent_ns < SILENCE_NS || !net_client_is_up(stream->client))
		return 0;
	stream->silent_ns = 0;
	return ask_for_end(stream, fault);
}

static int next(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	struct tap_stream *stream = (struct tap_stream *)source;
	struct net_client_place place;
	release(stream);
	const struct net_client_arrival *arrival = take(stream, &place);
	if (arrival && stream->must_report_loss) {
		give_loss(stream, place.time_ns, event);
		return 1;
	}
	if (!arrival)
		return idle(stream, fault);
	stream->has_message = true;
	note_seen(stream, &place);
	give(stream, arrival, &place, event);
	return 1;
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
	((struct tap_stream *)source)->is_over = true;
}

static bool is_over(struct wire_source *source)
{
	return ((const struct tap_stream *)source)->is_over;
}

static int deadline_ms(struct wire_source *source)
{
	(void)source;
	return LOOK_MS;
}

struct tap_pump_source tap_stream_pump_source(struct tap_stream *stream)
{
	return (struct tap_pump_source){
	    .source = &stream->source, .is_over = is_over, .stop = stop, .deadline_ms = deadline_ms};
}

/* ---- opening and closing ---- */

/* Compare where to begin with what the stream has. 0, or -EINVAL with *fault. */
static int check_start(struct tap_stream *stream, struct wire_fault *fault)
{
	const struct net_client_stream_info *info = &stream->info;
	uint64_t from = stream->options.from_seq;
	stream->stats.end_seq = info->last_seq;
	if (stream->options.is_resumed && from > info->last_seq + 1)
		return wire_fault_set(fault, -EINVAL,
				      "stream \"%s\" ends with sequence %" PRIu64
				      ", but the log has its sequence %" PRIu64
				      ": it is another stream; choose another log, or --from-seq",
				      stream->options.stream.name, info->last_seq, from - 1);
	if (stream->options.is_resumed && info->first_seq > from)
		stream->stats.lost = info->first_seq - from;
	stream->must_report_loss = stream->stats.lost > 0;
	stream->is_over = !stream->options.follows && (info->messages == 0 || from > info->last_seq);
	return 0;
}

static int connect(struct tap_stream *stream, struct wire_fault *fault)
{
	const struct tap_stream_options *options = &stream->options;
	const struct net_client_watch watch = {0};
	int error = net_client_open_watched(&stream->client, options->target, options->name, &stream->errors,
					    &watch, fault);
	if (!error)
		error = net_client_stream_get_info(stream->client, &options->stream, &stream->info, fault);
	if (!error)
		error = check_start(stream, fault);
	if (error || stream->is_over)
		return error;
	stream->queue = net_client_queue_open(stream->client);
	if (!stream->queue)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return net_client_queue_subscribe_stream(stream->queue, &options->stream, options->from_seq,
						 options->from_ns, fault);
}

int tap_stream_open(struct tap_stream **stream, const struct tap_stream_options *options,
		    struct wire_fault *fault)
{
	struct tap_stream *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->source = (struct wire_source){
	    .next = next, .client = find_client, .damage = no_damage, .close = leave_open};
	opened->options = *options;
	net_client_errors_init(&opened->errors);
	int error = connect(opened, fault);
	if (error)
		tap_stream_close(opened);
	else
		*stream = opened;
	return error;
}

void tap_stream_close(struct tap_stream *stream)
{
	if (!stream)
		return;
	stream->errors.is_over = true;
	release(stream);
	net_client_queue_close(stream->queue);
	net_client_close(stream->client);
	net_client_errors_fini(&stream->errors);
	free(stream);
}

void tap_stream_stats(const struct tap_stream *stream, struct tap_stream_stats *stats)
{
	*stats = stream->stats;
}
