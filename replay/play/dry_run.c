#include "replay/play/dry_run.h"

#include <errno.h>

#include "trace/fold.h"

struct reading {
	struct replay_dry_run *dry_run;
	const struct replay_dry_run_options *options;
	struct wire_source *source;
	struct replay_schedule schedule;
	struct trace_fold fold;
};

void replay_dry_run_fini(struct replay_dry_run *dry_run)
{
	replay_publishers_fini(&dry_run->publishers);
	store_groups_fini(&dry_run->subjects);
	*dry_run = (struct replay_dry_run){0};
}

static int count_subject(struct reading *reading, const struct wire_event *event)
{
	struct wire_slice subject = replay_map_apply(reading->options->map, event->subject, 1);

	return store_groups_add(&reading->dry_run->subjects, trace_fold(&reading->fold, subject), 1,
				event->size + event->headers.len);
}

static void count_time(struct reading *reading, const struct wire_event *event)
{
	struct replay_dry_run *dry_run = reading->dry_run;
	int64_t due_ns =
	    replay_schedule_next(&reading->schedule, event->steady_ns, event->size + event->headers.len);

	if (dry_run->messages == 0)
		dry_run->first_ns = event->time_ns;
	dry_run->last_ns = event->time_ns;
	dry_run->span_ns = replay_schedule_is_timed(&reading->schedule) ? due_ns : 0;
}

static int count_played(struct reading *reading, const struct wire_event *event,
			const struct wire_client *client)
{
	struct replay_dry_run *dry_run = reading->dry_run;
	const struct replay_dry_run_options *options = reading->options;

	count_time(reading, event);
	dry_run->messages++;
	dry_run->bytes += event->size + event->headers.len;
	dry_run->requests += trace_is_inbox(&options->inboxes, event->reply);
	int error = replay_publishers_add(&dry_run->publishers,
					  wire_source_conn(reading->source, event->conn), client);
	if (error == -E2BIG) {
		dry_run->has_too_many_publishers = true;
		error = 0;
	}
	return error ? error : count_subject(reading, event);
}

static int take_message(struct reading *reading, const struct wire_event *event)
{
	const struct replay_dry_run_options *options = reading->options;
	struct replay_feed_counts *read = &reading->dry_run->read;
	const struct wire_client *client = reading->source->client(reading->source, event->conn);

	if (!replay_select_wants(options->select, event, reading->source))
		return 0;
	if (read->messages++ == 0)
		replay_schedule_init(&reading->schedule, options->plan,
				     options->origin_ns != INT64_MIN ? options->origin_ns : event->steady_ns,
				     0);
	enum replay_omission omission =
	    options->live_requests && trace_is_inbox(&options->inboxes, event->subject)
		? REPLAY_OMIT_REPLY
		: replay_select_judge(options->select, event, client);
	if (omission == REPLAY_PLAYED)
		return count_played(reading, event, client);
	read->omitted[omission]++;
	return 0;
}

static int take_event(struct reading *reading, const struct wire_event *event)
{
	struct replay_feed_counts *read = &reading->dry_run->read;

	if (event->kind == WIRE_EVENT_MESSAGE)
		return take_message(reading, event);
	if (event->kind == WIRE_EVENT_GAP) {
		read->gaps++;
		read->gap_messages += event->lost_messages;
	}
	return 0;
}

static int read_all(struct reading *reading, struct wire_fault *fault)
{
	struct wire_event event;
	int status;

	while ((status = reading->source->next(reading->source, &event, fault)) > 0) {
		int error = take_event(reading, &event);
		if (error)
			return wire_fault_set(fault, error, "out of memory");
	}
	return status;
}

int replay_dry_run_read(struct replay_dry_run *dry_run, const struct replay_dry_run_options *options,
			struct wire_fault *fault)
{
	struct reading reading = {
	    .dry_run = dry_run,
	    .options = options,
	    .fold = {.inboxes = &options->inboxes, .keeps_inboxes = options->keeps_inboxes}};

	*dry_run = (struct replay_dry_run){0};
	int status = options->input.open(options->input.context, INT64_MIN, &reading.source, fault);
	if (status < 0)
		return status;
	status = read_all(&reading, fault);
	reading.source->damage(reading.source, &dry_run->read.damage);
	if (reading.source->steps)
		reading.source->steps(reading.source, &dry_run->read.steps);
	replay_input_close(&options->input, reading.source);
	store_groups_sort(&dry_run->subjects);
	return status;
}
