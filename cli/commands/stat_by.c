#include "cli/commands/stat_by.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/commands/stat_groups.h"
#include "cli/commands/stat_histories.h"
#include "cli/commands/stat_input.h"
#include "cli/options/logs.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/groups_json.h"
#include "cli/output/headline.h"
#include "export/text/clock.h"

static void put_head(struct cli_row *row, const struct cli_stat_session *session, const char *path,
		     const struct cli_stat_groups *found, const struct cli_groups_words *words)
{
	char note[EXPORT_SIZE_TEXT] = "";
	const struct wire_steps steps = {0};
	int64_t up_ns = found->span_ns - found->down_ns;

	cli_row_text(row, CLI_BOLD, path);
	cli_row_end(row);
	if (found->events > 0)
		cli_headline_time(row, found->first_ns, found->last_ns, found->span_ns,
				  session->settings->filters.utc, &steps, "rates");
	if (found->down_ns > 0)
		cli_headline(row, CLI_YELLOW, "down", export_span_text(note, found->down_ns),
			     "of it nothing was logged; left out of rates");
	note[0] = '\0';
	if (up_ns > 0 && found->counted > 0)
		export_per_time_text(note, (double)found->counted * 1e9 / (double)up_ns);
	cli_headline_count(row, CLI_BOLD, words->counted, found->counted, note);
}

/* Print which intervals the lines of bars show. */
static void put_intervals(struct cli_row *row, const struct cli_stat_session *session,
			  const struct store_intervals *intervals)
{
	struct export_clock clock = {.utc = session->settings->filters.utc};
	char text[EXPORT_TIME_TEXT + 3 * EXPORT_SIZE_TEXT], from[EXPORT_TIME_TEXT], every[EXPORT_SIZE_TEXT],
	    count[EXPORT_SIZE_TEXT];

	export_clock_text(&clock, intervals->base_ns, EXPORT_TIME_SECOND, from);
	snprintf(text, sizeof(text), "%s interval%s of %s from %s", export_count_text(count, intervals->len),
		 export_plural(intervals->len), export_span_text(every, intervals->every_ns), from);
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
	struct export_clock clock = {.utc = true};
	struct export_json json = {.out = &session->out};

	export_json_object(&json, NULL);
	export_json_bytes(&json, "log", wire_slice_str(path));
	if (settings->by.header)
		export_json_bytes(&json, "key", wire_slice_str(settings->by.header));
	export_json_number(&json, words.counted, found->counted);
	export_json_number(&json, "bytes", found->bytes);
	if (found->events > 0) {
		export_json_time(&json, "first_time", &clock, found->first_ns);
		export_json_time(&json, "last_time", &clock, found->last_ns);
	}
	export_json_real(&json, "seconds", (double)found->span_ns / 1e9);
	export_json_down(&json, found->down_ns);
	if (histories->list) {
		export_json_real(&json, "every_seconds", (double)settings->every_ns / 1e9);
		export_json_time(&json, "from", &clock, histories->intervals.base_ns);
	}
	cli_groups_json(&json, &scale, &found->groups, settings->top, &words, histories->list);
	export_json_object_end(&json);
	export_out_char(&session->out, '\n');
}

static void print(struct cli_stat_session *session, const char *path, const struct cli_stat_groups *found,
		  const struct cli_stat_histories *histories)
{
	if (session->settings->json)
		print_json(session, path, found, histories);
	else
		print_text(session, path, found, histories);
}

int cli_stat_by(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	struct cli_stat_groups found;
	struct cli_stat_histories histories = {0};
	struct wire_fault fault;
	int error = cli_stat_groups_read(&found, session, input, session->filter, &fault);

	session->matched = found.events;
	if (!error && session->settings->every_ns > 0)
		error = cli_stat_histories_read(&histories, session, input, &found.groups, &fault);
	else if (error && found.events > 0) /* a capture that is cut off */
		print(session, input->name, &found, &histories);
	if (!error)
		print(session, input->name, &found, &histories);
	cli_stat_histories_fini(&histories);
	cli_stat_groups_fini(&found);
	if (error == -E2BIG)
		return cli_usage_error(session->command, "%s", fault.text);
	if (error)
		return cli_log_error(session->command, &fault);
	return cli_log_report_unread(session->command, cli_stat_input_path(input), &found.damage);
}
