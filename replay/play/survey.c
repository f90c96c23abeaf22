#include "replay/play/survey.h"

#include <errno.h>
#include <stdlib.h>

#include "replay/verify/names.h"

struct reading {
	struct replay_survey *survey;
	const struct replay_survey_options *options;
	struct wire_source *source;
	struct replay_schedule schedule;
	uint32_t subjects_cap;
};

void replay_survey_fini(struct replay_survey *survey)
{
	replay_roster_fini(&survey->roster);
	if (survey->names)
		replay__names_fini(survey->names);
	free(survey->names);
	free(survey->subjects);
	*survey = (struct replay_survey){0};
}

static bool reserve(struct reading *reading)
{
	struct replay_survey *survey = reading->survey;

	if (survey->subjects_len < reading->subjects_cap)
		return true;
	uint32_t cap = reading->subjects_cap ? 2 * reading->subjects_cap : 64;
	struct replay_survey_subject *grown = realloc(survey->subjects, cap * sizeof *grown);
	if (!grown)
		return false;
	survey->subjects = grown;
	reading->subjects_cap = cap;
	return true;
}

static int count_subject(struct reading *reading, const struct wire_event *event)
{
	struct replay_survey *survey = reading->survey;

	if (!reserve(reading))
		return -ENOMEM;
	uint32_t number =
	    replay__names_number(survey->names, replay_map_apply(reading->options->map, event->subject, 1),
				 REPLAY_SURVEY_SUBJECTS);
	if (number == REPLAY__NO_NAME) {
		survey->other_subjects_messages++;
		return 0;
	}
	if (number == survey->subjects_len)
		survey->subjects[survey->subjects_len++] =
		    (struct replay_survey_subject){.subject = survey->names->list[number]};
	survey->subjects[number].messages++;
	survey->subjects[number].bytes += event->size + event->headers.len;
	return 0;
}

static void count_time(struct reading *reading, const struct wire_event *event)
{
	struct replay_survey *survey = reading->survey;
	int64_t due_ns =
	    replay_schedule_next(&reading->schedule, event->steady_ns, event->size + event->headers.len);

	if (survey->messages == 0)
		survey->first_ns = event->time_ns;
	survey->last_ns = event->time_ns;
	survey->span_ns = replay_schedule_is_timed(&reading->schedule) ? due_ns : 0;
}

static int count_played(struct reading *reading, const struct wire_event *event,
			const struct wire_client *client)
{
	struct replay_survey *survey = reading->survey;
	const struct replay_survey_options *options = reading->options;

	count_time(reading, event);
	survey->messages++;
	survey->bytes += event->size + event->headers.len;
	survey->requests += replay_is_inbox(event->reply, options->inbox_prefix);
	int error = replay_roster_add(&survey->roster, event->conn, client);
	if (error == -E2BIG) {
		survey->roster_is_full = true;
		error = 0;
	}
	return error ? error : count_subject(reading, event);
}

static int take_message(struct reading *reading, const struct wire_event *event)
{
	const struct replay_survey_options *options = reading->options;
	struct replay_feed_counts *read = &reading->survey->read;
	const struct wire_client *client = reading->source->client(reading->source, event->conn);

	if (!replay_select_wants(options->select, event, client))
		return 0;
	if (read->messages++ == 0)
		replay_schedule_init(&reading->schedule, options->plan,
				     options->origin_ns != INT64_MIN ? options->origin_ns : event->steady_ns,
				     0);
	enum replay_omission omission = options->ask && replay_is_inbox(event->subject, options->inbox_prefix)
					    ? REPLAY_OMIT_REPLY
					    : replay_select_judge(options->select, event, client);
	if (omission == REPLAY_PLAYED)
		return count_played(reading, event, client);
	read->omitted[omission]++;
	return 0;
}

static int take_event(struct reading *reading, const struct wire_event *event)
{
	struct replay_feed_counts *read = &reading->survey->read;

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

static int compare(const void *a, const void *b)
{
	const struct replay_survey_subject *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return strcmp(x->subject, y->subject);
}

int replay_survey_read(struct replay_survey *survey, const struct replay_survey_options *options,
		       struct wire_fault *fault)
{
	struct reading reading = {.survey = survey, .options = options};

	*survey = (struct replay_survey){.names = calloc(1, sizeof *survey->names)};
	if (!survey->names)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int status = options->input.open(options->input.context, INT64_MIN, &reading.source, fault);
	if (status < 0)
		return status;
	status = read_all(&reading, fault);
	reading.source->damage(reading.source, &survey->read.damage);
	if (reading.source->steps)
		reading.source->steps(reading.source, &survey->read.steps);
	reading.source->close(reading.source);
	if (survey->subjects_len > 0)
		qsort(survey->subjects, survey->subjects_len, sizeof *survey->subjects, compare);
	return status;
}
