/* Which segments retention deletes, by every kind of evidence of their age: never one that may be younger than the limit. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/care/retain.h"
#include "store/read/log.h"
#include "store/write/segment_writer.h"
#include "tests/unit/store/log_fixture.h"

#define SECOND_NS INT64_C(1000000000)
#define YEAR_NS   (365 * 86400 * SECOND_NS)

enum { SEGMENTS = 5, LIMIT_MS = 3600 * 1000 };

static char undeletable[400];

static int unlink_some(const char *path)
{
	if (strcmp(path, undeletable) != 0)
		return unlink(path);
	errno = EACCES;
	return -1;
}

struct scene {
	struct log_fixture *fixture;
	struct store_io io;
	struct store__ended_segments ended;
	struct store__retention retention;
	struct store__retained retained;
};

static void touch(const struct scene *scene, size_t segment, int64_t time_ns)
{
	char path[400];
	const struct timespec time = {.tv_sec = time_ns / SECOND_NS};
	log_segment_path(scene->fixture->log, segment, path, sizeof path);
	assert_int_equal(utimensat(AT_FDCWD, path, (const struct timespec[2]){time, time}, 0), 0);
}

/* Five segments whose events are of LOG_TIME_NS and whose files were written one minute apart, from then on. It is two
 * hours later, and the writer has been running for half an hour. */
static void set_up(struct scene *scene, void **state)
{
	*scene = (struct scene){.fixture = *state};
	scene->io = store__system_io;
	scene->io.unlink = unlink_some;
	undeletable[0] = '\0';
	for (uint64_t i = 0; i < SEGMENTS; i++)
		log_write(scene->fixture->log, &scene->fixture->options, 1 + i * 10, 1, 10);
	for (size_t i = 0; i < SEGMENTS; i++)
		touch(scene, i, LOG_TIME_NS + (int64_t)i * 60 * SECOND_NS);
	scene->retention = (struct store__retention){.dir = scene->fixture->log,
						     .io = &scene->io,
						     .max_age_ms = LIMIT_MS,
						     .ended = &scene->ended,
						     .started_ms = 1000,
						     .now_ms = 1000 + LIMIT_MS / 2,
						     .now_ns = LOG_TIME_NS + 7200 * SECOND_NS};
}

static size_t left(struct scene *scene)
{
	struct store_log_segments segments;
	assert_int_equal(store__retain(&scene->retention, &scene->retained), 0);
	assert_int_equal(store_log_list(&segments, scene->fixture->log, NULL), 0);
	size_t count = segments.count;
	store_log_segments_fini(&segments);
	assert_int_equal(scene->retained.segments, count);
	return count;
}

static void segments_older_than_the_limit_are_deleted(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	touch(&scene, 3, scene.retention.now_ns - 600 * SECOND_NS);
	touch(&scene, 4, scene.retention.now_ns - 500 * SECOND_NS);
	assert_int_equal(left(&scene), 2);
	assert_string_equal(scene.retained.trouble, "");
}

static void the_wall_clock_is_not_trusted_at_once(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	scene.retention.now_ms = scene.retention.started_ms + STORE__RETAIN_SETTLE_MS - 1;
	assert_int_equal(left(&scene), SEGMENTS);
	scene.retention.now_ms++;
	assert_int_equal(left(&scene), 0);
}

static void a_segment_is_not_older_than_the_ones_before_it(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	touch(&scene, 1, scene.retention.now_ns - 600 * SECOND_NS);
	assert_int_equal(left(&scene), 4);
}

static void segments_that_this_writer_ended_are_judged_by_the_monotonic_clock(void **state)
{
	struct scene scene;
	struct store_log_segments segments;
	set_up(&scene, state);
	assert_int_equal(store_log_list(&segments, scene.fixture->log, NULL), 0);
	for (size_t i = 0; i < SEGMENTS; i++)
		store__ended_segments_add(
		    &scene.ended, &(struct store__ended_segment){.first_seq = segments.list[i].first_seq,
								 .ended_ms = 2000 + (int64_t)i});
	store_log_segments_fini(&segments);
	scene.retention.now_ns += YEAR_NS; /* a clock that is ahead */
	assert_int_equal(left(&scene), SEGMENTS);
	scene.retention.now_ns = LOG_TIME_NS - YEAR_NS; /* a clock that is late */
	scene.retention.now_ms = 2001 + LIMIT_MS;
	assert_int_equal(left(&scene), SEGMENTS - 2);
	store__ended_segments_fini(&scene.ended);
}

/* The file times are right, the events' times are not. */
static void an_event_in_the_future_is_no_evidence(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	scene.retention.now_ns = LOG_TIME_NS - YEAR_NS;
	for (size_t i = 0; i < SEGMENTS; i++)
		touch(&scene, i, scene.retention.now_ns - (i < 2 ? 7200 : 60) * SECOND_NS);
	assert_int_equal(left(&scene), 3);
}

static void a_segment_from_the_future_has_the_age_of_the_next(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	scene.retention.now_ns = LOG_TIME_NS - YEAR_NS;
	for (size_t i = 0; i < SEGMENTS; i++)
		touch(&scene, i, scene.retention.now_ns - (i < 4 ? 7200 : 60) * SECOND_NS);
	touch(&scene, 2, LOG_TIME_NS);
	assert_int_equal(left(&scene), 1);
	assert_string_equal(scene.retained.trouble, "");
}

static void a_segment_that_cannot_be_read_has_the_age_of_the_next(void **state)
{
	static const char zeros[5000];
	struct scene scene;
	char path[400];
	set_up(&scene, state);
	log_segment_path(scene.fixture->log, 1, path, sizeof path);
	support_write_file(path, zeros, sizeof zeros);
	touch(&scene, 4, scene.retention.now_ns);
	assert_int_equal(left(&scene), 1);
}

static void segments_that_cannot_be_judged_are_kept_for_the_limit_and_reported(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	scene.retention.now_ns = LOG_TIME_NS - YEAR_NS;
	assert_int_equal(left(&scene), SEGMENTS);
	assert_non_null(strstr(scene.retained.trouble, "lie in the future"));
	scene.retention.now_ms = scene.retention.started_ms + LIMIT_MS;
	assert_int_equal(left(&scene), 0);
	assert_string_equal(scene.retained.trouble, "");
}

static void the_other_segments_are_deleted_when_one_cannot_be(void **state)
{
	struct scene scene;
	set_up(&scene, state);
	log_segment_path(scene.fixture->log, 1, undeletable, sizeof undeletable);
	assert_int_equal(left(&scene), 1);
	assert_non_null(strstr(scene.retained.trouble, "Permission denied"));
	assert_non_null(strstr(scene.retained.trouble, undeletable));
	undeletable[0] = '\0';
	assert_int_equal(left(&scene), 0);
	assert_string_equal(scene.retained.trouble, "");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)
	const struct CMUnitTest tests[] = {
	    CASE(segments_older_than_the_limit_are_deleted),
	    CASE(the_wall_clock_is_not_trusted_at_once),
	    CASE(a_segment_is_not_older_than_the_ones_before_it),
	    CASE(segments_that_this_writer_ended_are_judged_by_the_monotonic_clock),
	    CASE(an_event_in_the_future_is_no_evidence),
	    CASE(a_segment_from_the_future_has_the_age_of_the_next),
	    CASE(a_segment_that_cannot_be_read_has_the_age_of_the_next),
	    CASE(segments_that_cannot_be_judged_are_kept_for_the_limit_and_reported),
	    CASE(the_other_segments_are_deleted_when_one_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
