/* The order in which a log is read that several event loops wrote, held against a sort of all its events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/store/builder_fixture.h"
#include "wire/mark.h"

enum { LOOPS = 5, PENDING = 400, HAND_OVER_NS = 20000000, ROUNDS = 15 };

/* An event loop with the events of the batch that it has not handed over yet. */
struct loop {
	struct pending {
		int64_t time_ns;
		uint32_t number;
	} pending[PENDING];
	uint32_t count;
};

/* The model: the events of a log sorted by epoch, then by time, then by sequence number. A new epoch begins where the
 * clock was set back. */
struct model {
	struct log_builder *builder;
	struct random random;
	struct loop loops[LOOPS];
	int64_t now_ns;
	uint32_t epoch, numbers;
	uint32_t *epochs; /* by sequence number - 1 */
	size_t epochs_cap;
	bool has_large_blocks; /* blocks hold batches of several loops, as repacking makes them */
};

static void model_open(struct model *model, struct log_builder *builder, uint64_t seed)
{
	*model = (struct model){.builder = builder, .random.state = seed, .now_ns = builder->time_ns};
	model->has_large_blocks = seed % 3 == 0;
}

static void note_epoch(struct model *model)
{
	if (model->builder->count > model->epochs_cap) {
		model->epochs_cap = 2 * model->builder->count;
		model->epochs = realloc(model->epochs, model->epochs_cap * sizeof *model->epochs);
		assert_non_null(model->epochs);
	}
	model->epochs[model->builder->count - 1] = model->epoch;
}

static void add_message(struct model *model, uint64_t conn, const struct pending *pending)
{
	char subject[20], payload[20];
	snprintf(subject, sizeof subject, "loop.%u", pending->number % 7);
	snprintf(payload, sizeof payload, "%u", pending->number);
	const struct wire_event event = {.conn = conn,
					 .time_ns = pending->time_ns,
					 .subject = wire_slice_str(subject),
					 .payload = wire_slice_str(payload),
					 .size = strlen(payload)};
	builder_add(model->builder, &event);
	note_epoch(model);
}

static void end_block(struct model *model, bool always)
{
	bool is_larger = model->has_large_blocks && random_below(&model->random, 2);
	if (store_batch_events(model->builder->batch) > 0 && (always || !is_larger))
		builder_end_block(model->builder);
}

static void hand_over(struct model *model, uint32_t number, bool always)
{
	struct loop *loop = &model->loops[number];
	for (uint32_t i = 0; i < loop->count; i++)
		add_message(model, number + 1, &loop->pending[i]);
	loop->count = 0;
	end_block(model, always);
}

static void hand_over_all(struct model *model)
{
	for (uint32_t i = 0; i < LOOPS; i++)
		hand_over(model, i, i + 1 == LOOPS);
}

static void work(struct model *model)
{
	uint32_t number = random_below(&model->random, LOOPS);
	struct loop *loop = &model->loops[number];
	model->now_ns += random_below(&model->random, 10) == 0 ? random_below(&model->random, 8000000)
							       : random_below(&model->random, 3) * 1000;
	for (uint32_t i = 0; i < LOOPS; i++) {
		const struct loop *other = &model->loops[i];
		if (other->count > 0 && model->now_ns - other->pending[0].time_ns > HAND_OVER_NS)
			hand_over(model, i, false);
	}
	loop->pending[loop->count++] = (struct pending){model->now_ns, model->numbers++};
	if (loop->count == PENDING || random_below(&model->random, 200) == 0)
		hand_over(model, number, false);
}

/* All loops see the new clock at once. Sometimes a mark says so. */
static void set_clock(struct model *model, int64_t by_ns)
{
	hand_over_all(model);
	model->now_ns += by_ns;
	if (by_ns < 0)
		model->epoch++;
	if (random_below(&model->random, 2)) {
		char text[WIRE_MARK_TEXT];
		const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
						.time_ns = model->now_ns,
						.text = wire_slice_str(wire_mark_step(text, by_ns))};
		builder_add(model->builder, &mark);
		note_epoch(model);
	}
}

static void fill(struct model *model, uint32_t events)
{
	for (uint32_t i = 0; i < events; i++) {
		uint32_t dice = random_below(&model->random, 1000);
		if (dice == 0)
			set_clock(model, INT64_C(-3600000000000));
		else if (dice == 1)
			set_clock(model, INT64_C(3600000000000));
		else if (dice == 2)
			set_clock(model, INT64_C(-150000000));
		work(model);
	}
	hand_over_all(model);
}

