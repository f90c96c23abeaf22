#include "tap/recorder/shipper.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/read/log.h"
#include "store/read/segment_reader.h"
#include "tap/recorder/ship_command.h"
#include "tap/recorder/shipped_file.h"

enum {
	LOOK_MS = 250,         /* between two looks for a closed segment */
	COMMAND_LOOK_MS = 20,  /* likewise for the end of a command */
	RETRY_MS = 1000,       /* after the first failure; then twice as long each time… */
	RETRY_MAX_MS = 300000, /* …up to this */
};

enum state { RECORDING, LEAVING, CLOSING };

struct tap_shipper {
	char *dir, *command;
	void (*report)(void *context, const char *line);
	void *context;
	pthread_t thread;

	pthread_mutex_t mutex; /* guards what follows, up to the thread's own */
	pthread_cond_t changed;
	struct store_writer *writer; /* NULL once it is being closed */
	enum state state;
	int64_t until_ms; /* CLOSING: give up then */
	struct tap_shipper_status status;

	/* The thread's own. */
	uint64_t next_seq;  /* the first event that was not shipped */
	uint64_t final_seq; /* segments that begin below it were looked at */
	int64_t retry_ms, pause_ms;
	bool is_failing; /* and that was reported */
};

/* ---- time ---- */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void wait_ms(struct tap_shipper *shipper, int ms)
{
	const int64_t at_ms = now_ms() + ms;
	const struct timespec until = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
	pthread_cond_timedwait(&shipper->changed, &shipper->mutex, &until);
}

static void report(const struct tap_shipper *shipper, const char *line)
{
	if (shipper->report)
		shipper->report(shipper->context, line);
}

/* ---- a command ---- */

/* Called with the mutex. */
static bool must_give_up(const struct tap_shipper *shipper)
{
	return shipper->state == CLOSING && now_ms() >= shipper->until_ms;
}

/* Returns the exit status, or a negative code: -ECANCELED when it had no time left. */
static int run_command(struct tap_shipper *shipper, const char *path)
{
	int status = 0;
	pid_t child = tap__ship_command_start(shipper->command, path);
	if (child < 0)
		return (int)child;
	pthread_mutex_lock(&shipper->mutex);
	bool is_over = false;
	while (!(is_over = tap__ship_command_ended(child, &status)) && !must_give_up(shipper))
		wait_ms(shipper, COMMAND_LOOK_MS);
	pthread_mutex_unlock(&shipper->mutex);
	if (is_over)
		return status;
	tap__ship_command_stop(child);
	return -ECANCELED;
}

static void note_failure(struct tap_shipper *shipper, const char *path, int status)
{
	char line[700];
	shipper->pause_ms = shipper->pause_ms == 0 ? RETRY_MS : 2 * shipper->pause_ms;
	if (shipper->pause_ms > RETRY_MAX_MS)
		shipper->pause_ms = RETRY_MAX_MS;
	shipper->retry_ms = now_ms() + shipper->pause_ms;
	pthread_mutex_lock(&shipper->mutex);
	shipper->status.failures++;
	pthread_mutex_unlock(&shipper->mutex);
	if (shipper->is_failing)
		return;
	shipper->is_failing = true;
	if (status < 0)
		snprintf(line, sizeof line, "cannot ship %s: %s; it is tried again, recording goes on", path,
			 wire_error_text(status));
	else
		snprintf(line, sizeof line,
			 "the command of --on-segment-closed failed for %s: exit status %d; it is run again, "
			 "recording goes on",
			 path, status);
	report(shipper, line);
}

static void note_success(struct tap_shipper *shipper)
{
	shipper->pause_ms = shipper->retry_ms = 0;
	if (shipper->is_failing)
		report(shipper, "the command of --on-segment-closed works again");
	shipper->is_failing = false;
	pthread_mutex_lock(&shipper->mutex);
	shipper->status.shipped++;
	if (shipper->status.waiting > 0)
		shipper->status.waiting--;
	pthread_mutex_unlock(&shipper->mutex);
}

/* ---- which segments ---- */

