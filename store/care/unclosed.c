#include "store/care/unclosed.h"

#include <stdlib.h>
#include <string.h>

#include "store/care/recover.h"
#include "store/read/log.h"

static int close_one(const struct store__unclosed *unclosed, const struct store_log_segment *listed,
		     uint64_t end_seq)
{
	struct store_recovery recovery;
	struct store_surroundings around = {.first_seq = listed->first_seq,
					    .end_seq = end_seq,
					    .next_conn = unclosed->next_conn,
					    .after_ns = listed->modified_ns};
	memcpy(around.log_id, unclosed->log_id, sizeof around.log_id);
	int status = store_recover_segment(listed->path, &around, &recovery, NULL);
	free(recovery.kept_as);
	return status < 0 ? status : 0;
}

static bool must_look_at(const struct store__unclosed *unclosed, const struct store_log_segment *listed)
{
	return listed->first_seq >= unclosed->first_seq &&
	       !(unclosed->open && strcmp(listed->path, unclosed->open) == 0);
}

int store__unclosed_close(const struct store__unclosed *unclosed)
{
	struct store_log_segments segments;
	int error = store_log_list(&segments, unclosed->dir, NULL);
	for (size_t i = 0; i < segments.count; i++) {
		bool is_last = i + 1 == segments.count;
		uint64_t end_seq = is_last ? unclosed->next_seq : segments.list[i + 1].first_seq;
		int status = must_look_at(unclosed, &segments.list[i])
				 ? close_one(unclosed, &segments.list[i], end_seq)
				 : 0;
		error = error ? error : status;
	}
	store_log_segments_fini(&segments);
	return error;
}
