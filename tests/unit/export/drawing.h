/* drawing.h - a writer that is given events of a fixture, and the text that it makes of them. */
#ifndef TESTS_UNIT_EXPORT_DRAWING_H
#define TESTS_UNIT_EXPORT_DRAWING_H

#include "export/format.h"
#include "tests/unit/cli/capture.h"
#include "tests/unit/trace/event_fixture.h"

struct drawing {
	struct event_source source;
	struct export_out out;
	struct export_writer *writer;
};

static inline void drawing_init(struct drawing *drawing)
{
	event_source_init(&drawing->source);
	capture_init(&drawing->out);
}

static inline void drawing_put(struct drawing *drawing, const struct wire_event *event, bool is_chosen)
{
	const struct export_input input = {.source = &drawing->source.source, .is_chosen = is_chosen};
	struct wire_fault fault;

	assert_int_equal(drawing->writer->put(drawing->writer, event, &input, &fault), 0);
}

/* A message from a client to another one. reply may be NULL. */
static inline void drawing_send(struct drawing *drawing, int64_t ms, uint64_t from, uint64_t to,
				const char *subject, const char *reply)
{
	struct wire_event event = event_message(&drawing->source, ms * MS, from, subject, reply);

	event_deliver(&event, to, NULL, WIRE_DELAY_UNKNOWN);
	drawing_put(drawing, &event, true);
}

/* The text, NUL-terminated, owned by the caller. The writer is ended, not closed: it may be asked for omissions. */
static inline char *drawing_end(struct drawing *drawing)
{
	struct wire_fault fault;

	assert_int_equal(drawing->writer->end(drawing->writer, &fault), 0);
	return capture_take(&drawing->out);
}

static inline void drawing_fini(struct drawing *drawing)
{
	drawing->writer->close(drawing->writer);
	capture_fini(&drawing->out);
}

/* How much the writer left out, of all kinds. */
static inline uint64_t drawing_omitted(const struct drawing *drawing)
{
	struct export_omission omission;
	uint64_t count = 0;

	for (size_t i = 0; drawing->writer->omission(drawing->writer, i, &omission); i++)
		count += omission.count;
	return count;
}

#endif