/* The number after the segment's last event; 0: it is not closed, or was deleted. */
static uint64_t end_of(const char *path)
{
	struct store_segment_reader *segment;
	if (store_segment_reader_open(&segment, path, NULL) != 0)
		return 0;
	uint64_t end = segment->is_closed ? store_index_next_seq(&segment->index) : 0;
	store_segment_reader_close(segment);
	return end;
}

static void remember(struct tap_shipper *shipper, uint64_t next_seq)
{
	shipper->next_seq = next_seq;
	int error = tap__shipped_file_write(shipper->dir, next_seq);
	if (error && error != -ENOENT)
		report(shipper, "cannot note which segments were shipped; some may be shipped twice");
}

/* Events up to this number were not shipped, and are gone. */
static void note_deleted(struct tap_shipper *shipper, uint64_t first_seq)
{
	char line[300];
	if (shipper->next_seq == 0 || first_seq <= shipper->next_seq)
		return;
	snprintf(line, sizeof line,
		 "events %" PRIu64 " to %" PRIu64
		 " were deleted by retention before the command of --on-segment-closed could ship them",
		 shipper->next_seq, first_seq - 1);
	report(shipper, line);
	pthread_mutex_lock(&shipper->mutex);
	shipper->status.deleted_events += first_seq - shipper->next_seq;
	pthread_mutex_unlock(&shipper->mutex);
	remember(shipper, first_seq);
}

/* False: no further segment can be shipped now. */
static bool ship(struct tap_shipper *shipper, const struct store_log_segment *segment)
{
	uint64_t end_seq = end_of(segment->path);
	if (end_seq == 0 && access(segment->path, F_OK) != 0)
		return true; /* the next segment shows what was deleted */
	if (end_seq == 0) {
		if (!store_log_segment_is_stump(segment))
			note_failure(shipper, segment->path, STORE_EDAMAGE);
		return false;
	}
	note_deleted(shipper, segment->first_seq);
	int status = run_command(shipper, segment->path);
	if (status == -ECANCELED)
		return false;
	if (status != 0) {
		note_failure(shipper, segment->path, status);
		return false;
	}
	note_success(shipper);
	remember(shipper, end_seq);
	return true;
}

static bool is_due(const struct tap_shipper *shipper, const struct store_log_segment *segment,
		   uint64_t final_seq)
{
	return segment->first_seq >= shipper->next_seq && segment->first_seq < final_seq;
}

static void count_waiting(struct tap_shipper *shipper, const struct store_log_segments *segments,
			  uint64_t final_seq)
{
	uint64_t waiting = 0;
	for (size_t i = 0; i < segments->count; i++)
		waiting += is_due(shipper, &segments->list[i], final_seq);
	pthread_mutex_lock(&shipper->mutex);
	shipper->status.waiting = waiting;
	pthread_mutex_unlock(&shipper->mutex);
}

static bool may_go_on(struct tap_shipper *shipper)
{
	pthread_mutex_lock(&shipper->mutex);
	bool may = !must_give_up(shipper);
	pthread_mutex_unlock(&shipper->mutex);
	return may;
}

/* Ship the segments that begin below final_seq. */
static void ship_all(struct tap_shipper *shipper, uint64_t final_seq)
{
	struct store_log_segments segments;
	if (store_log_list(&segments, shipper->dir, NULL) != 0)
		return;
	count_waiting(shipper, &segments, final_seq);
	for (size_t i = 0; i < segments.count && may_go_on(shipper); i++)
		if (is_due(shipper, &segments.list[i], final_seq) && !ship(shipper, &segments.list[i]))
			break;
	store_log_segments_fini(&segments);
}

/* ---- the thread ---- */

/* Called with the mutex. The segments that begin below this number are closed for good. */
static uint64_t find_final(const struct tap_shipper *shipper)
{
	struct store_writer_status status;
	if (!shipper->writer)
		return 0;
	store_writer_status(shipper->writer, &status);
	return status.final_seq;
}

