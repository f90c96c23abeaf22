#include "cli/options/nothing_matched.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/near_miss.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"
#include "export/text/clock.h"

/* The sentence that is put together. */
struct reasons {
	char text[700];
	size_t len;
};

static void add(struct reasons *reasons, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct reasons *reasons, const char *format, ...)
{
	size_t left = sizeof(reasons->text) - reasons->len;
	va_list args;

	va_start(args, format);
	int len = vsnprintf(reasons->text + reasons->len, left, format, args);
	va_end(args);
	reasons->len += (size_t)len < left ? (size_t)len : left - 1;
}

/* ---- times ---- */

/* ": the log ends 2026-11-23 14:09:59, before --since, which is 2026-11-27 14:03:00" */
static void add_moment(struct reasons *reasons, const char *what, int64_t ns, const char *option,
		       int64_t option_ns, bool utc)
{
	struct export_clock clock = {.utc = utc};
	char text[EXPORT_TIME_TEXT], option_text[EXPORT_TIME_TEXT];

	export_clock_text(&clock, ns, EXPORT_TIME_SECOND, text);
	export_clock_text(&clock, option_ns, EXPORT_TIME_SECOND, option_text);
	add(reasons, ": %s %s, %s, which is %s", what, text, option, option_text);
}

/* True when the times alone exclude every event. */
static bool add_times(struct reasons *reasons, const struct cli_filters *filters,
		      const struct cli_near_misses *misses)
{
	struct wire_fault fault;
	int64_t ns;

	if (misses->events == 0)
		return false;
	if (filters->until && cli_time_parse(filters->until, cli_now_ns(), filters->utc, &ns, &fault) == 0 &&
	    ns <= misses->first_ns) {
		add_moment(reasons, "the log begins", misses->first_ns, "after --until", ns, filters->utc);
		return true;
	}
	if (misses->is_whole && filters->since &&
	    cli_time_parse(filters->since, cli_now_ns(), filters->utc, &ns, &fault) == 0 &&
	    ns > misses->last_ns) {
		add_moment(reasons, "the log ends", misses->last_ns, "before --since", ns, filters->utc);
		return true;
	}
	return false;
}

/* ---- names ---- */

/* Any of several of a kind may match: when one is there, the others are not the reason. */
static bool is_one_there(const struct cli_near_misses *misses, enum cli_near_kind kind)
{
	for (size_t i = 0; i < misses->len; i++)
		if (misses->list[i].kind == kind && misses->list[i].is_there)
			return true;
	return false;
}

static void add_name(struct reasons *reasons, const struct cli_operands *logs,
		     const struct cli_near_misses *misses, const struct cli_near_miss *miss)
{
	static const char *const kinds[] = {"subject", "client", "header"};
	const char *kind = kinds[miss->kind];

	if (is_one_there(misses, miss->kind))
		return;
	const char *separator = reasons->len > 0 ? ";" : ":";
	if (misses->is_whole && logs->len == 1)
		add(reasons, "%s \"%s\" has no %s \"%s\"", separator, logs->values[0], kind, miss->typed);
	else if (misses->is_whole)
		add(reasons, "%s no log has a %s \"%s\"", separator, kind, miss->typed);
	else if (miss->nearest[0])
		add(reasons, "%s %s \"%s\"", separator, kind, miss->typed);
	if (miss->nearest[0])
		add(reasons, " (did you mean \"%s\"?)", miss->nearest);
}

/* ---- all ---- */

static void note_list(struct cli_near_misses *misses, const struct cli_list *list, enum cli_near_kind kind)
{
	for (size_t i = 0; i < list->len; i++)
		misses->list[misses->len++] = (struct cli_near_miss){.typed = list->values[i], .kind = kind};
}

/* The names that were asked for. False when out of memory. */
static bool list_names(struct cli_near_misses *misses, const struct cli_filters *filters,
		       const struct cli_operands *subjects)
{
	size_t most = filters->subjects.len + filters->clients.len + filters->receivers.len +
		      filters->headers.len + (size_t)subjects->len;

	misses->list = calloc(most + 1, sizeof(*misses->list));
	if (!misses->list)
		return false;
	for (int i = 0; i < subjects->len; i++)
		misses->list[misses->len++] = (struct cli_near_miss){.typed = subjects->values[i]};
	note_list(misses, &filters->subjects, CLI_NEAR_SUBJECT);
	note_list(misses, &filters->clients, CLI_NEAR_CLIENT);
	note_list(misses, &filters->receivers, CLI_NEAR_CLIENT);
	note_list(misses, &filters->headers, CLI_NEAR_HEADER);
	return true;
}

void cli_explain_nothing(const struct cli_command *command, const char *fact, const struct cli_operands *logs,
			 const struct cli_filters *filters, const struct cli_operands *subjects)
{
	struct cli_near_misses misses = {0};
	struct reasons reasons = {0};

	bool can_tell =
	    list_names(&misses, filters, subjects) && (misses.len > 0 || filters->since || filters->until);
	if (can_tell && cli_near_misses_find(&misses, logs) && !add_times(&reasons, filters, &misses))
		for (size_t i = 0; i < misses.len; i++)
			add_name(&reasons, logs, &misses, &misses.list[i]);
	cli_error(command, "%s%s", fact, reasons.text);
	free(misses.list);
}
