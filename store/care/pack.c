#include "store/care/pack.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "store/care/repack.h"
#include "store/read/log.h"
#include "store/read/segment_reader.h"

struct packing {
	const struct store_pack_options *options;
	struct store_pack_report *report;
	store_pack_finding *finding;
	void *context;
};

static void find(const struct packing *packing, const char *path, const char *what)
{
	char line[700];
	snprintf(line, sizeof line, "%s: %s", path, what);
	if (packing->finding)
		packing->finding(packing->context, line);
}

static bool is_open(const char *path)
{
	struct store_segment_reader *segment;
	if (store_segment_reader_open(&segment, path, NULL) != 0)
		return false;
	bool is = !segment->is_closed;
	store_segment_reader_close(segment);
	return is;
}

/* The segment was not rewritten. 0 when others may be. */
static int take_failure(struct packing *packing, const char *path, int error, uint64_t bytes)
{
	struct store_pack_report *report = packing->report;
	switch (error) {
	case STORE_ELOCKED:
		if (is_open(path))
			report->open++;
		else
			report->busy++;
		return 0;
	case -ENOENT: report->busy++; return 0;
	case STORE_EDAMAGE:
	case STORE_EFORMAT:
		report->damaged++;
		report->before_bytes += bytes;
		report->after_bytes += bytes;
		find(packing, path, "is damaged, and was left as it is; \"tapedeck verify\" says where");
		return 0;
	default: return error;
	}
}

static int pack_segment(struct packing *packing, const struct store_log_segment *listed,
			struct wire_fault *fault)
{
	const struct store_repack_options options = {
	    .level = packing->options->level, .packs = true, .stop = packing->options->stop};
	struct store_pack_report *report = packing->report;
	if (options.stop && atomic_load(options.stop))
		return wire_fault_set(fault, -ECANCELED, "interrupted");
	if (store_log_segment_is_stump(listed)) {
		report->open++;
		return 0;
	}
	int64_t saved = store_repack(listed->path, &options);
	if (saved < 0) {
		int error = take_failure(packing, listed->path, (int)saved, listed->bytes);
		return error ? wire_fault_set(fault, error, "%s: cannot pack: %s", listed->path,
					      wire_error_text(error))
			     : 0;
	}
	report->packed += saved > 0;
	report->as_before += saved == 0;
	report->before_bytes += listed->bytes;
	report->after_bytes += listed->bytes - (uint64_t)saved;
	return 0;
}

int store_pack(const char *path, const struct store_pack_options *options, struct store_pack_report *report,
	       store_pack_finding *finding, void *context, struct wire_fault *fault)
{
	struct store_log_segments segments;
	struct packing packing = {
	    .options = options, .report = report, .finding = finding, .context = context};
	*report = (struct store_pack_report){0};
	int error = store_log_list(&segments, path, fault);
	if (error)
		return error;
	for (size_t i = 0; i < segments.count && !error; i++)
		error = pack_segment(&packing, &segments.list[i], fault);
	store_log_segments_fini(&segments);
	return error;
}
