/* A stage gives batches on as batches, masked, and everything else of a sink is that of the next one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "wire/batch.h"
#include "wire/mask/stage.h"

/* A sink that writes down what it gets: "subject=payload", with ! where it is masked; a batch in brackets. */
struct notes {
	struct wire_sink sink;
	char text[2000];
	size_t len;
	uint64_t bytes;
};

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct notes *notes = (struct notes *)sink;
	const struct wire_slice true_subject = wire_event_true_subject(event);
	assert_int_equal(true_subject.len, 3);
	assert_memory_equal(true_subject.data, "a.b", 3); /* whatever the mask made of it */
	notes->len += (size_t)snprintf(notes->text + notes->len, sizeof notes->text - notes->len,
				       "%.*s=%.*s%s/%d ", (int)event->subject.len, event->subject.data,
				       (int)event->payload.len, event->payload.data,
				       event->flags & WIRE_EVENT_MASKED ? "!" : "", (int)event->size);
}

static void on_batch(struct wire_sink *sink, const struct wire_event *template,
		     const struct wire_batch *batch)
{
	struct notes *notes = (struct notes *)sink;
	struct wire_event event = *template;
	uint64_t bytes = 0;
	notes->text[notes->len++] = '[';
	for (uint32_t i = 0; i < batch->count; i++) {
		wire_batch_event(batch, i, &event);
		on_event(sink, &event);
		bytes += event.size;
	}
	assert_int_equal(bytes, batch->payload_bytes);
	notes->text[notes->len++] = ']';
	notes->text[notes->len] = '\0';
}

static unsigned on_tick(struct wire_sink *sink, int64_t now_ns)
{
	(void)sink;
	return (unsigned)now_ns;
}

/* Give a batch of these messages to a stage; what came out is in *notes. */
static void give(const char *lines, const char *subject, const char *stream, struct notes *notes)
{
	struct wire_fault fault = {.text = ""};
	struct wire_mask *mask = wire_mask_open();
	assert_int_equal(wire_mask_add_lines(mask, wire_slice_str(lines), "rules", &fault), 0);
	struct wire_mask_stage *stage = wire_mask_stage_open(mask, &notes->sink);
	const struct wire_limits limits = {.max_control_line = 4096, .max_payload = 1 << 20};
	struct wire_batch_entry entries[64];
	struct wire_batch batch;
	struct wire_op first;
	size_t need;
	int64_t used = wire_parse(stream, strlen(stream), &limits, &first, &need);
	assert_true(used > 0);
	assert_true(wire_batch_parse(&first, stream + used, strlen(stream) - (size_t)used, &limits, entries,
				     64, &batch) > 0);
	const struct wire_event template = {.kind = WIRE_EVENT_MESSAGE, .subject = wire_slice_str(subject)};
	struct wire_sink *sink = wire_mask_stage_sink(stage);
	sink->batch(sink, &template, &batch);
	assert_int_equal(sink->tick(sink, 7), 7);
	assert_null(sink->ready);
	wire_mask_stage_close(stage);
	wire_mask_close(mask);
}

static struct notes new_notes(void)
{
	return (struct notes){.sink = {.event = on_event, .batch = on_batch, .tick = on_tick}};
}

static const char stream[] =
    "PUB a.b 2\r\nxx\r\nPUB a.b 7\r\n{\"a\":1}\r\nPUB a.b 7\r\n{\"a\":2}\r\nPUB a.b 7\r\n"
    "{\"b\":3}\r\nPUB a.b 9\r\n{\"a\":\"4\"}\r\n";

static void messages_that_are_alike_go_on_together(void **state)
{
	(void)state;
	struct notes notes = new_notes();
	give("$.a", "a.b", stream, &notes);
	assert_string_equal(notes.text,
			    "[a.b={\"a\":0}!/7 a.b={\"a\":0}!/7 ][a.b={\"b\":3}/7 ][a.b={\"a\":\"*\"}!/9 ]");
}

static void batch_that_no_rule_is_about_goes_on_as_it_is(void **state)
{
	(void)state;
	struct notes notes = new_notes();
	give("c:$.a", "a.b", stream, &notes);
	assert_string_equal(notes.text,
			    "[a.b={\"a\":1}/7 a.b={\"a\":2}/7 a.b={\"b\":3}/7 a.b={\"a\":\"4\"}/9 ]");
}

static void masked_subject_masks_every_message(void **state)
{
	(void)state;
	struct notes notes = new_notes();
	give("subject a.*=2", "a.b", stream, &notes);
	assert_string_equal(notes.text,
			    "[a.x={\"a\":1}!/7 a.x={\"a\":2}!/7 a.x={\"b\":3}!/7 a.x={\"a\":\"4\"}!/9 ]");
}

static void messages_whose_length_changes_go_on_one_by_one(void **state)
{
	(void)state;
	struct notes notes = new_notes();
	give("$.a=drop", "a.b", stream, &notes);
	assert_string_equal(notes.text, "a.b={}!/7 a.b={}!/7 a.b={\"b\":3}/7 a.b={}!/9 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_that_are_alike_go_on_together),
	    cmocka_unit_test(batch_that_no_rule_is_about_goes_on_as_it_is),
	    cmocka_unit_test(masked_subject_masks_every_message),
	    cmocka_unit_test(messages_whose_length_changes_go_on_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
