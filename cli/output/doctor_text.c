#include "cli/output/doctor_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export/text/clock.h"
#include "export/text/sizes.h"

enum { INDENT = 2, LIST_COLUMN = 20 };

static const enum cli_color colors[TRACE_SEVERITIES] = {CLI_RED, CLI_YELLOW, CLI_CYAN};

/* Print text word by word, each line after `indent` spaces; the first line has `used` columns already. */
static void put_wrapped(const struct cli_doctor_text *text, struct wire_slice words, size_t indent,
			size_t used)
{
	const char *at = words.data, *end = words.data + words.len;
	bool is_first = true;
	while (at < end) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		struct wire_slice word = wire_slice(at, (size_t)((blank ? blank : end) - at));
		size_t columns = export_escape_columns(word, CLI_ROW_ENDLESS);
		if (!is_first && used + 1 + columns > text->columns) {
			export_out_char(text->out, '\n');
			export_out_spaces(text->out, indent);
			used = indent;
		} else if (!is_first) {
			export_out_char(text->out, ' ');
			used++;
		}
		export_escape_put(text->out, word, EXPORT_UNCLIPPED);
		used += columns;
		is_first = false;
		at = blank ? blank + 1 : end;
	}
	export_out_char(text->out, '\n');
}

static void put_indented(const struct cli_doctor_text *text, const char *mark, const char *words)
{
	size_t columns = export_escape_columns(wire_slice_str(mark), CLI_ROW_ENDLESS);
	export_out_spaces(text->out, INDENT);
	export_out_text(text->out, mark);
	put_wrapped(text, wire_slice_str(words), INDENT + columns, INDENT + columns);
}

/* "from 2026-11-23 14:05:01 to 2026-11-23 14:05:07" */
static void put_when(const struct cli_doctor_text *text, const struct trace_finding *finding)
{
	struct export_clock clock = {.utc = text->utc};
	char line[200], from[EXPORT_TIME_TEXT], to[EXPORT_TIME_TEXT];
	if (finding->from_ns == 0 && finding->to_ns == 0)
		return;
	export_clock_text(&clock, finding->from_ns, EXPORT_TIME_SECOND, from);
	export_clock_text(&clock, finding->to_ns, EXPORT_TIME_SECOND, to);
	if (strcmp(from, to) == 0)
		snprintf(line, sizeof line, "at %s", from);
	else
		snprintf(line, sizeof line, "from %s to %s", from, to);
	cli_color_put(text->out, text->color, CLI_DIM);
	put_indented(text, "", line);
	cli_color_put(text->out, text->color, CLI_PLAIN);
}

/* "seq 3, 17, b:4 and 12 more" */
static void put_evidence(const struct cli_doctor_text *text, const struct trace_evidence *evidence)
{
	char line[1000], more[EXPORT_SIZE_TEXT];
	size_t len = 0;
	for (uint32_t i = 0; i < evidence->len && len < sizeof line / 2; i++) {
		bool is_named = text->logs_len > 1 && evidence->origins[i] < text->logs_len;
		len += (size_t)snprintf(line + len, sizeof line - len, "%s%.60s%s%" PRIu64, i > 0 ? ", " : "",
					is_named ? text->logs[evidence->origins[i]] : "", is_named ? ":" : "",
					evidence->seqs[i]);
	}
	if (evidence->count > evidence->len)
		snprintf(line + len, sizeof line - len, " and %s more",
			 export_count_text(more, evidence->count - evidence->len));
	if (evidence->len == 0)
		return;
	cli_color_put(text->out, text->color, CLI_DIM);
	put_indented(text, "seq ", line);
	cli_color_put(text->out, text->color, CLI_PLAIN);
}

static void put_finding(const struct cli_doctor_text *text, const struct trace_finding *finding)
{
	export_out_char(text->out, '\n');
	cli_color_put(text->out, text->color, colors[finding->severity]);
	export_out_text(text->out, trace_severity_name(finding->severity));
	cli_color_put(text->out, text->color, CLI_PLAIN);
	export_out_text(text->out, ": ");
	cli_color_put(text->out, text->color, CLI_BOLD);
	export_out_text(text->out, finding->check);
	cli_color_put(text->out, text->color, CLI_PLAIN);
	export_out_char(text->out, '\n');
	put_indented(text, "", finding->text);
	put_indented(text, "→ ", finding->remedy);
	put_when(text, finding);
	put_evidence(text, &finding->evidence);
}

static void put_scope(const struct cli_doctor_text *text, const struct trace_doctor_scope *scope)
{
	if (scope->events == 0) {
		export_out_format(text->out, "looked at nothing: the input holds no event%s\n",
				  text->is_filtered ? " that the filter passes" : "");
		return;
	}
	char line[300], messages[EXPORT_SIZE_TEXT], subjects[EXPORT_SIZE_TEXT], clients[EXPORT_SIZE_TEXT],
	    span[EXPORT_SIZE_TEXT];
	snprintf(line, sizeof line, "%s message%s on %s subject%s, %s connection%s, %s",
		 export_count_text(messages, scope->messages), export_plural(scope->messages),
		 export_count_text(subjects, scope->subjects), export_plural(scope->subjects),
		 export_count_text(clients, scope->clients), export_plural(scope->clients),
		 export_span_text(span, scope->span_ns));
	put_wrapped(text, wire_slice_str(line), 0, 0);
}

static void put_left_out(const struct cli_doctor_text *text, const struct trace_doctor *doctor)
{
	struct trace_doctor_left_out left_out;
	char line[200], count[EXPORT_SIZE_TEXT];
	for (size_t i = 0; trace_doctor_left_out(doctor, i, &left_out); i++) {
		if (left_out.count == 0)
			continue;
		snprintf(line, sizeof line, "no room for %s %s (--memory)",
			 export_count_text(count, left_out.count), left_out.what);
		put_wrapped(text, wire_slice_str(line), INDENT, 0);
	}
}

void cli_doctor_text(const struct cli_doctor_text *text, const struct trace_doctor *doctor,
		     const struct trace_findings *findings, size_t checks)
{
	uint64_t counts[TRACE_SEVERITIES] = {0};
	struct trace_doctor_scope scope;
	trace_doctor_scope(doctor, &scope);
	put_scope(text, &scope);
	if (scope.events == 0 && findings->len == 0)
		return;
	for (size_t i = 0; i < findings->len; i++) {
		put_finding(text, &findings->list[i]);
		counts[findings->list[i].severity]++;
	}
	export_out_format(text->out,
			  "%s%zu check%s: %" PRIu64 " critical, %" PRIu64 " warning%s, %" PRIu64 " note%s\n",
			  findings->len > 0 ? "\n" : "", checks, export_plural(checks),
			  counts[TRACE_CRITICAL], counts[TRACE_WARNING], export_plural(counts[TRACE_WARNING]),
			  counts[TRACE_NOTE], export_plural(counts[TRACE_NOTE]));
	if (findings->is_short_of_memory)
		export_out_text(text->out, "memory was short: there may be more\n");
	put_left_out(text, doctor);
}

void cli_doctor_text_list(const struct cli_doctor_text *text)
{
	struct trace_doctor_check check;
	for (size_t i = 0; trace_doctor_list(i, &check); i++) {
		export_out_text(text->out, check.name);
		export_out_spaces(text->out, LIST_COLUMN - strlen(check.name));
		put_wrapped(text, wire_slice_str(check.finds), LIST_COLUMN, LIST_COLUMN);
	}
}
