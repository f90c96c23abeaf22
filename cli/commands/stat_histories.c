#include "cli/commands/stat_histories.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/commands/stat_every.h"
#include "cli/commands/stat_input.h"
#include "export/text/sizes.h"

/* Rows times intervals: 128 MB. */
enum { COUNTS_MAX = 1 << 24 };

struct reading {
	struct cli_stat_histories *histories;
	struct store_groups shown; /* the rows that are shown, in their order */
};

void cli_stat_histories_fini(struct cli_stat_histories *histories)
{
	for (size_t i = 0; i < histories->len; i++)
		free(histories->list[i].counts);
	free(histories->list);
	store_intervals_fini(&histories->intervals);
	*histories = (struct cli_stat_histories){0};
}

/* Make room in all histories for so many intervals; those that are new are 0. 0 or -ENOMEM. */
static int reserve(struct cli_stat_histories *histories, size_t cap)
{
	for (size_t i = 0; i < histories->len; i++) {
		struct cli_groups_history *history = &histories->list[i];
		double *counts = realloc(history->counts, cap * sizeof *counts);
		if (!counts)
			return -ENOMEM;
		for (size_t j = histories->cap; j < cap; j++)
			counts[j] = 0;
		history->counts = counts;
	}
	histories->cap = cap;
	return 0;
}

/* Make all histories as long as the list of intervals. 0, -ENOMEM or -E2BIG. Hot: once for every event. */
static int lengthen(struct cli_stat_histories *histories)
{
	size_t len = histories->intervals.len, most = COUNTS_MAX / (histories->len + 1);

	if (len <= histories->cap)
		return 0;
	if (len > most)
		return -E2BIG;
	return reserve(histories, len * 2 < most ? len * 2 : most);
}

/* The histories end with the list of intervals. */
static void end(struct cli_stat_histories *histories)
{
	for (size_t i = 0; i < histories->len; i++)
		histories->list[i].len = histories->intervals.len;
}

/* As counted of struct trace_grouping_options. */
static int count(void *context, struct wire_slice name, const struct wire_event *event)
{
	struct reading *reading = context;
	const struct store_group *row = store_groups_find(&reading->shown, name);

	if (row)
		reading->histories->list[row - reading->shown.list]
		    .counts[store_intervals_number(&reading->histories->intervals, event->steady_ns)]++;
	return 0;
}

static int add_event(struct reading *reading, struct trace_grouping *grouping, const struct wire_event *event)
{
	int error = store_intervals_add(&reading->histories->intervals, event);

	error = error ? error : lengthen(reading->histories);
	return error ? error : trace_grouping_add(grouping, event);
}

static int add_all(struct reading *reading, struct trace_grouping *grouping, struct wire_source *source,
		   struct wire_fault *fault)
{
	struct wire_event event;
	char most[EXPORT_SIZE_TEXT];
	int status = 0, error = 0;

	while (!error && (status = source->next(source, &event, fault)) > 0)
		error = add_event(reading, grouping, &event);
	if (error == -E2BIG)
		return wire_fault_set(
		    fault, error,
		    "--every would give more than %s intervals; choose a longer one, or less time "
		    "with --since and --until",
		    export_count_text(most, STORE_INTERVALS_MAX));
	return error ? wire_fault_set(fault, error, "out of memory") : status;
}

static int read_source(struct reading *reading, struct cli_stat_session *session, struct wire_source *source,
		       struct wire_fault *fault)
{
	const struct cli_stat_key *by = &session->settings->by;
	const struct trace_grouping_options options = {.key = by->key,
						       .header = by->header,
						       .fold = &session->fold.fold,
						       .counted = count,
						       .context = reading};
	struct trace_grouping grouping = {0};
	int error = trace_grouping_init(&grouping, source, &options);

	error = error ? wire_fault_set(fault, error, "out of memory")
		      : add_all(reading, &grouping, source, fault);
	trace_grouping_fini(&grouping);
	return error;
}

/* Prepare an empty history for each row that is shown. 0 or -ENOMEM. */
static int choose_rows(struct reading *reading, const struct store_groups *groups, uint64_t top)
{
	struct cli_stat_histories *histories = reading->histories;
	size_t len = groups->len < top ? groups->len : (size_t)top;
	int error = 0;

	histories->list = calloc(len + 1, sizeof *histories->list);
	if (!histories->list)
		return -ENOMEM;
	histories->len = len;
	for (size_t i = 0; i < len && !error; i++)
		error = store_groups_add(&reading->shown, groups->list[i].name, 0, 0);
	return error;
}

int cli_stat_histories_read(struct cli_stat_histories *histories, struct cli_stat_session *session,
			    const struct cli_stat_input *input, const struct store_groups *groups,
			    struct wire_fault *fault)
{
	struct reading reading = {.histories = histories};
	struct wire_source *source;

	cli_stat_every_init(&histories->intervals, session);
	int error = choose_rows(&reading, groups, session->settings->top);
	if (error)
		wire_fault_set(fault, error, "out of memory");
	else
		error = cli_stat_input_read(session, input, session->filter, &source, fault);
	if (!error) {
		error = read_source(&reading, session, source, fault);
		if (!error)
			end(histories);
		cli_stat_input_end(session, input, source);
	}
	store_groups_fini(&reading.shown);
	return error;
}
