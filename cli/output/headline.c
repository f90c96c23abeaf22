#include "cli/output/headline.h"

#include <stdio.h>

#include "export/text/clock.h"
#include "export/text/sizes.h"

enum { VALUE_COLUMN = 16, NOTE_COLUMN = 28 };

void cli_headline(struct cli_row *row, enum cli_color color, const char *name, const char *value,
		  const char *note)
{
	cli_row_fill(row, 2);
	cli_row_text(row, CLI_DIM, name);
	cli_row_fill(row, VALUE_COLUMN);
	cli_row_text(row, color, value);
	if (note[0]) {
		cli_row_fill(row, NOTE_COLUMN);
		cli_row_text(row, CLI_PLAIN, note);
	}
	cli_row_end(row);
}

void cli_headline_count(struct cli_row *row, enum cli_color color, const char *name, uint64_t count,
			const char *note)
{
	char value[EXPORT_SIZE_TEXT];

	cli_headline(row, count > 0 ? color : CLI_PLAIN, name, export_count_text(value, count), note);
}

void cli_headline_time(struct cli_row *row, int64_t first_ns, int64_t last_ns, int64_t span_ns, bool utc,
		       const struct wire_steps *steps, const char *left_out_of)
{
	struct export_clock clock = {.utc = utc};
	char text[200], first[EXPORT_TIME_TEXT], last[EXPORT_TIME_TEXT], span[EXPORT_SIZE_TEXT],
	    set[EXPORT_STEPS_TEXT];

	export_clock_text(&clock, first_ns, EXPORT_TIME_SECOND, first);
	export_clock_text(&clock, last_ns, EXPORT_TIME_SECOND, last);
	if (first_ns == last_ns)
		snprintf(text, sizeof(text), "%s", first);
	else
		snprintf(text, sizeof(text), "%s to %s, %s", first, last, export_span_text(span, span_ns));
	cli_headline(row, CLI_PLAIN, "time", text, "");
	if (steps->count == 0)
		return;
	snprintf(text, sizeof(text), "%s, left out of %s", export_steps_text(set, steps), left_out_of);
	cli_headline(row, CLI_YELLOW, "clock", text, "");
}

void cli_headline_down(struct cli_row *row, int64_t down_ns)
{
	char text[EXPORT_SIZE_TEXT];

	if (down_ns > 0)
		cli_headline(row, CLI_YELLOW, "down", export_span_text(text, down_ns),
			     "of it nothing was logged; left out of rates");
}

void cli_headline_more(struct cli_row *row, uint64_t more)
{
	char text[EXPORT_SIZE_TEXT];

	if (more == 0)
		return;
	cli_row_format(row, CLI_DIM, "  and %s more (-n N)", export_count_text(text, more));
	cli_row_end(row);
}
