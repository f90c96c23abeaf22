/* stream_fixture.h - two ends of a TCP connection on one loop, as streams that note their events. */
#ifndef TESTS_STREAM_FIXTURE_H
#define TESTS_STREAM_FIXTURE_H

#include "net/listener.h"

enum { STREAM_ROOM_BYTES = 64 * 1024 };

/* One end, and what happened to it. */
struct stream_end {
	struct net_stream *stream; /* NULL once it is closed */
	unsigned opened, drained, closed;
	int ended_status, drained_status; /* of the last such event; ended: 0 = not yet */
	ptrdiff_t held, most_held;
	size_t room; /* offered to the next read */
	char *bytes; /* all that was read, owned */
	size_t len, cap;
};

struct stream_fixture {
	uv_loop_t loop;
	struct net_listener *listener;
	struct stream_end accepted, connected;
};

/* Start a stream as an end. */
void stream_end_start(struct stream_end *end, struct net_stream *stream);
/* Write all of the bytes, as `drained` allows. The loop runs meanwhile. */
void stream_end_write(struct stream_fixture *fixture, struct stream_end *end, const char *bytes, size_t len);

/* Connect the two ends; neither is read yet. layers: of the accepting one, NULL = TCP alone. */
void stream_fixture_open(struct stream_fixture *fixture, const struct net_layer *const *layers);
/* Connect them again; both must be closed. */
void stream_fixture_connect(struct stream_fixture *fixture);
/* Close what is open; the loop must end. */
void stream_fixture_close(struct stream_fixture *fixture);

/* Run the loop until the condition holds; fail past a deadline. */
#define STREAM_AWAIT(fixture, condition)                                         \
	for (uint64_t deadline_ns_ = uv_hrtime() + 20000000000; !(condition);) { \
		uv_run(&(fixture)->loop, UV_RUN_NOWAIT);                         \
		if (uv_hrtime() > deadline_ns_)                                  \
			fail_msg("waited in vain for %s", #condition);           \
	}

#endif
