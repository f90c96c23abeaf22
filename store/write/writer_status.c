#include "store/write/writer_status.h"

#include <stdio.h>

/* Needs attention although recording goes on; "" = nothing does. */
static const char *trouble_of(const struct store_writer *writer)
{
	const struct store__segment_log *log = &writer->log;
	return log->directory_trouble[0] ? log->directory_trouble : log->retain_trouble;
}

/* See final_seq. */
static uint64_t find_final(const struct store__segment_log *log)
{
	uint64_t seq = log->next_seq, repacked;
	if (log->segment.fd >= 0 && log->segment.index.count > 0)
		seq = log->segment.index.entries[0].header.first_seq;
	if (log->unclosed_seq > 0 && log->unclosed_seq < seq)
		seq = log->unclosed_seq;
	if (log->repacker.path && store_log_segment_seq(log->repacker.path, &repacked) && repacked < seq)
		seq = repacked;
	return seq;
}

void store__writer_update_status(struct store_writer *writer)
{
	struct store_writer_status *status = &writer->status;
	const struct store__segment_log *log = &writer->log;
	bool is_open = log->segment.fd >= 0;
	pthread_mutex_lock(&writer->mutex);
	status->next_seq = log->next_seq;
	status->synced_seq = log->synced_seq;
	status->final_seq = find_final(log);
	status->written_bytes = log->written_bytes;
	status->log_bytes = log->closed_bytes + (is_open ? log->segment.end : 0);
	status->segments = log->closed_segments + is_open;
	status->level = writer->level;
	status->degraded = writer->outage.is_on || *trouble_of(writer);
	snprintf(status->reason, sizeof status->reason, "%s",
		 writer->outage.is_on ? writer->outage.reason : trouble_of(writer));
	pthread_cond_broadcast(&writer->done);
	pthread_mutex_unlock(&writer->mutex);
}

void store__writer_report(const struct store_writer *writer, const char *line)
{
	if (writer->options.report)
		writer->options.report(writer->options.context, line);
}

void store__writer_report_trouble(struct store_writer *writer)
{
	char line[800];
	const char *trouble = trouble_of(writer);
	if (!*trouble == !*writer->trouble)
		return;
	if (*trouble)
		snprintf(line, sizeof line, "recording into %s goes on, but needs attention: %s", writer->dir,
			 trouble);
	else
		snprintf(line, sizeof line, "recording into %s is in order again", writer->dir);
	snprintf(writer->trouble, sizeof writer->trouble, "%s", trouble);
	store__writer_report(writer, line);
}
