#include "tap/recorder/marks.h"

#include "store/write/append.h"

#ifndef TAPEDECK_VERSION
#error "TAPEDECK_VERSION is set by CMake"
#endif

static struct wire_event mark(const char *text, int64_t time_ns)
{
	return (struct wire_event){.kind = WIRE_EVENT_MARK, .time_ns = time_ns, .text = wire_slice_str(text)};
}

struct wire_event tap__marks_started(int64_t time_ns)
{
	return mark("start tapedeck " TAPEDECK_VERSION, time_ns);
}

void tap__marks_start(struct tap_recording *recording, struct store_batch *batch, int64_t time_ns)
{
	pthread_mutex_lock(&recording->marking);
	if (!recording->is_started) {
		const struct wire_event event = tap__marks_started(time_ns);
		recording->is_started = store_batch_append(batch, &event) == 0;
	}
	pthread_mutex_unlock(&recording->marking);
}

struct wire_event tap__marks_stop(int64_t time_ns)
{
	return mark("stop tapedeck " TAPEDECK_VERSION, time_ns);
}

void tap__marks_reset(struct tap_recording *recording)
{
	pthread_mutex_lock(&recording->marking);
	recording->is_started = false;
	pthread_mutex_unlock(&recording->marking);
}
