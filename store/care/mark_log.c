#include "store/care/mark_log.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/read/log.h"
#include "store/write/append.h"
#include "store/write/mark_box.h"
#include "store/write/producer.h"

bool store_mark_log_is_one(const char *path)
{
	struct store_log_segments segments;
	struct stat info;
	if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode) || store_log_list(&segments, path, NULL) != 0)
		return false;
	bool is_one = segments.count > 0 || store_log_is_locked(path);
	store_log_segments_fini(&segments);
	return is_one;
}

static int append(struct store_writer *writer, const char *text)
{
	struct timespec now;
	char remark[WIRE_MARK_REMARK];
	struct store_producer *producer = store_producer_open(writer, NULL, NULL);
	struct store_batch *batch = producer ? store_producer_batch(producer) : NULL;
	if (!batch) {
		store_producer_close(producer);
		return -ENOMEM;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
					.time_ns = store_log_time_ns(&now),
					.text =
					    wire_slice_str(wire_mark_remark(remark, wire_slice_str(text)))};
	int error = store_batch_append(batch, &mark);
	store_producer_submit(producer, batch);
	store_producer_close(producer);
	return error;
}

/* No one is recording into the log: record the mark. */
static int write_mark(const char *path, const char *text, struct wire_fault *fault)
{
	struct store_writer *writer;
	struct store_writer_options options;
	struct store_writer_status status;
	store_writer_options_init(&options);
	options.written_by = "mark";
	int error = store_writer_open(&writer, path, &options, fault);
	if (error)
		return error;
	error = append(writer, text);
	store_writer_flush(writer);
	store_writer_status(writer, &status);
	store_writer_close(writer);
	if (error)
		return wire_fault_set(fault, error, "%s: out of memory", path);
	return status.degraded ? wire_fault_set(fault, -EIO, "%s: cannot write: %s", path, status.reason) : 0;
}

int store_mark_log(const char *path, const char *text, int timeout_ms, struct wire_fault *fault)
{
	int error = store_log_is_locked(path) ? STORE_ELOCKED : write_mark(path, text, fault);
	if (error != STORE_ELOCKED)
		return error;
	error = store_mark_leave(path, text, timeout_ms, fault);
	if (error == STORE_ELOCKED && !store_log_is_locked(path)) /* the writer ended meanwhile */
		error = write_mark(path, text, fault);
	return error;
}