static bool has_work(const struct tap_shipper *shipper, uint64_t final_seq)
{
	if (shipper->retry_ms > 0)
		return now_ms() >= shipper->retry_ms;
	return final_seq != shipper->final_seq;
}

static void *run(void *context)
{
	struct tap_shipper *shipper = context;
	pthread_mutex_lock(&shipper->mutex);
	while (shipper->state != CLOSING) {
		uint64_t final_seq = find_final(shipper);
		pthread_mutex_unlock(&shipper->mutex);
		if (final_seq > 0 && has_work(shipper, final_seq)) {
			shipper->final_seq = final_seq;
			ship_all(shipper, final_seq);
		}
		pthread_mutex_lock(&shipper->mutex);
		if (shipper->state != CLOSING)
			wait_ms(shipper, LOOK_MS);
	}
	pthread_mutex_unlock(&shipper->mutex);
	ship_all(shipper, UINT64_MAX);
	return NULL;
}

/* ---- opening and closing ---- */

/* Where to begin: with the first event that was not shipped, by the file `.shipped`. */
static uint64_t find_first(const struct tap_shipper *shipper)
{
	struct store_writer_status status;
	uint64_t seq = tap__shipped_file_read(shipper->dir);
	store_writer_status(shipper->writer, &status);
	if (seq <= status.next_seq)
		return seq;
	report(shipper, "\".shipped\" is of another log; all segments are shipped");
	return 0;
}

static void free_shipper(struct tap_shipper *shipper)
{
	pthread_cond_destroy(&shipper->changed);
	pthread_mutex_destroy(&shipper->mutex);
	free(shipper->dir);
	free(shipper->command);
	free(shipper);
}

static void init_locks(struct tap_shipper *shipper)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&shipper->mutex, NULL);
	pthread_cond_init(&shipper->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int tap_shipper_open(struct tap_shipper **shipper, const struct tap_shipper_options *options)
{
	struct tap_shipper *opened = calloc(1, sizeof *opened);
	if (!opened)
		return -ENOMEM;
	init_locks(opened);
	opened->writer = options->writer;
	opened->report = options->report;
	opened->context = options->context;
	opened->dir = realpath(options->dir, NULL);
	opened->command = strdup(options->command);
	int error = opened->dir && opened->command ? 0 : -ENOMEM;
	opened->next_seq = error ? 0 : find_first(opened);
	error = error ? error : tap__ship_command_thread(&opened->thread, run, opened);
	if (error) {
		free_shipper(opened);
		return error;
	}
	*shipper = opened;
	return 0;
}

static void set_state(struct tap_shipper *shipper, enum state state)
{
	pthread_mutex_lock(&shipper->mutex);
	shipper->state = state;
	shipper->writer = NULL;
	pthread_cond_signal(&shipper->changed);
	pthread_mutex_unlock(&shipper->mutex);
}

void tap_shipper_leave_writer(struct tap_shipper *shipper)
{
	set_state(shipper, LEAVING);
}

static void report_end(const struct tap_shipper *shipper)
{
	const struct tap_shipper_status *status = &shipper->status;
	char line[400];
	snprintf(line, sizeof line, "%" PRIu64 " segments were shipped, the command failed %" PRIu64 " times",
		 status->shipped, status->failures);
	size_t len = strlen(line);
	if (status->waiting > 0)
		snprintf(line + len, sizeof line - len,
			 "; %" PRIu64 " closed segments are left for the next recording into this log",
			 status->waiting);
	report(shipper, line);
}

void tap_shipper_close(struct tap_shipper *shipper, int patience_ms)
{
	if (!shipper)
		return;
	shipper->until_ms = now_ms() + patience_ms; /* read only once the state is CLOSING */
	set_state(shipper, CLOSING);
	pthread_join(shipper->thread, NULL);
	report_end(shipper);
	free_shipper(shipper);
}

void tap_shipper_status(struct tap_shipper *shipper, struct tap_shipper_status *status)
{
	pthread_mutex_lock(&shipper->mutex);
	*status = shipper->status;
	pthread_mutex_unlock(&shipper->mutex);
}