static void fill_segments(struct model *model, uint32_t segments, uint32_t events)
{
	for (uint32_t i = 0; i < segments; i++) {
		/* Loops hand over what they have when they like, so that segments overlap, too. */
		for (uint32_t j = 0; j < events; j++)
			work(model);
		if (i + 1 == segments)
			fill(model, events);
		end_block(model, true);
		if (model->builder->output.fd >= 0)
			builder_end_segment(model->builder, i + 1 < segments);
	}
}

/* ---- comparing ---- */

static const struct model *sorted_by; /* qsort has no context */

static int in_order(const void *a, const void *b)
{
	const struct wire_event *x = *(const struct wire_event *const *)a,
				*y = *(const struct wire_event *const *)b;
	uint32_t in_x = sorted_by->epochs[x->seq - 1], in_y = sorted_by->epochs[y->seq - 1];
	if (in_x != in_y)
		return in_x < in_y ? -1 : 1;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

typedef bool is_expected(const void *context, const struct wire_event *event);

/* The events from index `from` on that are expected, in their order; owned. */
static const struct wire_event **sort(const struct model *model, size_t from, is_expected *expected,
				      const void *context, size_t *count)
{
	const struct log_builder *builder = model->builder;
	const struct wire_event **list = calloc(builder->count + 1, sizeof *list);
	assert_non_null(list);
	*count = 0;
	for (size_t i = from; i < builder->count; i++)
		if (expected(context, &builder->events[i]))
			list[(*count)++] = &builder->events[i];
	sorted_by = model;
	qsort(list, *count, sizeof *list, in_order);
	return list;
}

static void assert_order(const struct model *model, const struct reading *reading, bool reverse,
			 is_expected *expected, const void *context)
{
	size_t count, at = 0;
	const struct wire_event **list = sort(model, 0, expected, context, &count);
	for (size_t i = 0; i < reading->count; i++) {
		if (reading->items[i].to_seq > 0)
			continue; /* a gap */
		if (at >= count)
			fail_msg("%zu events are expected, and there are more", count);
		uint64_t seq = list[reverse ? count - 1 - at : at]->seq;
		if (reading->items[i].seq != seq)
			fail_msg("event %zu of %zu is number %lu, wanted %lu", at, count,
				 (unsigned long)reading->items[i].seq, (unsigned long)seq);
		at++;
	}
	assert_int_equal(at, count);
	free(list);
}

static bool passes_filter(const void *context, const struct wire_event *event)
{
	struct wire_event plain = *event;
	plain.client = NULL;
	return store_filter_event(context, &plain, NULL);
}

static struct store_filter *random_filter(struct model *model)
{
	static const char *const subjects[] = {"loop.1", "loop.*", "loop.3", "none"};
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault;
	struct random *random = &model->random;
	const struct log_builder *builder = model->builder;
	assert_non_null(filter);
	if (random_below(random, 2))
		store_filter_subject(filter, subjects[random_below(random, 4)], &fault);
	if (random_below(random, 4) == 0)
		store_filter_client(filter, random_below(random, 2) ? "2" : "4", &fault);
	if (random_below(random, 3) == 0)
		store_filter_since(filter,
				   builder->events[random_below(random, (uint32_t)builder->count)].time_ns);
	if (random_below(random, 3) == 0)
		store_filter_until(filter,
				   builder->events[random_below(random, (uint32_t)builder->count)].time_ns);
	return filter;
}

/* ---- the tests ---- */

static void in_each_round(void **state, uint32_t segments, uint32_t events,
			  void (*check)(struct model *model, const char *log))
{
	struct builder_fixture *fixture = *state;
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		char log[400];
		struct log_builder builder;
		struct model model;
		snprintf(log, sizeof log, "%s-%lu", fixture->log, (unsigned long)seed);
		builder_open(&builder, log, seed);
		model_open(&model, &builder, seed);
		fill_segments(&model, segments, events);
		check(&model, log);
		free(model.epochs);
		builder_close(&builder);
	}
}

