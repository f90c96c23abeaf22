#include "store/standing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/log.h"
#include "store/recover.h"
#include "store/segment.h"

static bool is_newer(const char *path)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	struct store_file_header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t got = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	return got == (ssize_t)sizeof bytes && store_file_header_get(&header, bytes) == STORE_EVERSION;
}

static int check_versions(const struct store_log_segments *segments, const char *dir,
			  struct wire_fault *fault)
{
	for (size_t i = 0; i < segments->count; i++)
		if (is_newer(segments->list[i].path))
			return wire_fault_set(fault, STORE_EVERSION,
					      "%s: this log was written by a newer version of tapedeck; "
					      "record with that one, or into another directory",
					      dir);
	return 0;
}

static void learn(struct store__standing *standing, const struct store_segment *segment)
{
	const struct store_index *index = &segment->index;
	memcpy(standing->log_id, segment->header.log_id, sizeof standing->log_id);
	standing->segments++;
	standing->bytes += segment->file_bytes;
	if (segment->header.next_conn > standing->next_conn)
		standing->next_conn = segment->header.next_conn;
	if (segment->header.first_seq > standing->next_seq)
		standing->next_seq = segment->header.first_seq;
	if (store_index_next_seq(index) > standing->next_seq)
		standing->next_seq = store_index_next_seq(index);
	for (size_t i = 0; i < index->count; i++)
		if (index->entries[i].header.max_conn >= standing->next_conn)
			standing->next_conn = index->entries[i].header.max_conn + 1;
}

/* Takes aside: the file that holds what was cut off, or NULL. */
static void report_cut(const struct store_writer_options *options, const char *path, char *aside)
{
	char line[800];
	if (aside && options->report) {
		snprintf(
		    line, sizeof line,
		    "%s was left open by a crash; its unfinished end is no part of the log and is kept as %s",
		    path, aside);
		options->report(options->context, line);
	}
	free(aside);
}

/* Returns 1 when the segment could be read, 0 when it cannot or is gone, or -ENOMEM. */
static int take_over(struct store__standing *standing, const char *path,
		     const struct store_writer_options *options, struct wire_fault *fault)
{
	struct store_segment *segment;
	char *aside;
	int error = store_recover_segment(path, &aside, fault);
	report_cut(options, path, aside);
	error = error == -ENOMEM ? error : store_segment_open(&segment, path, fault);
	if (error == -ENOENT)
		return 1;
	if (error)
		return error == -ENOMEM ? error : 0;
	learn(standing, segment);
	store_segment_close(segment);
	return 1;
}

static int take_over_all(struct store__standing *standing, const struct store_log_segments *segments,
			 const struct store_writer_options *options, struct wire_fault *fault)
{
	int readable = 1;
	for (size_t i = 0; i < segments->count && readable >= 0; i++)
		readable = take_over(standing, segments->list[i].path, options, fault);
	if (readable < 0)
		return readable;
	if (readable == 0) /* nobody knows how many numbers it used */
		return wire_fault_set(
		    fault, STORE_EFORMAT,
		    "%s: the last segment cannot be read; move it out of the log to record on",
		    segments->list[segments->count - 1].path);
	return 0;
}

int store__standing_find(struct store__standing *standing, const char *dir,
			 const struct store_writer_options *options, struct wire_fault *fault)
{
	struct store_log_segments segments;
	*standing = (struct store__standing){.next_seq = 1, .next_conn = 1};
	int error = store_log_list(&segments, dir, fault);
	if (error)
		return error;
	error = check_versions(&segments, dir, fault);
	if (!error) {
		store_log_remove_temporary(dir);
		error = take_over_all(standing, &segments, options, fault);
	}
	store_log_segments_fini(&segments);
	if (error || standing->segments > 0)
		return error;
	if (getrandom(standing->log_id, sizeof standing->log_id, 0) != sizeof standing->log_id)
		return wire_fault_set(fault, -EIO, "%s: no random number for the log's id", dir);
	return 0;
}
