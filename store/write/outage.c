#include "store/write/outage.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/write/clock.h"
#include "store/write/directory.h"
#include "store/write/writer_status.h"

enum {
	RETRY_MS = 250,      /* after the first failure; then twice as long each time… */
	RETRY_MAX_MS = 2000, /* …up to this */
};

static void set_on(struct store_writer *writer, bool is_on)
{
	writer->outage.is_on = is_on;
	pthread_mutex_lock(&writer->mutex);
	writer->is_losing = is_on;
	pthread_mutex_unlock(&writer->mutex);
	store__writer_update_status(writer);
}

static void back_off(struct store__outage *outage)
{
	int64_t pause_ms = outage->retry_pause_ms * 2;
	outage->retry_pause_ms = pause_ms < RETRY_MS       ? RETRY_MS
				 : pause_ms < RETRY_MAX_MS ? pause_ms
							   : RETRY_MAX_MS;
	outage->retry_ms = store__monotonic_ms() + outage->retry_pause_ms;
}

void store__outage_begin(struct store_writer *writer, int error, const char *what)
{
	struct store__outage *outage = &writer->outage;
	char line[800];
	const char *outlook = writer->options.ends_at_loss ? "nothing more is written"
							   : "messages pass unrecorded until it works again";
	back_off(outage);
	if (outage->is_on)
		return;
	outage->messages = 0;
	snprintf(outage->reason, sizeof outage->reason, "%s: %s", what, wire_error_text(error));
	set_on(writer, true);
	snprintf(line, sizeof line, "recording degraded: cannot write to %s: %s; %s", writer->dir,
		 outage->reason, outlook);
	store__writer_report(writer, line);
}

void store__outage_begin_by_sync(struct store_writer *writer, int error)
{
	char what[120];
	snprintf(what, sizeof what, "fsync of events %" PRIu64 " to %" PRIu64, writer->log.synced_seq,
		 writer->log.next_seq - 1);
	store__outage_begin(writer, error, what);
}

static void count(struct store_writer *writer, const struct store_loss_counter *loss)
{
	store_loss_counter_add(&writer->outage.loss, loss);
	writer->outage.messages += loss->messages;
	pthread_mutex_lock(&writer->mutex);
	writer->status.lost_events += loss->events;
	writer->status.lost_messages += loss->messages;
	pthread_mutex_unlock(&writer->mutex);
}

void store__outage_check_directory(struct store_writer *writer, int64_t now_ms)
{
	const char *what;
	struct store_loss_counter loss = {0};
	int error = store__directory_check(&writer->log, now_ms, &loss, &what);
	if (!error)
		return;
	store__outage_begin(writer, error, what);
	count(writer, &loss);
}

void store__outage_lose(struct store_writer *writer, const struct store_batch *batch)
{
	struct store_loss_counter loss = {0};
	store__segment_log_give_up(&writer->log, batch);
	store__segment_log_watch(&writer->log, batch);
	store_loss_counter_add_batch(&loss, batch);
	count(writer, &loss);
}

/* Once the gap event is in the log the loss is stated, whether syncing works or not: state it once. */
static int append_gap(struct store_writer *writer, int64_t now_ms)
{
	struct store__outage *outage = &writer->outage;
	char reason[250];
	snprintf(reason, sizeof reason, "could not be recorded: %s", outage->reason);
	store_batch_reset(outage->gap);
	int error = store_loss_counter_append(&outage->loss, reason, outage->loss.to_ns, outage->gap);
	error = error ? error : store__segment_log_append(&writer->log, outage->gap, writer->level, now_ms);
	if (!error)
		outage->loss = (struct store_loss_counter){0};
	return error;
}

static void end(struct store_writer *writer)
{
	char line[800];
	writer->outage.retry_pause_ms = 0;
	set_on(writer, false);
	snprintf(line, sizeof line,
		 "recording again into %s; %" PRIu64 " messages were not recorded meanwhile", writer->dir,
		 writer->outage.messages);
	store__writer_report(writer, line);
}

void store__outage_retry(struct store_writer *writer)
{
	int64_t now_ms = store__monotonic_ms();
	const char *what = "write";
	if (writer->options.ends_at_loss) {
		back_off(&writer->outage);
		return;
	}
	int error = store__directory_retry(&writer->log, &what);
	error = error ? error : append_gap(writer, now_ms);
	error = error ? error : store__segment_log_sync(&writer->log, now_ms);
	if (error)
		store__outage_begin(writer, error, what);
	else
		end(writer);
}

void store__outage_report_unrecorded(const struct store_writer *writer)
{
	char line[800];
	snprintf(line, sizeof line,
		 "recording into %s ends degraded: %" PRIu64 " messages are not in the log", writer->dir,
		 writer->outage.loss.messages);
	store__writer_report(writer, line);
}