static void read_with_random_filter(struct model *model, const char *log)
{
	for (int i = 0; i < 4; i++) {
		struct store_filter *filter = random_filter(model);
		const struct store_reader_options options = {.filter = filter,
							     .reverse = i % 2,
							     .in_time_order = true,
							     .payloads = i % 3 != 0,
							     .steady = random_below(&model->random, 2)};
		struct reading reading;
		builder_read(model->builder, log, &options, &reading);
		assert_int_equal(reading.damaged_events, 0);
		assert_order(model, &reading, options.reverse, passes_filter, filter);
		reading_fini(&reading);
		store_filter_close(filter);
	}
}

static void events_of_several_loops_come_in_order_of_time(void **state)
{
	in_each_round(state, 2, 500, read_with_random_filter);
}

static void events_come_in_order_of_time_across_many_small_segments(void **state)
{
	in_each_round(state, 12, 40, read_with_random_filter);
}

static void sequence_order_is_that_of_the_blocks(void **state)
{
	struct builder_fixture *fixture = *state;
	struct model model;
	struct reading reading;
	bool is_time_order = true;
	model_open(&model, &fixture->builder, 7);
	fill_segments(&model, 3, 500);
	builder_read(&fixture->builder, fixture->log, &(struct store_reader_options){.payloads = true},
		     &reading);
	assert_int_equal(reading.count, fixture->builder.count);
	for (size_t i = 0; i < reading.count; i++) {
		assert_int_equal(reading.items[i].seq, i + 1);
		is_time_order &=
		    i == 0 || fixture->builder.events[i].time_ns >= fixture->builder.events[i - 1].time_ns;
	}
	assert_false(is_time_order); /* or else this test says nothing */
	reading_fini(&reading);
	free(model.epochs);
}

static bool is_in_no_damaged_block(const void *context, const struct wire_event *event)
{
	const struct log_builder *builder = context;
	for (size_t i = 0; i < builder->blocks_count; i += 7) {
		const struct store_block_header *header = &builder->blocks[i].header;
		if (event->seq >= header->first_seq && event->seq < header->first_seq + header->events)
			return false;
	}
	return true;
}

/* Every seventh block is damaged. */
static void read_damaged(struct model *model, const char *log)
{
	struct log_builder *builder = model->builder;
	uint64_t damaged = 0;
	for (size_t i = 0; i < builder->blocks_count; i += 7, damaged++) {
		const struct built_block *block = &builder->blocks[i];
		builder_flip(builder->segments[block->segment],
			     builder_frame_offset(block, STORE_FRAME_COLUMNS), 3);
	}
	for (int reverse = 0; reverse < 2; reverse++) {
		const struct store_reader_options options = {
		    .reverse = reverse, .in_time_order = true, .payloads = true};
		struct reading reading;
		uint64_t gaps = 0;
		builder_read(builder, log, &options, &reading);
		for (size_t i = 0; i < reading.count; i++)
			gaps += reading.items[i].to_seq > 0;
		assert_int_equal(gaps, damaged);
		assert_int_equal(reading.damaged_blocks, damaged);
		assert_order(model, &reading, reverse, is_in_no_damaged_block, builder);
		reading_fini(&reading);
	}
}

static void damaged_blocks_cost_their_own_events_and_no_order(void **state)
{
	in_each_round(state, 3, 200, read_damaged);
}

static bool is_in_another_segment(const void *context, const struct wire_event *event)
{
	const uint64_t *seqs = context;
	return event->seq < seqs[0] || event->seq >= seqs[1];
}

/* Nothing is sorted across the place of a segment that is missing. */
static void read_without_segment(struct model *model, const char *log)
{
	struct log_builder *builder = model->builder;
	uint64_t seqs[2] = {0, 0};
	for (size_t i = 0; i < builder->blocks_count; i++) {
		const struct built_block *block = &builder->blocks[i];
		if (block->segment == 1 && seqs[0] == 0)
			seqs[0] = block->header.first_seq;
		if (block->segment == 1)
			seqs[1] = block->header.first_seq + block->header.events;
	}
	assert_int_equal(unlink(builder->segments[1]), 0);
	for (uint64_t seq = seqs[1]; seq <= builder->count; seq++)
		model->epochs[seq - 1] += 1000;
	for (int reverse = 0; reverse < 2; reverse++) {
		const struct store_reader_options options = {
		    .reverse = reverse, .in_time_order = true, .payloads = true};
		struct reading reading;
		builder_read(builder, log, &options, &reading);
		assert_int_equal(reading.damaged_events, seqs[1] - seqs[0]);
		assert_order(model, &reading, reverse, is_in_another_segment, seqs);
		reading_fini(&reading);
	}
}

