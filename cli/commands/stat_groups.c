#include "cli/commands/stat_groups.h"

#include <errno.h>

#include "cli/commands/stat_input.h"
#include "store/read/steps.h"

/* By enum trace_group_key. */
static const struct {
	const char *word, *noun, *json;
} keys[TRACE_GROUP_KEYS] = {
    {"subject", "subject", "subject"}, {"client", "client", "client"},
    {"conn", "connection", "conn"},    {"receiver", "receiver", "receiver"},
    {"queue", "queue group", "queue"}, {"header", "value", "value"},
    {"kind", "kind", "kind"},          {"size", "size", "size"},
};

int cli_stat_key_parse(void *member, const char *argument, struct wire_fault *fault)
{
	struct cli_stat_key *key = member;

	*key = (struct cli_stat_key){.is_given = true};
	if (strncmp(argument, "header:", 7) == 0 && argument[7]) {
		key->key = TRACE_GROUP_HEADER;
		key->header = argument + 7;
		return 0;
	}
	for (int i = 0; i < TRACE_GROUP_KEYS; i++) {
		if (i == TRACE_GROUP_HEADER || strcmp(argument, keys[i].word) != 0)
			continue;
		key->key = (enum trace_group_key)i;
		return 0;
	}
	return wire_fault_set(fault, -EINVAL,
			      "is none of subject, client, conn, receiver, queue, header:KEY, kind, size");
}

struct cli_groups_words cli_stat_words(const struct cli_stat_key *key, bool json)
{
	return (struct cli_groups_words){.counted = key->key == TRACE_GROUP_KIND ? "events" : "messages",
					 .noun = json ? keys[key->key].json : keys[key->key].noun,
					 .more = " (--top N)"};
}

void cli_stat_groups_fini(struct cli_stat_groups *found)
{
	store_groups_fini(&found->groups);
}

/* ---- reading ---- */

/* Of a log by subject. */
static int read_summary(struct cli_stat_groups *found, struct cli_stat_session *session,
			const struct cli_stat_input *input, const struct store_filter *filter,
			struct wire_fault *fault)
{
	const struct store_summary_options options = {.filter = filter,
						      .naming = cli_fold_naming(&session->fold),
						      .progress = &session->screen.progress.base};
	struct store_summary summary;
	int error = store_summary_read(&summary, cli_stat_input_path(input), &options, fault);

	if (error)
		return error;
	*found = (struct cli_stat_groups){
	    .groups = summary.subjects,
	    .events = summary.events,
	    .counted = summary.messages,
	    .bytes = summary.bytes,
	    .first_ns = summary.first_time_ns,
	    .last_ns = summary.last_time_ns,
	    .span_ns = summary.span_ns,
	    .down_ns = summary.down_ns,
	    .damage = {.places = summary.damaged_blocks, .deleted_places = summary.deleted_places}};
	summary.subjects = (struct store_groups){0};
	store_summary_fini(&summary);
	return 0;
}

static int add_all(struct trace_grouping *grouping, struct wire_source *source, struct wire_fault *fault)
{
	struct wire_event event;
	int status;

	while ((status = source->next(source, &event, fault)) > 0)
		if (trace_grouping_add(grouping, &event) != 0)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	return status;
}

/* Moves the groups. */
static void take(struct cli_stat_groups *found, struct trace_grouping *grouping)
{
	trace_grouping_end(grouping);
	found->groups = grouping->groups;
	grouping->groups = (struct store_groups){0};
	found->events = grouping->events;
	found->counted = grouping->counted;
	found->bytes = grouping->bytes;
	found->first_ns = grouping->first_time_ns;
	found->last_ns = grouping->last_time_ns;
	found->span_ns = store_time_minus(grouping->last_ns, grouping->first_ns);
}

static int count_source(struct cli_stat_groups *found, struct cli_stat_session *session,
			struct wire_source *source, struct trace_grouping *grouping, struct wire_fault *fault)
{
	const struct cli_stat_key *by = &session->settings->by;
	const struct trace_grouping_options options = {
	    .key = by->key, .header = by->header, .fold = &session->fold.fold};
	int error = trace_grouping_init(grouping, source, &options);

	if (error)
		return wire_fault_set(fault, error, "out of memory");
	error = add_all(grouping, source, fault);
	source->damage(source, &found->damage);
	take(found, grouping);
	return error;
}

static int find_down(struct cli_stat_groups *found, const struct trace_grouping *grouping,
		     const struct cli_stat_input *input, struct wire_fault *fault)
{
	struct store_uptime uptime;
	int error = cli_stat_input_uptime(input, &uptime, fault);

	if (!error)
		found->down_ns =
		    store_uptime_down(&uptime, (struct store_period){grouping->first_ns, grouping->last_ns});
	store_uptime_fini(&uptime);
	return error;
}

static int read_events(struct cli_stat_groups *found, struct cli_stat_session *session,
		       const struct cli_stat_input *input, const struct store_filter *filter,
		       struct wire_fault *fault)
{
	struct trace_grouping grouping = {0};
	struct wire_source *source;
	int error = cli_stat_input_read(session, input, filter, &source, fault);

	if (error)
		return error;
	error = count_source(found, session, source, &grouping, fault);
	if (!error && !cli_stat_input_is_capture(input))
		error = find_down(found, &grouping, input, fault);
	trace_grouping_fini(&grouping);
	cli_stat_input_end(session, input, source);
	return error;
}

int cli_stat_groups_read(struct cli_stat_groups *found, struct cli_stat_session *session,
			 const struct cli_stat_input *input, const struct store_filter *filter,
			 struct wire_fault *fault)
{
	bool is_summary = session->settings->by.key == TRACE_GROUP_SUBJECT &&
			  !cli_stat_input_is_cluster(input) && !cli_stat_input_is_capture(input);

	*found = (struct cli_stat_groups){0};
	return is_summary ? read_summary(found, session, input, filter, fault)
			  : read_events(found, session, input, filter, fault);
}
