/* source.h - a source that is asked for events: a log, several merged, a capture.
 *
 * The counterpart of struct wire_sink (wire/event.h): a sink is given events, a source is asked for them. A source
 * embeds this struct and finds itself from the pointer. All calls for one source come from one thread. */
#ifndef WIRE_SOURCE_H
#define WIRE_SOURCE_H

#include "wire/conn.h"
#include "wire/error.h"
#include "wire/event.h"

/* Steps of the clock of a recording. */
struct wire_steps {
	uint64_t count;
	int64_t largest_ns; /* the one that is farthest from 0 */
};

static inline void wire_steps_add(struct wire_steps *steps, uint64_t count, int64_t largest_ns)
{
	uint64_t old = steps->largest_ns < 0 ? 0 - (uint64_t)steps->largest_ns : (uint64_t)steps->largest_ns;
	uint64_t new = largest_ns < 0 ? 0 - (uint64_t)largest_ns : (uint64_t)largest_ns;
	steps->count += count;
	if (new > old)
		steps->largest_ns = largest_ns;
}

/* Parts that could not be read. Each place is also reported by a gap event. Events are counted as far as they are known. */
struct wire_damage {
	uint64_t places, events;                 /* damaged */
	uint64_t deleted_places, deleted_events; /* deleted before they could be read */
};

struct wire_source {
	/* The next event. 1 with *event (valid until the next call); 0 at the end, or, of a source that goes on, when
	 * there is nothing new yet; or a negative code with *fault when reading cannot continue. */
	int (*next)(struct wire_source *source, struct wire_event *event, struct wire_fault *fault);
	/* The client of a connection of the event just given out, NULL when nothing is known of it. Valid until the next call of
	 * next. */
	const struct wire_client *(*client)(struct wire_source *source, uint64_t conn);
	/* The parts that could not be read so far. */
	void (*damage)(struct wire_source *source, struct wire_damage *damage);
	void (*close)(struct wire_source *source);
	/* Optional. Add the clock steps between the events given out so far, which their steady_ns leaves out. */
	void (*steps)(struct wire_source *source, struct wire_steps *steps);
	/* Optional. Fill in the headers and the payload of the event just given out, when the source was opened without them.
	 * 0, or a negative code with the event unchanged: they cannot be read. */
	int (*content)(struct wire_source *source, struct wire_event *event);
	/* Optional; without it always 0. Which of several merged inputs the event just given out came from: 0, 1, ….
	 * Connection and sequence numbers are unique within one input only. */
	uint32_t (*origin)(struct wire_source *source);
};

static inline uint32_t wire_source_origin(struct wire_source *source)
{
	return source->origin ? source->origin(source) : 0;
}

/* A number of a connection of that event that is unique among all inputs. Those of the first input keep theirs. */
static inline uint64_t wire_source_conn(struct wire_source *source, uint64_t conn)
{
	const uint32_t input = wire_conn_input(conn, wire_source_origin(source));
	const uint64_t number = wire_conn_number(conn);
	return input > 0 && number > 0 ? wire_conn_elsewhere(input, number) : number;
}

static inline int wire_source_content(struct wire_source *source, struct wire_event *event)
{
	return source->content ? source->content(source, event) : 0;
}

#endif