static void nothing_is_sorted_across_missing_blocks(void **state)
{
	in_each_round(state, 3, 200, read_without_segment);
}

static bool is_any(const void *context, const struct wire_event *event)
{
	(void)context;
	(void)event;
	return true;
}

static void a_followed_log_gives_what_it_has_in_order_of_time(void **state)
{
	struct builder_fixture *fixture = *state;
	const struct store_reader_options options = {.follow = true, .in_time_order = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	struct model model;
	size_t from = 0;
	model_open(&model, &fixture->builder, 11);
	assert_int_equal(store_reader_open(&reader, fixture->log, &options, &fault), 0);
	for (int i = 0; i < 20; i++) {
		size_t count;
		fill(&model, 150);
		if (i % 4 == 3)
			builder_end_segment(&fixture->builder, true);
		const struct wire_event **list = sort(&model, from, is_any, NULL, &count);
		for (size_t j = 0; j < count; j++) {
			assert_int_equal(store_reader_next(reader, &event, &fault), 1);
			assert_int_equal(event.seq, list[j]->seq);
		}
		assert_int_equal(store_reader_next(reader, &event, &fault), 0);
		from = fixture->builder.count;
		free(list);
	}
	store_reader_close(reader);
	free(model.epochs);
}

static void an_unreadable_log_gives_all_events_before_the_error(void **state)
{
	struct builder_fixture *fixture = *state;
	const struct store_reader_options options = {.in_time_order = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	unsigned char header[STORE_FILE_HEADER_BYTES];
	char path[400];
	uint64_t count = 0;
	int status;
	for (int64_t i = 0; i < 100; i++) {
		builder_add(&fixture->builder,
			    &(struct wire_event){.time_ns = i * 1000, .subject = WIRE_LITERAL("a")});
		if (i % 7 == 6)
			builder_end_block(&fixture->builder);
	}
	builder_end_segment(&fixture->builder, true);
	store_file_header_put(
	    header, &(struct store_file_header){.major = STORE_VERSION_MAJOR_MAX + 1, .first_seq = 101});
	snprintf(path, sizeof path, "%s/00000000000000000101.seg", fixture->log);
	support_write_file(path, (const char *)header, sizeof header);
	assert_int_equal(store_reader_open(&reader, fixture->log, &options, &fault), 0);
	while ((status = store_reader_next(reader, &event, &fault)) == 1)
		count++;
	assert_int_equal(status, STORE_EVERSION);
	assert_non_null(strstr(fault.text, path));
	assert_int_equal(count, 100);
	store_reader_close(reader);
}

/* More blocks overlap than the window holds. */
static void blocks_that_are_too_many_for_the_window_all_come(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	const struct store_reader_options options = {.in_time_order = true};
	struct reading reading;
	bool *seen = calloc(3001, sizeof *seen);
	assert_non_null(seen);
	for (uint32_t i = 0; i < 1000; i++) {
		for (int64_t j = 0; j < 3; j++)
			builder_add(builder,
				    &(struct wire_event){.time_ns = 5 + j, .subject = WIRE_LITERAL("a")});
		builder_end_block(builder);
	}
	builder_read(builder, fixture->log, &options, &reading);
	assert_int_equal(reading.count, 3000);
	for (size_t i = 0; i < reading.count; i++) {
		assert_false(seen[reading.items[i].seq]);
		seen[reading.items[i].seq] = true;
	}
	reading_fini(&reading);
	free(seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, builder_fixture_setup, builder_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(events_of_several_loops_come_in_order_of_time),
	    TEST(events_come_in_order_of_time_across_many_small_segments),
	    TEST(sequence_order_is_that_of_the_blocks),
	    TEST(damaged_blocks_cost_their_own_events_and_no_order),
	    TEST(nothing_is_sorted_across_missing_blocks),
	    TEST(a_followed_log_gives_what_it_has_in_order_of_time),
	    TEST(an_unreadable_log_gives_all_events_before_the_error),
	    TEST(blocks_that_are_too_many_for_the_window_all_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
