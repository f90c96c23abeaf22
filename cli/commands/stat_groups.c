#include "cli/commands/stat_groups.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands/stat_histories.h"
#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/groups_json.h"
#include "cli/output/headline.h"
#include "store/read/log_steps.h"

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
static int read_summary(struct cli_stat_groups *found, struct cli_stat_session *session, const char *path,
			const struct store_filter *filter, struct wire_fault *fault)
{
	const struct store_summary_options options = {.filter = filter,
						      .naming = cli_fold_naming(&session->fold)};
	struct store_summary summary;
	int error = store_summary_read(&summary, path, &options, fault);

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

static int find_down(struct cli_stat_groups *found, const struct trace_grouping *grouping, const char *path,
		     struct wire_fault *fault)
{
	struct store_steps steps = {0};
	struct store_uptime uptime = {0};
	int error = store_log_steps_read(&steps, &uptime, path, fault);

	if (!error)
		found->down_ns =
		    store_uptime_down(&uptime, (struct store_period){grouping->first_ns, grouping->last_ns});
	store_steps_fini(&steps);
	store_uptime_fini(&uptime);
	return error;
}

int cli_stat_groups_open(struct cli_stat_session *session, const char *path,
			 const struct store_filter *filter, struct wire_source **source,
			 struct wire_fault *fault)
{
	const struct cli_capture_options capture = {.filter = filter};
	const struct store_reader_options options = {
	    .filter = filter, .payloads = session->settings->by.key == TRACE_GROUP_HEADER, .steady = true};
	struct store_reader *reader;

	if (cli_log_is_capture(path))
		return cli_inputs_open_capture(source, path, &capture, fault);
	int error = store_reader_open(&reader, path, &options, fault);
	if (error == 0)
		*source = store_reader_source(reader);
	return error;
}

static int read_events(struct cli_stat_groups *found, struct cli_stat_session *session, const char *path,
		       const struct store_filter *filter, struct wire_fault *fault)
{
	struct trace_grouping grouping = {0};
	struct wire_source *source;
	int error = cli_stat_groups_open(session, path, filter, &source, fault);

	if (error)
		return error;
	error = count_source(found, session, source, &grouping, fault);
	if (!error && !cli_log_is_capture(path))
		error = find_down(found, &grouping, path, fault);
	trace_grouping_fini(&grouping);
	source->close(source);
	return error;
}

int cli_stat_groups_read(struct cli_stat_groups *found, struct cli_stat_session *session, const char *path,
			 const struct store_filter *filter, struct wire_fault *fault)
{
	bool is_summary = session->settings->by.key == TRACE_GROUP_SUBJECT && !cli_log_is_capture(path);

	*found = (struct cli_stat_groups){0};
	return is_summary ? read_summary(found, session, path, filter, fault)
			  : read_events(found, session, path, filter, fault);
}

/* ---- printing ---- */

static void put_head(struct cli_row *row, const struct cli_stat_session *session, const char *path,
		     const struct cli_stat_groups *found, const struct cli_groups_words *words)
{
	char note[CLI_SIZE_TEXT] = "";
	const struct wire_steps steps = {0};
	int64_t up_ns = found->span_ns - found->down_ns;

	cli_row_text(row, CLI_BOLD, path);
	cli_row_end(row);
	if (found->events > 0)
		cli_headline_time(row, found->first_ns, found->last_ns, found->span_ns,
				  session->settings->filters.utc, &steps, "rates");
	if (found->down_ns > 0)
		cli_headline(row, CLI_YELLOW, "down", cli_span_text(note, found->down_ns),
			     "of it nothing was logged; left out of rates");
	note[0] = '\0';
	if (up_ns > 0 && found->counted > 0)
		cli_per_time_text(note, (double)found->counted * 1e9 / (double)up_ns);
	cli_headline_count(row, CLI_BOLD, words->counted, found->counted, note);
}

/* What the lines of bars stand for. */
static void put_intervals(struct cli_row *row, const struct cli_stat_session *session,
			  const struct store_intervals *intervals)
{
	struct cli_clock clock = {.utc = session->settings->filters.utc};
	char text[CLI_TIME_TEXT + 3 * CLI_SIZE_TEXT], from[CLI_TIME_TEXT], every[CLI_SIZE_TEXT],
	    count[CLI_SIZE_TEXT];

	cli_clock_text(&clock, intervals->base_ns, CLI_TIME_SECOND, from);
	snprintf(text, sizeof(text), "%s interval%s of %s from %s", cli_count_text(count, intervals->len),
		 cli_plural(intervals->len), cli_span_text(every, intervals->every_ns), from);
	cli_headline(row, CLI_PLAIN, "over time", text, "");
}

static void print_text(struct cli_stat_session *session, const char *path,
		       const struct cli_stat_groups *found, const struct cli_stat_histories *histories)
{
	const struct cli_stat_settings *settings = session->settings;
	const struct cli_groups_words words = cli_stat_words(&settings->by, false);
	const struct cli_groups_scale scale =
	    cli_groups_scale_of(found->counted, found->span_ns - found->down_ns);
	size_t columns = cli_terminal_columns(session->out.fd);
	struct cli_row row = {.out = &session->out,
			      .color =
				  cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
			      .columns = columns ? columns : CLI_ROW_ENDLESS};

	put_head(&row, session, path, found, &words);
	if (histories->list)
		put_intervals(&row, session, &histories->intervals);
	cli_groups_text(&row, &scale, &found->groups, settings->top, &words, histories->list);
}

static void print_json(struct cli_stat_session *session, const char *path,
		       const struct cli_stat_groups *found, const struct cli_stat_histories *histories)
{
	const struct cli_stat_settings *settings = session->settings;
	const struct cli_groups_words words = cli_stat_words(&settings->by, true);
	const struct cli_groups_scale scale =
	    cli_groups_scale_of(found->counted, found->span_ns - found->down_ns);
	struct cli_clock clock = {.utc = true};
	struct cli_json json = {.out = &session->out};

	cli_json_object(&json, NULL);
	cli_json_bytes(&json, "log", wire_slice_str(path));
	if (settings->by.header)
		cli_json_bytes(&json, "key", wire_slice_str(settings->by.header));
	cli_json_number(&json, words.counted, found->counted);
	cli_json_number(&json, "bytes", found->bytes);
	if (found->events > 0) {
		cli_json_time(&json, "first_time", &clock, found->first_ns);
		cli_json_time(&json, "last_time", &clock, found->last_ns);
	}
	cli_json_real(&json, "seconds", (double)found->span_ns / 1e9);
	if (found->down_ns > 0)
		cli_json_real(&json, "down_seconds", (double)found->down_ns / 1e9);
	if (histories->list) {
		cli_json_real(&json, "every_seconds", (double)settings->every_ns / 1e9);
		cli_json_time(&json, "from", &clock, histories->intervals.base_ns);
	}
	cli_groups_json(&json, &scale, &found->groups, settings->top, &words, histories->list);
	cli_json_object_end(&json);
	cli_out_char(&session->out, '\n');
}

static void print(struct cli_stat_session *session, const char *path, const struct cli_stat_groups *found,
		  const struct cli_stat_histories *histories)
{
	if (session->settings->json)
		print_json(session, path, found, histories);
	else
		print_text(session, path, found, histories);
}

int cli_stat_groups(struct cli_stat_session *session, const char *path)
{
	struct cli_stat_groups found;
	struct cli_stat_histories histories = {0};
	struct wire_fault fault;
	int error = cli_stat_groups_read(&found, session, path, session->filter, &fault);

	if (!error && session->settings->every_ns > 0)
		error = cli_stat_histories_read(&histories, session, path, &found.groups, &fault);
	else if (error && found.events > 0) /* a capture that is cut off */
		print(session, path, &found, &histories);
	if (!error)
		print(session, path, &found, &histories);
	cli_stat_histories_fini(&histories);
	cli_stat_groups_fini(&found);
	if (error == -E2BIG)
		return cli_usage_error(session->command, "%s", fault.text);
	if (error)
		return cli_log_error(session->command, &fault);
	return cli_log_report_unread(session->command, path, &found.damage);
}
